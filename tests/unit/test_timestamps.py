"""Timestamps: parsed from any RFC 3339 form, compared to the last digit, and written in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tap_incident.timestamps import before, instant, rfc3339

SAME = [
    ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000000000Z"),
    ("2026-01-31T10:00:00Z", "2026-01-31T12:00:00+02:00"),
    ("2026-01-31T10:00:00.5Z", "2026-01-31T04:30:00.500-05:30"),
    ("2026-01-31T10:00:00Z", "2026-01-31t10:00:00z"),
    ("2026-01-01T00:00:00Z", "2025-12-31T23:00:00-01:00"),
]
ORDERED = [
    "2025-12-31T23:59:59.999999999Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000000001Z",
    "2026-01-01T00:00:00.1Z",
    "2026-01-01T00:00:00.15Z",
    "2026-01-01T00:00:00.2Z",
    "2026-01-01T00:00:00.999999Z",
    "2026-01-01T00:00:01Z",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_instant_is_equal_for_all_forms_of_a_moment(one: str, other: str) -> None:
    assert instant(one) == instant(other)


def test_instant_is_ordered_to_the_last_digit() -> None:
    mixed = ORDERED[1::2] + ORDERED[::2]
    assert sorted(mixed, key=instant) == ORDERED
    assert len({instant(text) for text in ORDERED}) == len(ORDERED)


@pytest.mark.parametrize(
    "text",
    [None, 5, "", "2026-01-31", "2026-01-31T10:00:00", "2026-02-30T10:00:00Z", "2026-01-31T25:00:00Z", "now",
     "2026-01-31T10:00:00Z\n", "2026-01-31T10:00:00,5Z", "2026-01-31T10:00:00.Z", "0001-01-01T00:00:00+01:00",
     "9999-12-31T23:59:59-01:00", "2026-01-31T10:00:00+25:00", "２026-01-31T10:00:00Z", "2026-01-31T10:00:00.５Z"],
)  # fmt: skip
def test_instant_rejects_invalid_timestamps(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant(text)


def test_rfc3339_is_in_utc() -> None:
    moment = datetime(2026, 1, 31, 23, 30, 59, 999999, timezone(timedelta(hours=-2)))
    assert rfc3339(moment) == "2026-02-01T01:30:59Z"


def test_before_is_rounded_down_to_whole_seconds() -> None:
    assert rfc3339(before("2026-01-01T00:04:00.9+00:00", timedelta(minutes=5))) == "2025-12-31T23:59:00Z"
    assert rfc3339(before("0001-01-01T00:00:00Z", timedelta(minutes=5))) == "0001-01-01T00:00:00Z"
