"""Answers that no record can be made of: the run ends and names stream, row and field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.answers import answer, each, few_parents, fullest, keys_of, made, once, small
from tests.support.faults import after_first_page, at
from tests.support.logs import last_line
from tests.support.runs import Json, bare, check, only, set_field, there
from tests.support.thorough import THOROUGH, sampled_streams

SAMPLED_STREAM = pytest.mark.parametrize("stream", sampled_streams(STREAMS), ids=lambda stream: stream.name)


def sesame(stream: Stream) -> Json:
    """A row whose texts must not be logged, except for its id."""
    texts: Json = each(fullest(stream), lambda value: "sesame" if isinstance(value, str) else value)
    return texts | {"id": "01ROW"}


Wrong = tuple[object, str]
"""An answer that no record can be made of, and what has to be said of it."""


def wrong_keys(stream: Stream, missing: bool) -> Iterator[Wrong]:
    """Rows without a key, or with null for it."""
    for key in keys_of(stream):
        row = {**sesame(stream), key: None}
        if missing:
            del row[key]
        shown = "row without id" if key == "id" else "row 01ROW"
        yield answer(stream, [row]), f"{shown} came without its key property {key}"


def wrong_lists(stream: Stream) -> list[Wrong]:
    """Values that are not a list, and lists with entries that are not objects."""
    if stream.answer.one_row_with:
        missing = f'the answer of {stream.path} has no "{stream.answer.one_row_with}"'
        return [({}, missing), ({"sesame": []}, missing)]
    row, name = sesame(stream), stream.answer.key or stream.name
    no_list = f'the answer of {stream.path} has no list{"s in" if stream.answer.list_column else ""} "{name}"'
    no_object = f'{stream.path}: entry 1 of "{"final" if stream.answer.list_column else name}" is not an object'
    lists: tuple[object, ...] = ({}, "sesame", 5, False)
    entries: tuple[object, ...] = ("sesame", 5, None, [])
    wrong: list[Wrong] = [(answer(stream, value), no_list) for value in lists]
    return [*wrong, *((answer(stream, [row, value]), no_object) for value in entries), ({"sesame": []}, no_list)]


def wrong_fields(stream: Stream) -> Iterator[Wrong]:
    """Rows with an object or a text where another type belongs."""
    for field, part in schema(stream)["properties"].items():
        wanted = part.get("format") or next(kind for kind in part["type"] if kind != "null")
        if field in {*stream.key_properties, *made(stream), *(child.parent.nested_as for child in STREAMS)}:
            continue
        value = "sesame" if wanted in ("object", "array") else {"sesame": 1}
        yield answer(stream, [{**sesame(stream), field: value}]), f"row 01ROW: {field} should be of type {wanted}, but"


@pytest.mark.thorough
@SAMPLED_STREAM
def test_bad_data_ends_the_run_with_stream_id_and_path(
    tap: Tap, caplog: pytest.LogCaptureFixture, stream: Stream
) -> None:
    first = BY_NAME["severities" if stream.name != "severities" else "incident_types"]
    lists, fields = wrong_lists(stream), list(wrong_fields(stream))
    number = STREAMS.index(stream)  # Of what has nothing to do with the stream, each gets another one.
    keys = list(wrong_keys(stream, missing=number % 2 == 0))
    wrong = [*keys, lists[number % len(lists)], fields[-(number % 2)]]
    # One of them is enough for a stream that is not read by default: the code is the same for all.
    for body, said in wrong if THOROUGH or stream.selected_by_default else [wrong[number % len(wrong)]]:
        caplog.clear()
        with FakeApi(few_parents(), faults=once(stream, body)) as fake:
            run = tap(fake, catalog=bare(only(first.name, stream.name)), settings={"max_concurrency": 1})
        line = last_line(run, caplog)
        assert line.startswith(f"{stream.name}: {said}")
        assert "sesame" not in caplog.text
        assert len(run.records(first.name)) == len(small().rows[first.path])
        # There may be one where the answer is wrong only in a list that is read after others.
        assert run.states()[-1]["bookmarks"].keys() <= {stream.parent.stream, stream.name}


def test_bad_data_on_a_later_page_keeps_the_state_of_the_pages_before(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(small(), faults=after_first_page("/v2/alerts", Fault(status=200, body='{"alerts": 5}'))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert 'no list "alerts"' in last_line(run, caplog)
    assert len(run.records("alerts")) == 50
    assert run.states()[-1]["bookmarks"]["alerts"]["after"] == small().rows["/v2/alerts"][49]["id"]


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_bad_data_without_the_parents_id_is_an_error_in_both_child_strategies(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(12)
    row = {**there(org, "incident_updates")[0], "incident_id": None}
    body = json.dumps({"incident_updates": [row]})
    with FakeApi(org, faults=at("/v2/incident_updates", Fault(status=200, body=body))) as fake:
        run = tap(fake, settings={"child_strategy": strategy}, catalog=only("incident_updates"))
    line = last_line(run, caplog)
    assert line.startswith("incident_updates: ")
    assert "without its key property incident_id" in line


def test_nested_row_may_lack_the_key_that_a_record_needs(tap: Tap) -> None:
    org = organisation(5)
    org.rows["/v1/incident_attachments"][0]["id"] = None
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=False)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=catalog)
    assert run.code == 0
    check(run)
    assert any(part["id"] is None for record in run.records("incidents") for part in record["attachments"])
    assert {"null"} <= set(nested("id")["type"])
    assert "null" not in schema(BY_NAME["incident_attachments"])["properties"]["id"]["type"]


def nested(name: str) -> Any:
    """A property of the attachments in incidents."""
    entry = next(e for e in discover()["streams"] if e["stream"] == "incidents")
    return entry["schema"]["properties"]["attachments"]["items"]["properties"][name]
