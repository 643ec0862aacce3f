"""The example that the vendor's document has for each endpoint: the stand-in sends it, and all its values arrive."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tap_incident.streams import STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault
from tests.support.answers import few_parents, once
from tests.support.runs import Json, bare, only
from tools.openapi import of_sdk

from .loaders import VENDOR

NEWER_THAN_THE_DOCUMENT = {"alert_attachments"}
WHO = re.compile(r"\w@[\w-]+\.(com|io)\b|\bU0[A-Z0-9]{8,}|Lisa|Lawrence")
"""The people of the examples: their addresses, Slack ids and names."""


@pytest.fixture(scope="module")
def examples() -> Mapping[str, Json]:
    """The example answer of each path."""
    release = re.search(r"^incident-io==\S+", VENDOR.requirements.read_text("utf-8"), re.MULTILINE)
    assert release
    paths = of_sdk(Path(sys.executable).with_name("pip"), release[0]).content["paths"]
    answers = {
        path: item["get"]["responses"].get("200", {}).get("content", {})
        for path, item in paths.items()
        if "get" in item
    }
    return {path: kinds.get("application/json", {}).get("example", {}) for path, kinds in answers.items()}


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


def read(tap: Tap, stream: Stream, examples: Mapping[str, Json], **settings: Any) -> list[Json]:
    """The records of a run in which the stream's paths answer with the examples."""
    listed = once(stream, examples[stream.path])

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if stream.detail and path == stream.detail.path:
            return Fault(status=200, body=json.dumps(examples[path]))
        return listed(number, path, params)

    with FakeApi(few_parents(), faults=faults) as fake:
        # The incident of an example is not in the organisation.
        run = tap(fake, catalog=bare(only(stream.name)), settings={"child_strategy": "per_incident", **settings})
    assert run.code == 0
    return run.records(stream.name)


EACH_EXAMPLE = pytest.mark.parametrize(
    "stream",
    [stream for stream in STREAMS if stream.name not in NEWER_THAN_THE_DOCUMENT],
    ids=lambda stream: stream.name,
)


@EACH_EXAMPLE
def test_every_value_of_the_example_arrives(session_tap: Tap, examples: Mapping[str, Json], stream: Stream) -> None:
    wanted = [
        {path: value for path, value in values(row) if kept(stream, path, value)} for row in rows(stream, examples)
    ]
    found = [dict(values(record)) for record in read(session_tap, stream, examples)]
    assert wanted
    for row in wanted:
        missing = [{path: row[path] for path in row if record.get(path) != row[path]} for record in found]
        assert {} in missing, min(missing, key=len)


@EACH_EXAMPLE
def test_without_personal_data_nobody_of_the_example_arrives(
    session_tap: Tap, examples: Mapping[str, Json], stream: Stream
) -> None:
    found = read(session_tap, stream, examples, exclude_personal_data=True)
    assert found
    assert not [(path, value) for row in found for path, value in values(row) if WHO.search(str(value))]


def test_the_examples_have_people(examples: Mapping[str, Json]) -> None:
    named = {stream.name for stream in STREAMS if WHO.search(json.dumps(examples.get(stream.path, {})))}
    assert {"users", "incidents", "catalog_entries", "escalations", "incident_activity_log_entries"} <= named
