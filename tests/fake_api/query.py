"""A request's parameters: which ones an endpoint takes, whether they are right, and which rows they let through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache, lru_cache
from typing import Any

from .facts import BY_PATH, DEFAULT_PAGE_SIZE, Endpoint, Json, resolve
from .making import STAMP, Row, instant
from .wire import Problem, Query, invalid

NAME = re.compile(r"(\w+)(?:\[(\w+)\])?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
BOOLEANS = {"boolean": ("true", "false")}
BY_TIME = ("gte", "lte", "date_range")
Place = tuple[datetime, str]
# A property, and the moments that it may have: from `gte` to `lte`.
Span = tuple[str, dict[str, Place]]


def checked(endpoint: Endpoint, params: Sequence[tuple[str, str]], in_path: Mapping[str, str]) -> Query:
    """The parameters by name, with those in the path; raises the Problem that the API would answer with."""
    query: dict[str, tuple[str, ...]] = {name: (value,) for name, value in in_path.items()}
    for name, value in params:
        known = parameter(endpoint.path, name)
        if known is None or name in in_path:
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
def parameter(path: str, name: str) -> Json | None:
    """The facts of a parameter as it stands in a URL, `mode[one_of]`; None if the endpoint doesn't take it.

    `field` is the property that a row is picked by, `operator` how, where it is picked by time. The stand-in refuses
    what it could not obey, whether or not the API would take it.
    """
    endpoint, match = BY_PATH[path], NAME.fullmatch(name)
    base, operator = match.groups() if match else ("", None)
    facts = endpoint.parameters.get(base, {})
    if name == endpoint.paging.get("cursor") or (name == "page_size" and endpoint.largest):
        return {}
    if name in endpoint.parents:
        return {**facts, "field": endpoint.parents[name].kept_as}
    if not facts or bool(operator) != ("operators" in facts):
        return None
    values = endpoint.trap.reads.get(name) or facts.get("enum") or BOOLEANS.get(facts.get("type", ""))
    facts = {**facts, **({"enum": values} if values else {})}
    if name in endpoint.trap.reads:
        return {**facts, "repeats": bool(operator)}
    return facts if base == "sort_by" else _by_property(endpoint, base, operator, facts)


def _by_property(endpoint: Endpoint, base: str, operator: str | None, facts: Json) -> Json | None:
    field = next((field for field in (base, f"{base}_id") if field in endpoint.properties), "")
    schema = resolve(endpoint.properties.get(field, {"type": "array"}))
    if schema["type"] == "array":
        return None
    if not operator or (operator in BY_TIME and schema.get("format") == "date-time"):
        return {**facts, "field": field, "operator": operator}
    picked = {"field": field, "repeats": True, **({"enum": schema["enum"]} if "enum" in schema else {})}
    return picked if operator == "one_of" else None


def _filters(endpoint: Endpoint, query: Query) -> Iterator[tuple[str, str, str | None, tuple[str, ...]]]:
    """The name, property, operator by time and values of each parameter that picks rows."""
    for name, values in query.items():
        known = parameter(endpoint.path, name) or {}
        if "field" in known:
            yield name, known["field"], known.get("operator"), values


def _times(endpoint: Endpoint, query: Query) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The name and property of each filter by time, and the moments that it goes from (`gte`) and to (`lte`)."""
    for name, field, operator, (value, *_) in _filters(endpoint, query):
        if operator == "date_range":
            first, _, last = value.partition("~")
            yield name, field, {"gte": first, "lte": last}
        elif operator:
            yield name, field, {operator: value}


def _check_times(endpoint: Endpoint, query: Query) -> None:
    used: set[str] = set()
    form, takes = (DAY, "It takes days.") if endpoint.trap.days else (STAMP, "It takes full timestamps.")
    for name, field, moments in _times(endpoint, query):
        if field in used:
            raise invalid(name, "One operator at a time.")
        used.add(field)
        if not all(form.fullmatch(moment) for moment in moments.values()):
            raise invalid(name, takes)


def compared(endpoint: Endpoint, query: Query) -> dict[str, tuple[str, ...]]:
    """The values that a row's properties need to have for it to pass the filters, other than those by time."""
    return {field: values for _, field, operator, values in _filters(endpoint, query) if not operator}


def spans(endpoint: Endpoint, query: Query) -> list[Span]:
    """What each filter by time lets through."""
    days, found = endpoint.trap.days, _times(endpoint, query)
    return [(field, {name: place(text, days) for name, text in moments.items()}) for _, field, moments in found]


def passes(row: Row, wanted: Mapping[str, tuple[str, ...]], times: Sequence[Span], *, days: bool) -> bool:
    """Whether each property has one of the values (an object has that of its id), or lies within its times."""
    for field, ends in times:
        at, end = place(row[field], days) if row.get(field) else None, ends.get("lte")
        if at is None or at < ends.get("gte", at) or (end and at >= end and not (days and at == end)):
            return False
    return all(_text(row.get(field)) in values for field, values in wanted.items())


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1_000_000)
def place(text: str, days: bool) -> Place:
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
        refused, code = endpoint.trap.unknown_after
        raise Problem(refused, code, "No row of this list has that id.", field="after")
    return places[last] + 1
