"""What a loader has to have in the end, computed from the records that it was given and from what it does to values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from tests.support.runs import Json, Run, key_of

Change = Callable[[Any], Any]
"""In: a value that is not null. Out: what the loader makes of it."""

_MISSING = object()
_MOMENT = re.compile(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")


def kind(schema: Json) -> str:
    """The one type of a property, `date-time` for those strings."""
    name: str = next(name for name in schema["type"] if name != "null")
    return str(schema.get("format", name))


def rows(run: Run, stream: str, changes: Mapping[str, Change]) -> list[Json]:
    """The stream's records after `changes`, by kind of property; null stays null, and a kind without one stays."""
    properties = run.schema(stream)["properties"]
    change = {name: changes.get(kind(part), _same) for name, part in properties.items()}
    return [
        {name: None if value is None else change[name](value) for name, value in record.items()}
        for record in run.records(stream)
    ]


def differences(stream: str, wanted: Iterable[Json], found: Iterable[Json]) -> list[str]:
    """In words, up to ten: rows that are missing or too many, and columns of the others that are not as wanted."""
    wanted, found = list(wanted), list(found)
    there = {key_of(stream, row): row for row in found}
    told = [f"{len(found)} rows, {len(wanted)} wanted"] if len(wanted) != len(found) else []
    for row in wanted:
        key = key_of(stream, row)
        other = there.get(key)
        if other is None:
            told.append(f"{key} is missing")
        else:
            names = [name for name in {**row, **other} if row.get(name, _MISSING) != other.get(name, _MISSING)]
            told += [f"{key} {name}: {row.get(name)!r:.200} became {other.get(name)!r:.200}" for name in names]
    return [f"{stream}: {line}" for line in told[:10]]


def utc_cut(text: str) -> str:
    """A timestamp in UTC without its zone, cut after the sixth fractional digit; ISO format."""
    moment, fraction, zone = _parts(text)
    in_utc = datetime.fromisoformat(f"{moment.isoformat()}{zone}").astimezone(timezone.utc).replace(tzinfo=None)
    return (in_utc + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))).isoformat()


def local_rounded(text: str) -> str:
    """A timestamp as its own clock shows it, the zone dropped, rounded to the sixth fractional digit; ISO format."""
    moment, fraction, _ = _parts(text)
    # As PostgreSQL does it: in binary, a half to the even neighbour.
    return (moment + timedelta(microseconds=round(float(f"0.{fraction}") * 1_000_000))).isoformat()


def without_zeros(text: str) -> str:
    """A timestamp the way PostgreSQL prints it: no zeros at the end of its fraction."""
    return text.rstrip("0") if "." in text else text


def double(number: Decimal | int) -> Decimal:
    """The number after a column of double precision."""
    return Decimal(repr(float(number)))


def pipelinewise_text(text: str) -> str | None:
    """A text the way pipelinewise-target-postgres stores it: with JSON's escapes, but for quotes and backslashes."""
    # It writes JSON into a CSV file whose escape character is the backslash, and an empty field is null.
    return re.sub(r'\\(["\\])', r"\1", json.dumps(text, ensure_ascii=False)[1:-1]) or None


def _parts(text: str) -> tuple[datetime, str, str]:
    match = _MOMENT.fullmatch(text)
    assert match, text
    return datetime.fromisoformat(match[1]), match[2] or "0", match[3].replace("Z", "+00:00")


def _same(value: Any) -> Any:
    return value
