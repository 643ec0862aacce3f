"""Selection: the streams and fields that a catalog or the setting `streams` selects.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.protocol.entries import Entry, Metadata, first, read_entries
from tap_incident.protocol.mistakes import log_excluded, log_keys, log_overrides, log_properties
from tap_incident.protocol.schemas import Breadcrumb, Schema, breadcrumbs, field_name, schema
from tap_incident.settings import REPLICATION_METHODS
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tap_incident.words import shown

LOGGER = logging.getLogger(__name__)

_WITHOUT = "!"
_DEFAULT = "default"


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
    `streams` is the setting (see `_entries_of`), and so is `exclude_personal_data` (see `schema`).
    Raises BadInput if the file is not a catalog, or asks for a replication method that a stream does not support.
    Logs a WARNING for streams that the tap does not have, and skips them.
    """
    if catalog is None:
        entries, missing = _entries_of(streams, source), unknown(streams)
    else:
        entries = read_entries(catalog, source)
        missing = [shown(name, BY_NAME) for name in sorted(entries) if name not in BY_NAME]
    if missing:
        LOGGER.warning("%s: this tap has no stream %s: skipped", source, ", ".join(missing))
    known = [entries[stream.name] for stream in STREAMS if stream.name in entries]
    only_explicit = old_form and any(entry.in_schema() for entry in entries.values())
    for entry in known:
        log_keys(entry)
    selected = [entry for entry in known if _stream_selected(entry, only_explicit)]
    if exclude_personal_data:
        log_excluded(selected, source)
    keys = {entry.name: _replication_key(entry, replication_method) for entry in selected}
    return {entry.name: _selected(entry, keys[entry.name], exclude_personal_data) for entry in selected}


def _entries_of(patterns: Sequence[str], source: str) -> dict[str, Entry]:
    """Entries for the streams that the setting `streams` names. Those that only a `*` matches are not explicit.

    `patterns` are names, names with `*`, `default` for the default streams, and each of them after `!` for streams to
    leave out, in any order. Without a name to read, all default streams are read, except the ones to leave out.
    """
    stripped = [pattern.strip() for pattern in patterns]
    left_out = [pattern[1:].strip() for pattern in stripped if pattern.startswith(_WITHOUT)]
    read = [pattern for pattern in stripped if not pattern.startswith(_WITHOUT)]
    names = _matches(read or [_DEFAULT]) - _matches(left_out)
    explicit: Metadata = {(): {"selected": True}}
    return {name: Entry(name, source, {}, explicit if name in read else {}, {}) for name in names}


def unknown(patterns: Sequence[str]) -> list[str]:
    """The patterns that match no stream, each with the nearest name: nothing of what they mean is read or left out."""
    names = (pattern.strip().removeprefix(_WITHOUT).strip() for pattern in patterns)
    return [shown(name, BY_NAME) for name in names if not _matches([name])]


def _matches(patterns: Sequence[str]) -> set[str]:
    found = {name for pattern in patterns for name in BY_NAME if fnmatchcase(name, pattern)}
    if _DEFAULT in patterns:
        found |= {stream.name for stream in STREAMS if stream.selected_by_default}
    return found


def _replication_key(entry: Entry, setting: str) -> str | None:
    """The replication key of an INCREMENTAL stream. The catalog's replication-method goes before the setting."""
    stream = BY_NAME[entry.name]
    supported = REPLICATION_METHODS if stream.replication_key else ("FULL_TABLE",)
    method, key = entry.root("replication-method"), entry.root("replication-key")
    if method not in (None, *supported):
        raise BadInput(f'{entry.source}: "replication-method" of {entry.name} must be {" or ".join(supported)}')
    if method == "INCREMENTAL" and key not in (None, stream.replication_key):
        raise BadInput(f'{entry.source}: "replication-key" of {entry.name} must be {stream.replication_key}')
    return stream.replication_key if (method or setting) == "INCREMENTAL" else None


def _stream_selected(entry: Entry, only_explicit: bool) -> bool:
    said = entry.selected()
    if said is not None:
        return said
    if only_explicit:
        return False
    if entry.metadata and () not in entry.metadata:
        text = '%s: %s has metadata of fields, but none of its own ("breadcrumb": []): not selected'
        LOGGER.warning(text, entry.source, entry.name)
    return bool(entry.metadata.get((), {}).get("selected-by-default")) if entry.metadata else True


def _selected(entry: Entry, replication_key: str | None, exclude_personal_data: bool) -> Selected:
    stream = BY_NAME[entry.name]
    automatic = (*stream.key_properties, *([replication_key] if replication_key else []))
    document = _cut(schema(stream, exclude_personal_data=exclude_personal_data), entry, automatic)
    log_properties(entry)
    log_overrides(entry)
    explicit_fields = frozenset(
        breadcrumb[1]
        for breadcrumb, values in entry.metadata.items()
        if breadcrumb[:1] == ("properties",) and breadcrumb[1:] and values.get("selected")
    )
    explicit = entry.selected() is True
    return Selected(stream, document, explicit, explicit_fields, replication_key, exclude_personal_data)


def _cut(full: Schema, entry: Entry, automatic: Sequence[str]) -> Schema:
    """What is left of the stream's schema, at every depth, after selection. The properties `automatic` always come.

    A property that the catalog's own schema lacks is not selected. An object that would lose all of its properties
    keeps them. Both are logged.
    """
    keys: Metadata = {("properties", key): {"inclusion": "automatic", "selected": True} for key in automatic}
    metadata = {**entry.metadata, **keys}
    document, absent, emptied = copy.deepcopy(full), set(), []
    for breadcrumb in breadcrumbs(full):
        above, name = breadcrumb[:-1], breadcrumb[-1]
        siblings, listed = _part(document, above), _part(entry.schema, above)
        if name not in siblings:
            continue
        selected = _field_selected(entry, breadcrumb, metadata.get(breadcrumb, {}))
        if selected is None and listed and name not in listed:
            absent.add(field_name(breadcrumb))
            selected = False
        if selected is False:
            del siblings[name]
        if not siblings:
            emptied.append(above)
    if absent:
        LOGGER.info(
            "%s: %s lacks %s, which this version can read. Left out; run --discover for a catalog with all properties.",
            entry.source,
            entry.name,
            ", ".join(sorted(absent)),
        )
    for above in emptied:
        _part(document, above).update(_part(full, above))
        text = "%s: %s is selected with none of its properties: all of them are read"
        LOGGER.warning(text, entry.source, entry.place(above[:-1]))
    return document


def _part(document: Any, breadcrumb: Breadcrumb) -> dict[str, Any]:
    """The object at a place of a schema, which may be anything; an empty one if there is none."""
    for step in breadcrumb:
        document = document.get(step) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _field_selected(entry: Entry, breadcrumb: Breadcrumb, values: Mapping[str, Any]) -> bool | None:
    """Whether the catalog selects a field whose metadata are `values`; None if it does not say."""
    old = _part(entry.schema, breadcrumb)
    if values.get("inclusion", old.get("inclusion")) == "unsupported":
        return False
    in_schema = entry.flag(old.get("selected"), breadcrumb)
    said: bool | None = first((values.get("selected"), in_schema, values.get("selected-by-default")))
    return said
