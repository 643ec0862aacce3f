"""Selection: the streams and fields that a catalog selects.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft4Validator

from tap_incident.config import REPLICATION_METHODS
from tap_incident.errors import BadInput
from tap_incident.protocol.schemas import Schema, schema
from tap_incident.streams import BY_NAME, STREAMS, Stream

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

Breadcrumb = tuple[str, ...]
Metadata = Mapping[Breadcrumb, Mapping[str, Any]]


@dataclass(frozen=True)
class Selected:
    """A selected stream: its schema after selection, and what the catalog selects explicitly."""

    stream: Stream
    schema: Schema
    explicit: bool = False
    """True if the catalog says `selected: true`; False if the stream is only selected by default."""
    explicit_fields: frozenset[str] = frozenset()
    """Top-level properties with `selected: true`."""
    replication_key: str | None = None
    """None for a full refresh."""


Selection = Mapping[str, Selected]
"""Selected streams by tap_stream_id, in the order of the stream table."""


def select(
    catalog: Any = None, *, source: str = "catalog", old_form: bool = False, replication_method: str = "FULL_TABLE"
) -> Selection:
    """The selection of `catalog` (the parsed file; None: no file, so the default streams).

    `source` names the file in messages. `old_form` is for --properties: if such a file has `selected` inside a
    schema, it selects only those streams. `replication_method` applies to streams for which the catalog has none.
    Raises BadInput if the file is not a catalog, or asks for a replication method that a stream does not support.
    Logs a WARNING for streams that the tap does not have, and skips them.
    """
    if catalog is None:
        return {
            s.name: Selected(s, schema(s), replication_key=_key(s, replication_method))
            for s in STREAMS
            if s.selected_by_default
        }
    entries = dict(_entries(catalog, source))
    unknown = [name for name in entries if name not in BY_NAME]
    if unknown:
        LOGGER.warning("%s: this tap has no stream %s: skipped", source, ", ".join(sorted(unknown)))
    only_explicit = old_form and any(_in_schema(entry) for entry in entries.values())
    chosen = {}
    for stream in STREAMS:
        entry = entries.get(stream.name)
        if entry is not None and _stream_selected(entry, only_explicit):
            method = _method(stream, entry["metadata"].get((), {}), source) or replication_method
            chosen[stream.name] = _selected(stream, entry, source, _key(stream, method))
    return chosen


def _key(stream: Stream, method: str) -> str | None:
    return stream.replication_key if stream.replication_method(method) == "INCREMENTAL" else None


def _method(stream: Stream, root: Mapping[str, Any], source: str) -> str | None:
    """The stream's replication-method in the catalog; None if it has none, so that the setting applies."""
    method, key = root.get("replication-method"), root.get("replication-key")
    if method is not None and (method not in REPLICATION_METHODS or stream.replication_method(method) != method):
        supported = " or ".join(dict.fromkeys(stream.replication_method(method) for method in REPLICATION_METHODS))
        raise BadInput(f'{source}: "replication-method" of {stream.name} must be {supported}')
    if method == "INCREMENTAL" and key not in (None, stream.replication_key):
        raise BadInput(f'{source}: "replication-key" of {stream.name} must be {stream.replication_key}')
    return method


def _entries(catalog: Any, source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(tap_stream_id, its schema and metadata) of each catalog entry. Raises BadInput."""
    for error in Draft4Validator(_CATALOG).iter_errors(catalog):
        raise BadInput(f"{source}: {_mistake(list(error.path), catalog)}")
    for entry in catalog["streams"]:
        metadata = {tuple(str(step) for step in m["breadcrumb"]): m["metadata"] for m in entry.get("metadata") or []}
        yield _name(entry), {"schema": entry.get("schema", {}), "metadata": metadata}


def _mistake(path: list[Any], catalog: Any) -> str:
    """What is wrong at `path` of a catalog that does not fit `_CATALOG`."""
    if len(path) < 2:
        return 'a catalog is an object with a list "streams", as --discover prints it'
    if len(path) < 3 or path[2] not in _ENTRY_FIELDS:
        return f"entry {path[1] + 1} of streams has no tap_stream_id"
    return f'"{path[2]}" of {_name(catalog["streams"][path[1]])} must be {_ENTRY_FIELDS[path[2]]["description"]}'


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("tap_stream_id", entry.get("stream")))


def _in_schema(entry: Mapping[str, Any]) -> bool:
    return entry["schema"].get("selected") is True


def _stream_selected(entry: Mapping[str, Any], only_explicit: bool) -> bool:
    root = entry["metadata"].get((), {})
    for value in (root.get("selected"), entry["schema"].get("selected")):
        if value is not None:
            return bool(value)
    if only_explicit:
        return False
    return bool(root.get("selected-by-default")) if entry["metadata"] else True


def _selected(stream: Stream, entry: Mapping[str, Any], source: str, replication_key: str | None) -> Selected:
    metadata: Metadata = entry["metadata"]
    document, absent = schema(stream), set[str]()
    automatic = (*stream.key_properties, *([replication_key] if replication_key else []))
    keys: Metadata = {("properties", key): {"inclusion": "automatic", "selected": True} for key in automatic}
    _cut(document, entry["schema"], {**metadata, **keys}, (), absent)
    if absent:
        LOGGER.info(
            "%s: %s lacks %s, which this version can read. Left out; run --discover for a catalog with all properties.",
            source,
            stream.name,
            ", ".join(sorted(absent)),
        )
    fields = frozenset(
        breadcrumb[1]
        for breadcrumb, values in metadata.items()
        if breadcrumb[:1] == ("properties",) and breadcrumb[1:] and values.get("selected")
    )
    explicit = metadata.get((), {}).get("selected") is True or _in_schema(entry)
    return Selected(stream, document, explicit, fields, replication_key)


def _cut(document: Schema, theirs: Any, metadata: Metadata, breadcrumb: Breadcrumb, absent: set[str]) -> None:
    """Remove from `document`, in place and at every depth, what is not selected.

    `theirs` is the same part of the catalog's own schema. A property that it lacks is not selected; its name is added
    to `absent`.
    """
    theirs = theirs if isinstance(theirs, dict) else {}
    if isinstance(document.get("items"), dict):
        _cut(document["items"], theirs.get("items"), metadata, (*breadcrumb, "items"), absent)
    properties = document.get("properties", {})
    listed = theirs.get("properties")
    listed = listed if isinstance(listed, dict) else {}
    for name in list(properties):
        here = (*breadcrumb, "properties", name)
        their_own = listed.get(name)
        selected = _field_selected(metadata.get(here, {}), their_own)
        if selected is None and listed and name not in listed:
            absent.add(".".join(step for step in here if step not in ("properties", "items")))
            selected = False
        if selected is False:
            del properties[name]
        else:
            _cut(properties[name], their_own, metadata, here, absent)


def _field_selected(values: Mapping[str, Any], their_own: Any) -> bool | None:
    """Whether the catalog selects a field; None if it does not say."""
    old = their_own if isinstance(their_own, dict) else {}
    if values.get("inclusion", old.get("inclusion")) == "unsupported":
        return False
    for value in (values.get("selected"), old.get("selected"), values.get("selected-by-default")):
        if value is not None:
            return bool(value)
    return None
