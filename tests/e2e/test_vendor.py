"""The vendor's own SDK as a client of the stand-in: what it can't read there, the API does not send either."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import NOW, FakeApi, Organisation, organisation, sample_organisation
from tests.fake_api.answers import hidden_in
from tests.fake_api.facts import ENDPOINTS, Endpoint, resolve
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Json

from .environments import NoPython, loader_command
from .loaders import VENDOR

INCIDENTS = 40
SECONDS = 300
PARAMS: Mapping[str, Json] = {
    "/v2/on_call_notification_pauses": {"from": "2020-01-01T00:00:00Z"},
    "/v2/status_pages/{status_page_id}/components/{component_id}/availability": {
        "start_at": (NOW - timedelta(days=7)).isoformat(),
        "end_at": NOW.isoformat(),
    },
}
"""Parameters that name no parent, where there are no rows without them."""
NEWER = ("custom_aliases: not in the SDK", "upwind", "investigation_heads_up")
"""What the API has and version 2.29.0 of the SDK has not, like the list that is left out here."""
READ = tuple(endpoint for endpoint in ENDPOINTS if endpoint.path != "/v2/alert_attachments")
SCRIPT = "tests.e2e.scripts.read_with_vendor"


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python of the environment that has the SDK."""
    try:
        return loader_command(VENDOR)
    except NoPython as reason:
        pytest.skip(str(reason))


def call(endpoint: Endpoint, params: Mapping[str, Any]) -> Json:
    """One list for the script to read."""
    cursor = endpoint.paging.get("cursor", "")
    given = {**PARAMS.get(endpoint.path, {}), **params}
    return {"path": endpoint.path, "params": given, "cursor": cursor, "answer_key": endpoint.answer_key}


def lists(org: Organisation) -> Iterator[Json]:
    """Every list of the stand-in: those of a parent once for each parent that has rows."""
    for endpoint in READ:
        found = {
            tuple((name, row[parent.kept_as]) for name, parent in endpoint.parents.items() if row.get(parent.kept_as))
            for row in org.rows[endpoint.path]
        }
        yield from (call(endpoint, dict(params)) for params in sorted(found or {()}))


def read(python: Path, api: FakeApi, calls: Iterable[Json], key: str = KEY) -> list[Json]:
    """What the SDK made of each call."""
    asked = json.dumps({"url": api.url, "key": key, "calls": list(calls)})
    done = subprocess.run(
        [str(python), "-m", SCRIPT],
        input=asked,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[Json] = json.loads(done.stdout)
    return found


def problems(found: Iterable[Json]) -> list[str]:
    """What the SDK could not read, each once."""
    lines = {f"{one['path']}: {problem}" for one in found for problem in one["problems"]}
    return sorted(line for line in lines if not any(name in line for name in NEWER))


def mended(value: Any, schema_of: Json) -> Any:
    """A value without what only a broken server sends: nulls, empty times, and what the document doesn't have."""
    schema_of = resolve(schema_of)
    if isinstance(value, list):
        return [mended(part, schema_of["items"]) for part in value]
    if isinstance(value, dict):
        every: Json = schema_of.get("additionalProperties", {})
        parts: Mapping[str, Json] = schema_of.get("properties") or dict.fromkeys(value, every)
        return {
            name: mended(part, parts[name]) for name, part in value.items() if name in parts and sane(part, parts[name])
        }
    return value if value in schema_of.get("enum", (value,)) else schema_of["enum"][0]


def sane(value: Any, schema_of: Json) -> bool:
    """Whether a property is there at all."""
    return value is not None and not (value == "" and schema_of.get("format") == "date-time")


def awkward() -> Organisation:
    """The tests' organisation, as an API that keeps to its document would send it."""
    org = organisation()
    org.awkward = False
    for endpoint in READ:
        # What a row is found by, and isn't sent.
        hidden = hidden_in(endpoint.path)
        org.rows[endpoint.path] = [
            {name: row[name] for name in hidden if name in row}
            | {name: mended(row[name], part) for name, part in endpoint.beside.items() if name in row}
            | mended(row, endpoint.item)
            for row in org.rows[endpoint.path]
        ]
    return org


def sample() -> Organisation:
    """The organisation that looks real."""
    return sample_organisation(INCIDENTS, now=NOW)


@pytest.mark.parametrize("make", [sample, awkward])
def test_the_sdk_reads_every_page_of_every_list(python: Path, make: Callable[[], Organisation]) -> None:
    org = make()
    with FakeApi(org) as api:
        found = read(python, api, lists(org))
    assert problems(found) == []
    assert {one["status"] for one in found} == {200}
    count: Counter[str] = Counter()
    for one in found:
        count[one["path"]] += one["rows"]
    for endpoint in READ:
        assert count[endpoint.path], endpoint.path
        # The API hides some rows of some lists from a request without parameters.
        if not endpoint.trap.shows and endpoint.path != "/v2/schedule_entries":
            assert count[endpoint.path] == len(org.rows[endpoint.path]), endpoint.path


def one_of_each(org: Organisation) -> dict[str, Json]:
    """By path, one request for each list."""
    return {found["path"]: found for found in reversed(list(lists(org)))}


def refused(python: Path, calls: Iterable[Json], key: str = KEY, **settings: Any) -> set[int]:
    """The statuses of requests that are refused, with bodies that the SDK reads."""
    with FakeApi(sample(), **settings) as api:
        found = read(python, api, calls, key)
    assert problems(found) == []
    assert len(found) > 9
    return {one["status"] for one in found}


def test_the_sdk_reads_every_error(python: Path) -> None:
    calls = one_of_each(sample())
    with_scope = [calls[endpoint.path] for endpoint in READ if endpoint.scope]
    of_parents = [
        call(endpoint, dict.fromkeys(endpoint.trap.exactly_one[:1] or endpoint.parents, "gone"))
        for endpoint in READ
        if endpoint.parents
    ]
    in_pages = [
        {**calls[endpoint.path], "params": {**calls[endpoint.path]["params"], "page_size": 1_000_000}}
        for endpoint in READ
        if endpoint.paging.get("page_size")
    ]
    assert refused(python, calls.values(), key="wrong") == {401}
    assert refused(python, with_scope, denied={str(endpoint.scope) for endpoint in READ}) == {403}
    assert refused(python, of_parents) == {404}
    assert refused(python, in_pages) == {422}
    assert refused(python, calls.values(), rate_per_minute=1) == {200, 429}


def test_the_check_sees_what_only_a_broken_server_sends(python: Path) -> None:
    org = organisation()
    with FakeApi(org) as api:
        found = problems(read(python, api, one_of_each(org).values()))
    for kind in ("x_new_property: not in the SDK", "None", "isoformat", "of_a_new_kind"):
        assert any(kind in problem for problem in found), kind
