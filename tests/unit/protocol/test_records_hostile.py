"""Hostile values at every place of every stream: a record is valid by its own SCHEMA, formats included, or an error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import Stream
from tests.support.each import EACH_STREAM
from tests.unit.protocol.catalogs import places
from tests.unit.protocol.shaping import TIMESTAMP, array_of, error_for, record_of

NO_TIMESTAMPS = [
    *("not a date", "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00"),
    *("2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z"),
    *("10000-01-01T00:00:00Z", "1767225600", "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00+24:00", " "),
    *("2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z\n", "٢٠٢٦-01-01T00:00:00Z", "2026-1-1T00:00:00Z"),
]
TIMESTAMPS = [
    *("0001-01-01T00:00:00Z", "2024-02-29T23:59:59.123456789+05:30", "2026-12-31T00:00:00z", "9999-12-31T23:59:59Z"),
]
HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 2**53 + 1, 10**30, 0.5, -0.0, 1e300, 5e-324, "", " ", "0", "05", "1e999", "true"),
    *("\x00", "\ud800", "x" * 70_000, [], [None], [[]], {}, {"": None}, [{"id": 5}], *NO_TIMESTAMPS, *TIMESTAMPS),
]


def is_timestamp(value: Any) -> bool:
    """Whether the standard library reads it as a moment, in the form of RFC 3339."""
    if not isinstance(value, str):
        return True
    second, _, rest = value.upper().replace("Z", "+00:00").partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    moment = datetime.fromisoformat(second + zone)
    return value[10] in "Tt" and len(second) >= 19 and moment.tzinfo is not None


CHECKER = FormatChecker(())
CHECKER.checkers = {"date-time": (is_timestamp, (ValueError, IndexError))}


@pytest.mark.parametrize("value", NO_TIMESTAMPS)
def test_text_in_a_date_time_that_is_no_timestamp_is_an_error_without_the_value(value: str) -> None:
    error = error_for({"v": [None, value]}, v=array_of(TIMESTAMP))
    assert error == (
        "things: row T1: v[] should be of type date-time, but the API sent a text that is no RFC 3339 timestamp"
    )


@pytest.mark.parametrize("value", TIMESTAMPS)
def test_odd_timestamp_passes_unchanged(value: str) -> None:
    assert record_of({"v": value}, v=TIMESTAMP)["v"] == value


@EACH_STREAM
def test_record_of_hostile_values_is_valid_by_its_schema_or_an_error(stream: Stream) -> None:
    document = schema(stream)
    shape = shaper(Selected(stream, schema(stream)), document, lambda path: None)
    accepted = 0
    for number, (steps, part) in enumerate(places(document)):
        # All values for dates, and every seventh of the others, beginning anew at each place: together that is all.
        values = HOSTILE if "format" in part else HOSTILE[number % 7 :: 7]
        for value in values if steps else ():
            row: Any = value
            for step in reversed(steps):
                row = [row] if step == "[]" else {step: row}
            try:
                found: Any = shape({**dict.fromkeys(stream.key_properties, "X1"), **row})
            except BadData as error:
                assert str(error).startswith(f"{stream.name}: row ")
                continue
            accepted += 1
            for step in steps:
                found = found[0] if step == "[]" else found[step]
            Draft4Validator(part, format_checker=CHECKER).validate(found)
    assert accepted > 5
