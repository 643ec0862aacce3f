"""Records: one compiled function per stream turns the API's object into the selected record.

All records of a stream have the same keys at every depth; a property that the API left out is null. Values pass
unchanged. A scalar of the wrong type is converted only if nothing is lost.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tap_incident.errors import BadData
from tap_incident.protocol.schemas import DETAILS, OF_PEOPLE, Schema, marks
from tap_incident.protocol.selection import Selected
from tap_incident.streams.definition import Privacy
from tap_incident.timestamps import is_valid

Shaper = Callable[[dict[str, Any]], dict[str, Any]]
_Convert = Callable[[Any], Any]
_Unknown = Callable[[str], None]

_WHOLE = re.compile(r"0|-?[1-9]\d{0,99}", re.ASCII)
_URL = re.compile(
    r"([a-z][a-z0-9+.-]*://)(?:[^/?#]*@)?((?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d*)?)(?=[/?#]|\Z)", re.ASCII | re.I
)
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,99})(\.\d{1,99})?([eE][+-]?\d{1,3})?", re.ASCII)

LOGGER = logging.getLogger(__name__)
_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}
_NEVER = type(None)
"""A type that only null has, so every other value goes through the function."""


@dataclass(frozen=True)
class _Rules:
    """What applies to a whole stream, besides its schema."""

    unknown: _Unknown
    privacy: Privacy
    details: Sequence[str]
    """Objects in which people can be anywhere, if their data is excluded."""


class _Misfit(Exception):
    """A value that does not fit its schema: expected type, found type, and path (set by what holds the value)."""

    def __init__(self, expected: str, value: Any, found: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found or _NAMES[type(value)]
        self.path = ""


def shaper(selected: Selected, full_schema: Schema, unknown: _Unknown) -> Shaper:
    """A function that turns a row of the API into the record of its selected properties.

    `full_schema` is the stream's schema before selection. `unknown` is called with the path of each property that is
    not in it, every time. The function raises BadData for a value that fits no record; the text names stream, id and
    path, but not the value. It logs a WARNING for the first value that `Stream.known` has not.
    """
    stream = selected.stream
    found = marks(stream) if selected.exclude_personal_data else {}
    details = [path for path, kind in found.items() if kind == DETAILS]
    rules = _Rules(unknown, stream.privacy, details)
    convert = _object(selected.schema, full_schema, "", rules)
    unknown_values: set[str] = set()

    def shape(row: dict[str, Any]) -> dict[str, Any]:
        try:
            record: dict[str, Any] = convert(row)
        except _Misfit as misfit:
            raise BadData(
                f"{stream.name}: row {shown_id(row)}: {misfit.path} should be of type {misfit.expected}, "
                f"but the API sent {misfit.found}"
            ) from None
        for name, values in stream.known:
            if row.get(name) not in (None, *values) and name not in unknown_values:
                unknown_values.add(name)
                LOGGER.warning(
                    "%s: the API has a %s that this version does not know. Incidents with it are missing: "
                    "look for a newer version",
                    stream.name,
                    name,
                )
        for key in stream.key_properties:
            if record[key] is None:
                raise BadData(f"{stream.name}: row {shown_id(row)} came without its key property {key}")
        return record

    return shape


def shown_id(row: Mapping[str, Any]) -> str:
    """The row's id for an error text."""
    value = row.get("id")
    return str(value) if isinstance(value, str | int) else "without id"


def _compile(schema: Schema, full: Schema, path: str, rules: _Rules) -> tuple[type, _Convert]:
    """For one property: (type whose values pass unchanged, function for all other values except null)."""
    kind = next(name for name in schema["type"] if name != "null")
    if kind == "string" and schema.get("format") == "date-time":
        # Every value goes through the function, because an empty string must become null.
        return _NEVER, _timestamp
    if kind == "object":
        if "properties" in schema:
            return _NEVER, _object(schema, full, path, rules)
        return (_NEVER, _without_people) if path in rules.details else (dict, _no_object)
    if kind == "array":
        return _NEVER, _array(schema, full, f"{path}[]", rules)
    if path in rules.privacy.cut_urls:
        return _NEVER, _cut_url
    return {"string": (str, _string), "integer": (int, _integer), "number": (float, _number), "boolean": (bool, _bool)}[
        kind
    ]


def _object(schema: Schema, full: Schema, path: str, rules: _Rules) -> _Convert:
    def path_of(name: str) -> str:
        return f"{path}.{name}" if path else name

    fields = [
        (name, *_compile(child, full["properties"][name], path_of(name), rules))
        for name, child in schema["properties"].items()
    ]
    known = frozenset(full["properties"])

    def convert(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _Misfit("object", value)
        get, record = value.get, {}
        name = ""
        try:
            for name, passes, fix in fields:
                found = get(name)
                record[name] = found if found is None or type(found) is passes else fix(found)
        except _Misfit as misfit:
            misfit.path = misfit.path or path_of(name)
            raise
        if not known.issuperset(value):
            extra = {path_of(name) for name in value.keys() - known}
            for each in extra.difference(rules.privacy.withheld):
                rules.unknown(each)
        return record

    return convert


def _array(schema: Schema, full: Schema, path: str, rules: _Rules) -> _Convert:
    passes, fix = _compile(schema["items"], full["items"], path, rules)

    def convert(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _Misfit("array", value)
        try:
            return [found if found is None or type(found) is passes else fix(found) for found in value]
        except _Misfit as misfit:
            misfit.path = misfit.path or path
            raise

    return convert


def _no_object(value: Any) -> Any:
    raise _Misfit("object", value)


def _without_people(value: Any) -> Any:
    """A free object without the properties that tell who a person is, at every depth."""
    return _cleaned(value) if type(value) is dict else _no_object(value)


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items() if name not in OF_PEOPLE}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value


def _timestamp(value: Any) -> str | None:
    if type(value) is not str:
        raise _Misfit("date-time", value)
    if not value:
        return None
    if not is_valid(value):
        raise _Misfit("date-time", value, "a text that is no RFC 3339 timestamp")
    return value


def _cut_url(value: Any) -> str | None:
    """Scheme and host of a URL. The path, the query and a user may be credentials."""
    if type(value) is not str:
        raise _Misfit("string", value)
    found = _URL.match(value)
    return f"{found[1]}{found[2]}" if found else None


def _string(value: Any) -> str:
    if isinstance(value, int | float):
        return json.dumps(value)
    raise _Misfit("string", value)


def _integer(value: Any) -> int:
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and _WHOLE.fullmatch(value):
        return int(value)
    raise _Misfit("integer", value)


def _number(value: Any) -> float:
    if type(value) is int:
        return value
    if type(value) is str and _DECIMAL.fullmatch(value):
        number = int(value) if _WHOLE.fullmatch(value) else float(value)
        # Only if it is written back as exactly the same number.
        if Decimal(repr(number)) == Decimal(value):
            return number
    raise _Misfit("number", value)


def _bool(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    raise _Misfit("boolean", value)
