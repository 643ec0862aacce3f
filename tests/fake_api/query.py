"""A request's parameters: which ones an endpoint takes, whether they are right, and which rows they let through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from typing import Any

from .facts import BY_PATH, DEFAULT_PAGE_SIZE, Endpoint, resolve
from .making import Row, instant
from .problems import Problem, invalid
from .wire import Query

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
BY_TIME = ("gte", "lte", "date_range")


def checked(endpoint: Endpoint, params: Sequence[tuple[str, str]], in_path: Mapping[str, str]) -> Query:
    """The parameters by name, with those in the path; raises the Problem that the API would answer with."""
    query: dict[str, tuple[str, ...]] = {name: (value,) for name, value in in_path.items()}
    for name, value in params:
        known = parameter(endpoint.path, name)
        if known is None:
            raise invalid(name, "The stand-in does not know this parameter here.", "unknown_parameter")
        if name in query and not known.get("repeats"):
            raise invalid(name, "Once is enough.")
        if value not in known.get("enum", (value,)):
            raise invalid(name, f"One of {', '.join(known['enum'])}.")
        if known.get("format") == "date-time" and not STAMP.fullmatch(value):
            raise invalid(name, "A date and time.")
        query[name] = (*query.get(name, ()), value)
    _check_times(endpoint, query)
    for name in endpoint.required:
        if name not in query:
            raise invalid(name, "It is required.", "is_required")
    one = endpoint.trap.exactly_one
    if one and len(query.keys() & set(one)) != 1:
        raise invalid(one[0], f"Exactly one of {', '.join(one)}.")
    return query


@cache
def parameter(path: str, name: str) -> Mapping[str, Any] | None:
    """The facts of a parameter as it stands in a URL, `mode[one_of]`; None if the endpoint doesn't take it.

    The stand-in refuses what the API would take but the stand-in could not obey.
    """
    endpoint = BY_PATH[path]
    base, _, operator = name.rstrip("]").partition("[")
    facts = endpoint.parameters.get(base)
    if name == endpoint.paging.get("cursor") or (name == "page_size" and endpoint.largest):
        return {}
    if facts is None or bool(operator) != bool(facts.get("operators")):
        return None
    if facts.get("type") == "boolean":
        facts = {**facts, "enum": ("true", "false")}
    if name in endpoint.trap.reads:
        values = endpoint.trap.reads[name] or facts.get("enum")
        return {**facts, "repeats": bool(operator), **({"enum": values} if values else {})}
    if base.endswith("_at"):
        return {"by_time": True} if operator in BY_TIME and base in endpoint.properties else None
    field = field_of(endpoint, base)
    if operator:
        enum = resolve(endpoint.properties.get(field or "", {})).get("enum")
        return {"repeats": True, **({"enum": enum} if enum else {})} if field and operator == "one_of" else None
    return facts if field or base == "sort_by" else None


def field_of(endpoint: Endpoint, base: str) -> str | None:
    """The property of a row that a parameter is compared with."""
    if base in endpoint.parents:
        return endpoint.parents[base].kept_as
    return next((name for name in (base, f"{base}_id") if name in endpoint.properties), None)


def compared(endpoint: Endpoint, query: Query) -> dict[str, tuple[str, ...]]:
    """The values that a row's properties need to have for it to pass the filters, other than those by time."""
    found = {}
    for name, values in query.items():
        base = name.partition("[")[0]
        field = field_of(endpoint, base)
        if (
            field
            and name not in endpoint.trap.reads
            and name != endpoint.paging.get("cursor")
            and not base.endswith("_at")
        ):
            found[field] = values
    return found


def passes(row: Row, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether each property has one of the values; an object has that of its id."""
    return all(_text(row.get(field)) in values for field, values in wanted.items())


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _times(query: Query) -> list[tuple[str, str, str, str]]:
    parts = [(name, name.rstrip("]").partition("["), values[0]) for name, values in query.items()]
    return [
        (name, field, operator, value)
        for name, (field, _, operator), value in parts
        if field.endswith("_at") and operator
    ]


def _check_times(endpoint: Endpoint, query: Query) -> None:
    fields = [field for _, field, _, _ in _times(query)]
    for name, field, operator, value in _times(query):
        if fields.count(field) > 1:
            raise invalid(name, "One operator at a time.")
        form = DAY if endpoint.trap.days else STAMP
        for moment in value.split("~") if operator == "date_range" else [value]:
            if not form.fullmatch(moment):
                raise invalid(name, "It takes days." if endpoint.trap.days else "It takes full timestamps.")


def between(endpoint: Endpoint, rows: Sequence[Row], query: Query) -> list[Row]:
    """The rows that all filters by time let through; a row without the property passes none."""
    found, days = list(rows), endpoint.trap.days
    for _, field, operator, value in _times(query):
        first, _, last = value.partition("~") if operator == "date_range" else (value, "", value)
        start = _place(first, days) if operator != "lte" else None
        end = _place(last, days) if operator != "gte" else None
        placed = [(row, _place(row[field], days)) for row in found if row.get(field)]
        found = [
            row
            for row, place in placed
            if (start is None or place >= start) and (end is None or (place <= end if days else place < end))
        ]
    return found


def _place(text: str, days: bool) -> tuple[datetime, str]:
    """Where a moment stands: on its day, if days are what counts."""
    if DAY.fullmatch(text):
        return datetime.fromisoformat(f"{text}T00:00:00+00:00"), ""
    moment, fraction = instant(text)
    if days:
        return moment.astimezone(timezone.utc).replace(hour=0, minute=0, second=0), ""
    return moment, fraction


def page_size(endpoint: Endpoint, query: Query) -> int:
    """The rows on a page."""
    text = query.get("page_size", (str(DEFAULT_PAGE_SIZE),))[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= endpoint.largest):
        raise invalid("page_size", f"A whole number from 1 to {endpoint.largest}.")
    return int(text)


def start_of_page(endpoint: Endpoint, query: Query, places: Mapping[str, int]) -> int:
    """The place of the first row that comes after the cursor."""
    if "after" not in query:
        return 0
    (last,) = query["after"]
    if last not in places:
        if endpoint.trap.unknown_after == 404:
            raise Problem(404, "resource_not_found", "No such row.", field="after")
        raise invalid("after", "No row of this list has that id.")
    return places[last] + 1
