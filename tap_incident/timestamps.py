"""RFC 3339 timestamps as the API writes them, compared without loss of a digit."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta, timezone

Instant = tuple[datetime, str]
"""A whole second in UTC and the digits after it. Python's own type stops at six digits."""

_FORM = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII)

_EXACT = re.compile(
    r"(?P<year>(?!0000)\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|1\d|2[0-8]|(?P<late>29|3[01]))"
    r"[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_NO_ZONE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?))?", re.ASCII)


def instant(text: object) -> Instant:
    """The comparable moment of a timestamp with any offset and any number of fractional digits.

    Raises ValueError if `text` is not such a timestamp. Source: RFC 3339, section 5.6.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("not an RFC 3339 timestamp")
    day, time, fraction, offset = found.groups()
    try:
        second = datetime.fromisoformat(f"{day}T{time}{offset or '+00:00'}").astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("out of range") from None
    return second, (fraction or "").rstrip("0")


def is_timestamp(value: object) -> bool:
    """True if `instant` can read it."""
    try:
        instant(value)
    except ValueError:
        return False
    return True


def is_valid(text: str) -> bool:
    """True for an RFC 3339 timestamp of a day and a time that exist. Fast: it checks every timestamp of each row."""
    found = _EXACT.fullmatch(text)
    if found is None:
        return False
    return found["late"] is None or int(found["day"]) <= monthrange(int(found["year"]), int(found["month"]))[1]


def in_utc(text: str) -> str:
    """A date, or a timestamp without a zone, as an RFC 3339 timestamp in UTC; any other text as it is."""
    found = _NO_ZONE.fullmatch(text.strip())
    return f"{found[1]}T{found[2] or '00:00:00'}Z" if found else text


def rfc3339(moment: datetime) -> str:
    """The RFC 3339 timestamp of a moment, in UTC, rounded down to the second."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def rfc3339_exact(moment: datetime) -> str:
    """The RFC 3339 timestamp of a moment, in UTC, with microseconds."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def before(timestamp: str, span: timedelta) -> datetime:
    """The whole second at or just before `timestamp` minus `span`; at least the earliest possible moment."""
    second, _ = instant(timestamp)
    try:
        return second - span
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
