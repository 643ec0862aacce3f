"""A request's parameters: which ones an endpoint takes, whether they are right, and which rows they let through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timezone
from functools import cache, lru_cache
from typing import Any, NamedTuple

from .facts import BY_PATH, DEFAULT_PAGE_SIZE, Endpoint, Json, resolve
from .making import STAMP, Row, instant
from .wire import Problem, Query, invalid

NAME = re.compile(r"(\w+)(?:\[(\w+)\])?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
BOOLEANS = {"boolean": ("true", "false")}
BY_TIME = ("gte", "lte", "date_range")


class Filter(NamedTuple):
    """A parameter that picks rows: by one of the `values` of a property, or by its time.

    `moments` are where that time begins (`gte`) and ends (`lte`): days, both inclusive, or half-open timestamps.
    """

    parameter: str
    field: str
    values: tuple[str, ...]
    moments: Mapping[str, str]
    days: bool

    def passes(self, row: Row) -> bool:
        """Whether the row is picked. An object is picked by its id."""
        value = row.get(self.field)
        if not self.moments:
            return _text(value) in self.values
        if not value:
            return False
        place: Callable[[str], Any] = day_of if self.days else instant
        at = place(value)
        if "gte" in self.moments and at < place(self.moments["gte"]):
            return False
        end = place(self.moments["lte"]) if "lte" in self.moments else None
        return end is None or at < end or (self.days and at == end)


def checked(endpoint: Endpoint, params: Sequence[tuple[str, str]], in_path: Mapping[str, str]) -> Query:
    """The parameters by name, with those in the path; raises the Problem that the API would answer with."""
    query: dict[str, tuple[str, ...]] = {name: (value,) for name, value in in_path.items()}
    for name, value in params:
        known = parameter(endpoint.path, name)
        if known is None or name in in_path:
            raise invalid(name, "The stand-in does not know this parameter here.", "unknown_parameter")
        if name in query and not known.get("repeats"):
            raise invalid(name, "Once is enough.")
        if known.get("operator") and known["field"] in (pick.field for pick in filters(endpoint, query)):
            raise invalid(name, "One operator at a time.")
        _check_value(endpoint, name, known, value)
        query[name] = (*query.get(name, ()), value)
    for name in endpoint.required:
        if name not in query:
            raise invalid(name, "It is required.", "is_required")
    one = endpoint.exactly_one
    if one and len(query.keys() & set(one)) != 1:
        raise invalid(one[0], f"Exactly one of {', '.join(one)}.")
    return query


def _check_value(endpoint: Endpoint, name: str, known: Json, value: str) -> None:
    if value not in known.get("enum", (value,)):
        raise invalid(name, f"One of {', '.join(known['enum'])}.")
    moments = [value] if known.get("format") == "date-time" else _moments(known.get("operator"), value).values()
    form = DAY if endpoint.days else STAMP
    if not all(form.fullmatch(moment) for moment in moments):
        raise invalid(name, f"A {'day' if endpoint.days else 'timestamp'}.")


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
    values = endpoint.reads.get(name) or facts.get("enum") or BOOLEANS.get(facts.get("type", ""))
    facts = {**facts, **({"enum": values} if values else {})}
    if name in endpoint.reads:
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


def filters(endpoint: Endpoint, query: Query) -> Iterator[Filter]:
    """What picks rows of an endpoint, other than by what it `reads`."""
    for name, values in query.items():
        known = parameter(endpoint.path, name) or {}
        if "field" in known:
            moments = _moments(known.get("operator"), values[0])
            yield Filter(name, known["field"], values, moments, endpoint.days)


def _moments(operator: str | None, value: str) -> Mapping[str, str]:
    if operator == "date_range":
        first, _, last = value.partition("~")
        return {"gte": first, "lte": last}
    return {operator: value} if operator else {}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1_000_000)
def day_of(text: str) -> date:
    """The day in UTC of a day or a timestamp."""
    if DAY.fullmatch(text):
        return date.fromisoformat(text)
    return instant(text)[0].astimezone(timezone.utc).date()


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
        refused, code = endpoint.unknown_after
        raise Problem(refused, code, "No row of this list has that id.", field="after")
    return places[last] + 1
