"""Selection: the streams and fields that a catalog or the setting `streams` selects.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.protocol.entries import Breadcrumb, Entry, Metadata, field_name, read_entries
from tap_incident.protocol.mistakes import log_excluded, log_keys, log_overrides, log_properties
from tap_incident.protocol.schemas import Schema, schema
from tap_incident.protocol.wanted import wanted
from tap_incident.settings import REPLICATION_METHODS
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tap_incident.words import shown

LOGGER = logging.getLogger(__name__)


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
    exclude_personal_data: bool = False
    """True if the schema lacks personal data."""


Selection = Mapping[str, Selected]
"""Selected streams by tap_stream_id, in the order of the stream table."""


def select(
    catalog: Any = None,
    *,
    source: str = "catalog",
    old_form: bool = False,
    replication_method: str = "FULL_TABLE",
    streams: Sequence[str] = (),
    exclude_personal_data: bool = False,
) -> Selection:
    """The selection of `catalog` (the parsed file; None: no file, so `streams` or else the default streams).

    `source` names the file in messages. `old_form` is for --properties: if such a file has `selected` inside a
    schema, it selects only those streams. `replication_method` applies to streams for which the catalog has none.
    `streams` is the setting (see `wanted`), and so is `exclude_personal_data` (see `schema`).
    Raises BadInput if the file is not a catalog, or asks for a replication method that a stream does not support.
    Logs a WARNING for streams that the tap does not have, and skips them.
    """
    if catalog is None:
        chosen = {BY_NAME[name]: named for name, named in wanted(streams, source).items()}
        documents = {stream: schema(stream, exclude_personal_data=exclude_personal_data) for stream in chosen}
        keys = {stream: _key(stream, replication_method) for stream in chosen}
        return {
            s.name: Selected(s, documents[s], named, frozenset(), keys[s], exclude_personal_data)
            for s, named in chosen.items()
        }
    entries = read_entries(catalog, source)
    unknown = [shown(name, BY_NAME) for name in sorted(entries) if name not in BY_NAME]
    if unknown:
        LOGGER.warning("%s: this tap has no stream %s: skipped", source, ", ".join(unknown))
    known = {stream: entries[stream.name] for stream in STREAMS if stream.name in entries}
    only_explicit = old_form and any(entry.in_schema() for entry in entries.values())
    for entry in known.values():
        log_keys(entry)
    selected = {stream: entry for stream, entry in known.items() if _stream_selected(entry, only_explicit)}
    if exclude_personal_data:
        log_excluded(selected, source)
    keys = {stream: _key(stream, _method(stream, entry) or replication_method) for stream, entry in selected.items()}
    return {s.name: _selected(s, entry, keys[s], exclude_personal_data) for s, entry in selected.items()}


def _key(stream: Stream, method: str) -> str | None:
    return stream.replication_key if stream.replication_method(method) == "INCREMENTAL" else None


def _method(stream: Stream, entry: Entry) -> str | None:
    """The stream's replication-method in the catalog; None if it has none, so that the setting applies."""
    method, key = entry.root("replication-method"), entry.root("replication-key")
    if method is not None and (method not in REPLICATION_METHODS or stream.replication_method(method) != method):
        supported = " or ".join(dict.fromkeys(stream.replication_method(method) for method in REPLICATION_METHODS))
        raise BadInput(f'{entry.source}: "replication-method" of {stream.name} must be {supported}')
    if method == "INCREMENTAL" and key not in (None, stream.replication_key):
        raise BadInput(f'{entry.source}: "replication-key" of {stream.name} must be {stream.replication_key}')
    return str(method) if method else None


def _stream_selected(entry: Entry, only_explicit: bool) -> bool:
    said = entry.selected()
    if said is not None:
        return said
    if only_explicit:
        return False
    if entry.metadata and () not in entry.metadata:
        LOGGER.warning(
            '%s: %s has metadata of fields, but none of its own ("breadcrumb": []): not selected',
            entry.source,
            entry.name,
        )
    return bool(entry.metadata.get((), {}).get("selected-by-default")) if entry.metadata else True


@dataclass(frozen=True)
class _Fields:
    """What a catalog says about the fields of a stream, and what there is to log about it."""

    stream: Stream
    entry: Entry
    document: Schema
    """The stream's schema before selection."""
    metadata: Metadata
    """The entry's, except for keys: they always come."""
    absent: set[str] = field(default_factory=set)
    """Fields that the catalog's own schema lacks."""
    whole: list[str] = field(default_factory=list)
    """Objects that are selected with none of their properties."""


def _selected(stream: Stream, entry: Entry, replication_key: str | None, exclude_personal_data: bool) -> Selected:
    document = schema(stream, exclude_personal_data=exclude_personal_data)
    automatic = (*stream.key_properties, *([replication_key] if replication_key else []))
    keys: Metadata = {("properties", key): {"inclusion": "automatic", "selected": True} for key in automatic}
    fields = _Fields(stream, entry, copy.deepcopy(document), {**entry.metadata, **keys})
    _cut(document, entry.schema, (), fields)
    _log(fields)
    explicit_fields = frozenset(
        breadcrumb[1]
        for breadcrumb, values in entry.metadata.items()
        if breadcrumb[:1] == ("properties",) and breadcrumb[1:] and values.get("selected")
    )
    explicit = entry.selected() is True
    return Selected(stream, document, explicit, explicit_fields, replication_key, exclude_personal_data)


def _log(fields: _Fields) -> None:
    """Log where the catalog and the stream's schema differ."""
    source, name = fields.entry.source, fields.stream.name
    if fields.absent:
        LOGGER.info(
            "%s: %s lacks %s, which this version can read. Left out; run --discover for a catalog with all properties.",
            source,
            name,
            ", ".join(sorted(fields.absent)),
        )
    for path in fields.whole:
        LOGGER.warning("%s: %s.%s is selected with none of its properties: all of them are read", source, name, path)
    log_properties(fields.entry, schema(fields.stream))
    log_overrides(fields.entry, schema(fields.stream), fields.stream.key_properties)


def _cut(document: Schema, theirs: Any, breadcrumb: Breadcrumb, fields: _Fields) -> None:
    """Remove from `document`, in place and at every depth, what is not selected.

    `theirs` is the same part of the catalog's own schema. A property that it lacks is not selected; its name is added
    to `fields.absent`. An object that would lose all of its properties keeps them; its name is added to `fields.whole`.
    """
    theirs = theirs if isinstance(theirs, dict) else {}
    if isinstance(document.get("items"), dict):
        _cut(document["items"], theirs.get("items"), (*breadcrumb, "items"), fields)
    properties = document.get("properties", {})
    listed = theirs.get("properties")
    listed = listed if isinstance(listed, dict) else {}
    for name in list(properties):
        here = (*breadcrumb, "properties", name)
        their_own = listed.get(name)
        selected = _field_selected(here, their_own, fields)
        if selected is None and listed and name not in listed:
            fields.absent.add(field_name(here))
            selected = False
        if selected is False:
            del properties[name]
        else:
            _cut(properties[name], their_own, here, fields)
    if "properties" in document and not properties:
        fields.whole.append(field_name(breadcrumb))
        properties.update(_part(fields.document, breadcrumb)["properties"])


def _part(document: Schema, breadcrumb: Breadcrumb) -> Schema:
    for step in breadcrumb:
        document = document[step]
    return document


def _field_selected(breadcrumb: Breadcrumb, their_own: Any, fields: _Fields) -> bool | None:
    """Whether the catalog selects a field; None if it does not say."""
    values = fields.metadata.get(breadcrumb, {})
    old = their_own if isinstance(their_own, dict) else {}
    if values.get("inclusion", old.get("inclusion")) == "unsupported":
        return False
    in_schema = fields.entry.flag(old.get("selected"), breadcrumb)
    said = (values.get("selected"), in_schema, values.get("selected-by-default"))
    return next((value for value in said if value is not None), None)
