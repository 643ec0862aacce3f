"""Filters by time: which forms they take, and which rows they let through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from .endpoint import Param, Query, Takes
from .making import Row, instant
from .problems import invalid

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def check(known: Mapping[str, Param], query: Query) -> None:
    """Raises the 422 for two operators on one property, and for a moment in the wrong form."""
    used: set[str] = set()
    for name, (value, *_) in query.items():
        takes = known[name].takes
        if takes is None:
            continue
        field, operator = name[:-1].split("[")
        if field in used:
            raise invalid(name, "One operator at a time.")
        used.add(field)
        form = STAMP if takes is Takes.STAMP else DAY
        for moment in value.split("~") if operator == "date_range" else [value]:
            if not form.fullmatch(moment):
                raise invalid(name, f"It takes {takes.value}.")


def between(rows: Sequence[Row], params: Sequence[Param], query: Query) -> list[Row]:
    """The rows that all filters by time in `query` let through; a row without the property passes none."""
    found = list(rows)
    for param in params:
        if param.takes is None or param.name not in query:
            continue
        field, operator = param.name[:-1].split("[")
        first, last = _bounds(operator, query[param.name][0], param.takes)
        found = [row for row in found if row.get(field) and first <= _place(row[field], param.takes) <= last]
        if param.takes is Takes.STAMP and operator != "gte":
            found = [row for row in found if _place(row[field], param.takes) != last]
    return found


def _bounds(operator: str, value: str, takes: Takes) -> tuple[tuple[object, ...], tuple[object, ...]]:
    least, most = (datetime.min.replace(tzinfo=timezone.utc),), (datetime.max.replace(tzinfo=timezone.utc),)
    if operator == "gte":
        return _moment(value, takes), most
    if operator == "lte":
        return least, _moment(value, takes)
    start, _, end = value.partition("~")
    return _moment(start, takes), _moment(end, takes)


def _moment(text: str, takes: Takes) -> tuple[object, ...]:
    if takes is Takes.DAY:
        return (datetime.fromisoformat(f"{text}T00:00:00+00:00"),)
    return instant(text)


def _place(text: str, takes: Takes) -> tuple[object, ...]:
    """Where a row's own moment stands: on its day, if days are what counts."""
    moment, fraction = instant(text)
    if takes is Takes.STAMP:
        return moment, fraction
    return (moment.astimezone(timezone.utc).replace(hour=0, minute=0, second=0),)
