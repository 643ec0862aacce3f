"""The example that the vendor's document has for each endpoint: the stand-in sends it, and all its values arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.conftest import run_tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.faults import answering
from tests.support.runs import Json, bare, only
from tools.openapi import of_sdk

from .loaders import VENDOR

DOCUMENTED = [stream for stream in STREAMS if stream.name != "alert_attachments"]
WHO = re.compile(r"\w@[\w-]+\.(com|io)\b|\bU0[A-Z0-9]{8,}|Lisa|Lawrence")
"""The people of the examples: their addresses, Slack ids and names."""


@cache
def few_parents() -> Organisation:
    """Served to runs that need one request for children, not hundreds; they only read it."""
    org = organisation(3)
    for stream in STREAMS:
        if stream.parent.stream:
            path = BY_NAME[stream.parent.stream].path
            org.rows[path] = org.rows[path][:3]
    return org


@pytest.fixture(scope="module")
def examples() -> Mapping[str, Json]:
    """The example answer of each path."""
    release = re.search(r"^incident-io==\S+", VENDOR.requirements.read_text("utf-8"), re.MULTILINE)
    assert release
    _, document = of_sdk(release=release[0])
    found = {}
    for path, item in document["paths"].items():
        answer = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        found[path] = answer.get("application/json", {}).get("example", {})
    return found


def rows(stream: Stream, examples: Mapping[str, Json]) -> list[Json]:
    """The rows of the example, with what only a single row has."""
    body = examples[stream.path]
    found = body if stream.answer.one_row_with else body[stream.answer.key or stream.name]
    if isinstance(found, dict):
        found = [found] if stream.answer.list_column is None else [row for part in found.values() for row in part]
    if stream.detail is None:
        return list(found)
    single = examples[stream.detail.path]
    more = {name: single[stream.detail.key][name] for name in stream.detail.columns}
    return [{**row, **more, **{name: single[name] for name in stream.detail.beside}} for row in found]


def values(part: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Each value in a row with its path."""
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from values(inner, f"{at}.{name}")
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from values(inner, f"{at}[{number}]")
    else:
        yield at, part


def kept(stream: Stream, path: str, value: Any) -> bool:
    """Whether a record keeps this value: it is not withheld, cut, or nothing."""
    plain = re.sub(r"\[\d+\]", "[]", path).removeprefix(".")
    cut = (*stream.privacy.withheld, *stream.privacy.cut_urls)
    return value not in (None, "") and not any(re.match(rf"{re.escape(name)}(\W|$)", plain) for name in cut)


def read(folder: Path, stream: Stream, examples: Mapping[str, Json], **settings: Any) -> list[Json]:
    """The records of a run in which the stream's paths answer with the examples."""
    paths = [stream.path, stream.detail.path] if stream.detail else [stream.path]
    # An example names a next page, which would be the same one.
    bodies = {path: {**examples[path]} for path in paths}
    bodies[stream.path].pop("pagination_meta", None)
    with FakeApi(few_parents(), faults=answering(bodies)) as fake:
        settings["child_strategy"] = "per_incident"  # The incident of an example is not in the organisation.
        run = run_tap(folder, fake, catalog=bare(only(stream.name)), settings=settings)
    assert run.code == 0
    return run.records(stream.name)


@pytest.mark.parametrize("stream", DOCUMENTED, ids=lambda stream: stream.name)
def test_every_value_of_the_example_arrives_and_without_personal_data_nobody(
    tmp_path: Path, examples: Mapping[str, Json], stream: Stream
) -> None:
    found = [dict(values(record)) for record in read(tmp_path, stream, examples)]
    for row in rows(stream, examples):
        wanted = {path: value for path, value in values(row) if kept(stream, path, value)}
        missing = [{path: wanted[path] for path in wanted if record.get(path) != wanted[path]} for record in found]
        assert {} in missing, min(missing, key=len)
    left = read(tmp_path, stream, examples, exclude_personal_data=True)
    assert left
    assert not [(path, value) for row in left for path, value in values(row) if WHO.search(str(value))]
