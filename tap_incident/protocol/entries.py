"""The entries of a catalog file: checked, and in one form for every kind of file.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.protocol.schemas import Breadcrumb, field_name
from tap_incident.streams import BY_NAME
from tap_incident.words import truth

LOGGER = logging.getLogger(__name__)

_FLAGS = ("selected", "selected-by-default")

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
        return first(place.get(name) for place in places for name in (key, key.replace("-", "_")))

    def selected(self) -> bool | None:
        """What the entry says about its stream, in the metadata, in the schema or beside both; None if nothing."""
        outside = [self.flag(place.get("selected"), ()) for place in (self.schema, self.beside)]
        said: bool | None = first((self.metadata.get((), {}).get("selected"), *outside))
        return said

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
        return f"{self.name}.{field_name(breadcrumb)}" if breadcrumb else self.name


def first(values: Iterable[Any]) -> Any:
    """The first value that is not None; None if there is none."""
    return next((value for value in values if value is not None), None)


def read_entries(catalog: Any, source: str) -> dict[str, Entry]:
    """The entries of a parsed catalog by tap_stream_id. Raises BadInput with `source` (a file name) in its text.

    Logs a WARNING for a stream with several entries.
    """
    mistake = _mistake(catalog)
    if mistake:
        raise BadInput(f"{source}: {mistake}")
    names = Counter(_name(entry) for entry in catalog["streams"])
    for name in (name for name, count in names.items() if count > 1 and name in BY_NAME):
        LOGGER.warning("%s: %s has several entries: only the last one counts", source, name)
    return {_name(entry): _entry(entry, source) for entry in catalog["streams"]}


def _mistake(catalog: Any) -> str | None:
    """What is wrong with the form of a catalog; None if nothing is."""
    if not isinstance(catalog, dict) or not isinstance(catalog.get("streams"), list):
        return 'a catalog is an object with a list "streams", as --discover prints it'
    for number, entry in enumerate(catalog["streams"], 1):
        fields = entry if isinstance(entry, dict) else {}
        if not isinstance(fields.get("schema", {}), dict):
            return f'"schema" of {_name(fields)} must be an object'
        metadata = [] if fields.get("metadata") is None else fields["metadata"]
        if not isinstance(metadata, list) or not all(_is_metadata(item) for item in metadata):
            return f'"metadata" of {_name(fields)} must be a list of {{"breadcrumb": [], "metadata": {{}}}}'
        if not isinstance(fields.get("tap_stream_id", fields.get("stream")), str):
            return f"entry {number} of streams has no tap_stream_id"
    return None


def _is_metadata(item: Any) -> bool:
    return (
        isinstance(item, dict) and isinstance(item.get("breadcrumb"), list) and isinstance(item.get("metadata"), dict)
    )


def _entry(fields: Mapping[str, Any], source: str) -> Entry:
    metadata = {tuple(str(step) for step in m["breadcrumb"]): dict(m["metadata"]) for m in fields.get("metadata") or []}
    entry = Entry(_name(fields), source, fields.get("schema", {}), metadata, fields)
    for breadcrumb, values in metadata.items() if entry.name in BY_NAME else ():
        for key, value in values.items():
            if key in _FLAGS:
                values[key] = entry.flag(value, breadcrumb, key)
    return entry


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("tap_stream_id", entry.get("stream")))
