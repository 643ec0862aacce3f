"""The vendor's own SDK as a client of the stand-in: what it can't read there, the API does not send either."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.fake_api import NOW, FakeApi, Organisation, sample_organisation
from tests.fake_api.facts import ENDPOINTS, Endpoint
from tests.support.runs import KEY, Json

from .loaders import VENDOR, loader_command, output

PARAMS: Mapping[str, Json] = {
    "/v2/on_call_notification_pauses": {"from": "2020-01-01T00:00:00Z"},
    "/v2/status_pages/{status_page_id}/components/{component_id}/availability": {
        "start_at": (NOW - timedelta(days=7)).isoformat(),
        "end_at": NOW.isoformat(),
    },
}
"""Parameters that name no parent, where there are no rows without them."""
# Version 2.29.0 of the SDK does not have this list.
READ = tuple(endpoint for endpoint in ENDPOINTS if endpoint.path != "/v2/alert_attachments")
SCRIPT = "tests.e2e.scripts.read_with_vendor"


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


def read(api: FakeApi, calls: Iterable[Json], key: str = KEY) -> list[Json]:
    """What the SDK made of each call; it has to be able to read all of it."""
    asked = json.dumps({"url": api.url, "key": key, "calls": list(calls)})
    found: list[Json] = json.loads(output(loader_command(VENDOR), "-m", SCRIPT, input=asked))
    assert [one for one in found if one["problem"]] == []
    return found


def test_the_sdk_reads_every_page_of_every_list() -> None:
    org = sample_organisation(40, now=NOW)
    with FakeApi(org) as api:
        found = read(api, lists(org))
    assert {one["status"] for one in found} == {200}
    count: Counter[str] = Counter()
    for one in found:
        count[one["path"]] += one["rows"]
    for endpoint in READ:
        assert count[endpoint.path], endpoint.path
        # The API hides some rows of some lists from a request without parameters.
        if not endpoint.shows and endpoint.path != "/v2/schedule_entries":
            assert count[endpoint.path] == len(org.rows[endpoint.path]), endpoint.path


def refused(calls: Iterable[Json], key: str = KEY, **settings: Any) -> set[int]:
    """The statuses of requests that are refused, with bodies that the SDK reads."""
    with FakeApi(sample_organisation(40, now=NOW), **settings) as api:
        found = read(api, calls, key)
    assert len(found) > 9
    return {one["status"] for one in found}


def test_the_sdk_reads_every_error() -> None:
    calls = {found["path"]: found for found in lists(sample_organisation(40, now=NOW))}
    with_scope = [calls[endpoint.path] for endpoint in READ if endpoint.scope]
    of_parents = [
        call(endpoint, dict.fromkeys(endpoint.exactly_one[:1] or endpoint.parents, "gone"))
        for endpoint in READ
        if endpoint.parents
    ]
    assert refused(calls.values(), key="wrong") == {401}
    assert refused(with_scope, denied={str(endpoint.scope) for endpoint in READ}) == {403}
    assert refused(of_parents) == {404}
    assert refused(calls.values(), rate_per_minute=1) == {200, 429}
