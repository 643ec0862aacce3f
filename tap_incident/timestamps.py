"""Instants: RFC 3339 timestamps as the API writes them, compared without losing a digit."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

Instant = tuple[datetime, str]
"""A whole second in UTC and the digits that follow it: Python's own type ends at six."""

_FORM = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII)


def instant(text: object) -> Instant:
    """The moment that a timestamp with any offset and any number of fractional digits stands for, to be compared.

    Raises ValueError for what is no such timestamp. Source: RFC 3339, section 5.6.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("no RFC 3339 timestamp")
    day, time, fraction, offset = found.groups()
    try:
        second = datetime.fromisoformat(f"{day}T{time}{offset or '+00:00'}").astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("out of range") from None
    return second, (fraction or "").rstrip("0")


def is_instant(value: object) -> bool:
    """Whether `instant` can read it."""
    try:
        instant(value)
    except ValueError:
        return False
    return True


def stamp(moment: datetime) -> str:
    """The timestamp of a moment, in UTC and whole seconds, rounded down."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def before(timestamp: str, span: timedelta) -> datetime:
    """The whole second that is `span` or a little more before a timestamp; the earliest there is, at the least."""
    second, _ = instant(timestamp)
    try:
        return second - span
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
