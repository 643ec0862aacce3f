"""What is piped into the loaders: all that there is to read, with the hard values in it."""

from __future__ import annotations

import json
from collections import Counter

from tap_incident.streams import STREAMS
from tests.fake_api import Organisation
from tests.support.runs import Run, key_of, there

from .data import HARD, hard_id
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
