"""The entries of a catalog file: checked, and in one form for every kind of file.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft4Validator

from tap_incident.errors import BadInput
from tap_incident.streams import BY_NAME
from tap_incident.words import truth

LOGGER = logging.getLogger(__name__)

_ENTRY_FIELDS: dict[str, Any] = {
    "schema": {"type": "object", "description": "an object"},
    "metadata": {
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "required": ["breadcrumb", "metadata"],
            "properties": {"breadcrumb": {"type": "array"}, "metadata": {"type": "object"}},
        },
        "description": 'a list of {"breadcrumb": [], "metadata": {}}',
    },
}
_NAMED_BY_ID = {"required": ["tap_stream_id"], "properties": {"tap_stream_id": {"type": "string"}}}
_NAMED_BY_STREAM = {
    "required": ["stream"],
    "properties": {"stream": {"type": "string"}},
    "not": {"required": ["tap_stream_id"]},
}
_CATALOG = {
    "type": "object",
    "required": ["streams"],
    "properties": {
        "streams": {
            "type": "array",
            "items": {"type": "object", "properties": _ENTRY_FIELDS, "anyOf": [_NAMED_BY_ID, _NAMED_BY_STREAM]},
        }
    },
}
_FLAGS = ("selected", "selected-by-default")

Breadcrumb = tuple[str, ...]
Metadata = Mapping[Breadcrumb, Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One entry of a catalog. In its metadata, `selected` and `selected-by-default` are True, False or None."""

    name: str
    """Its tap_stream_id."""
    source: str
    """The file, for messages."""
    schema: Mapping[str, Any]
    metadata: Metadata
    beside: Mapping[str, Any]
    """The fields of the entry itself. People and other taps write `selected` and `replication-method` there."""

    def root(self, key: str) -> Any:
        """A value from the stream's metadata or, if that has none, from beside the metadata. None if neither has it."""
        places = (self.metadata.get((), {}), self.beside)
        found = (place.get(name) for place in places for name in (key, key.replace("-", "_")))
        return next((value for value in found if value is not None), None)

    def selected(self) -> bool | None:
        """What the entry says about its stream, in the metadata, in the schema or beside both; None if nothing."""
        in_schema = self.flag(self.schema.get("selected"), ())
        said = (self.metadata.get((), {}).get("selected"), in_schema, self.flag(self.beside.get("selected"), ()))
        return next((value for value in said if value is not None), None)

    def in_schema(self) -> bool:
        """True if the older form, outside the metadata, selects the stream."""
        return any(self.flag(place.get("selected"), ()) for place in (self.schema, self.beside))

    def flag(self, value: Any, breadcrumb: Breadcrumb, key: str = "selected") -> bool | None:
        """The value of `selected` at this place of the entry. Raises BadInput if it means neither true nor false."""
        if value is not None and truth(value) is None:
            raise BadInput(f'{self.source}: "{key}" of {self.place(breadcrumb)} must be true or false')
        return truth(value)

    def place(self, breadcrumb: Breadcrumb) -> str:
        """How messages name a stream or a field."""
        return ".".join((self.name, *_names(breadcrumb)))


def _names(breadcrumb: Breadcrumb) -> Breadcrumb:
    """The names of the properties in a breadcrumb: in the even places there is `properties` or `items`."""
    names, steps = [], iter(breadcrumb)
    for step in steps:
        if step != "items":
            names.append(next(steps, step))
    return tuple(names)


def field_name(breadcrumb: Breadcrumb) -> str:
    """A field as people write it: the names of its properties with dots between them."""
    return ".".join(_names(breadcrumb))


def read_entries(catalog: Any, source: str) -> dict[str, Entry]:
    """The entries of a parsed catalog by tap_stream_id. Raises BadInput with `source` (a file name) in its text.

    Logs a WARNING for a stream with several entries.
    """
    for error in Draft4Validator(_CATALOG).iter_errors(catalog):
        raise BadInput(f"{source}: {_mistake(list(error.path), catalog)}")
    names = Counter(_name(entry) for entry in catalog["streams"])
    for name in (name for name, count in names.items() if count > 1 and name in BY_NAME):
        LOGGER.warning("%s: %s has several entries: only the last one counts", source, name)
    return {_name(entry): _entry(entry, source) for entry in catalog["streams"]}


def _entry(fields: Mapping[str, Any], source: str) -> Entry:
    metadata = {tuple(str(step) for step in m["breadcrumb"]): m["metadata"] for m in fields.get("metadata") or []}
    raw = Entry(_name(fields), source, fields.get("schema", {}), metadata, fields)
    if raw.name not in BY_NAME:
        return raw
    clean = {
        breadcrumb: {key: raw.flag(value, breadcrumb, key) if key in _FLAGS else value for key, value in values.items()}
        for breadcrumb, values in metadata.items()
    }
    return Entry(raw.name, source, raw.schema, clean, fields)


def _mistake(path: list[Any], catalog: Any) -> str:
    """What is wrong at `path` of a catalog that does not fit `_CATALOG`."""
    if len(path) < 2:
        return 'a catalog is an object with a list "streams", as --discover prints it'
    if len(path) < 3 or path[2] not in _ENTRY_FIELDS:
        return f"entry {path[1] + 1} of streams has no tap_stream_id"
    return f'"{path[2]}" of {_name(catalog["streams"][path[1]])} must be {_ENTRY_FIELDS[path[2]]["description"]}'


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("tap_stream_id", entry.get("stream")))
