"""What is piped into the loaders: all that there is to read, with the hard values in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tap_incident.streams import STREAMS
from tests.fake_api import Organisation
from tests.support.runs import Json, Run, key_of, there

from .data import HARD, hard_id
from .expected import kind
from .pipes import exact

STATES = ("null", "empty", "some")
KINDS = ("object", "array", "string", "integer", "number", "boolean", "date-time")


def test_every_row_of_every_default_stream_is_written_once(written: Run, org: Organisation) -> None:
    for stream in STREAMS:
        rows = there(org, stream.name) if stream.selected_by_default else []
        assert written.keys(stream.name) == Counter(key_of(stream.name, row) for row in rows), stream.name


def test_the_hard_values_are_written_as_they_are(written: Run) -> None:
    for stream, rows in HARD.items():
        records = {record["id"]: record for record in written.records(stream)}
        for place, row in enumerate(rows):
            record = records[hard_id(stream, place)]
            planted = exact(json.dumps(row))
            assert {name: record[name] for name in planted} == planted


def values(schema: Json, value: Any) -> Iterator[tuple[str, Any]]:
    """(kind, value) of a value and of all that is in it, as its schema sees it."""
    yield kind(schema), value
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            yield from values(part, value[name])
    if isinstance(value, list):
        for item in value:
            yield from values(schema["items"], item)


def test_every_kind_of_value_is_there_also_null_and_empty(written: Run) -> None:
    found, digits = set(), set()
    for stream in written.streams():
        for record in written.records(stream):
            for name, value in values(written.schema(stream), record):
                state = "null" if value is None else "empty" if value in ("", [], {}) else "some"
                found.add((state, name))
                if name == "date-time" and value is not None:
                    digits.add(len(re.sub(r"^.{19}\.?|(Z|[+-]\d\d:\d\d)$", "", value)))
    never = {("empty", name) for name in ("integer", "number", "boolean", "date-time")}
    assert {(state, name) for state in STATES for name in KINDS} - never <= found
    assert digits == set(range(10))
