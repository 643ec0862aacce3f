"""Selection: which streams, and which parts of their schemas, a catalog asks for.

Source: Singer spec, section "Metadata", and its older form with `selected` inside the schema.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.protocol.catalog import Schema, schema
from tap_incident.streams import BY_NAME, METHODS, STREAMS, Stream

LOGGER = logging.getLogger(__name__)

Breadcrumb = tuple[str, ...]
Metadata = Mapping[Breadcrumb, Mapping[str, Any]]


@dataclass(frozen=True)
class Selected:
    """A selected stream: what its SCHEMA message says, and what of it somebody asked for by name."""

    stream: Stream
    schema: Schema
    named: bool = False
    """Whether the catalog says `selected: true`, rather than nothing."""
    named_fields: frozenset[str] = frozenset()
    replication_key: str | None = None
    """None if the stream is read whole."""


Selection = Mapping[str, Selected]
"""By tap_stream_id, in the order of the stream table."""


def select(
    catalog: Any = None, *, source: str = "catalog", old_form: bool = False, replication_method: str = "FULL_TABLE"
) -> Selection:
    """What `catalog` (the parsed file; None: no file) selects.

    `old_form` is for a file given as --properties: if it selects any stream inside a schema, it means only those.
    `replication_method` is for the streams of which the catalog doesn't say it.
    Raises BadInput if the file has not the form of a catalog, or replicates a stream in a way that it can't be; skips a
    stream it doesn't know with a WARNING.
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
    only_named = old_form and any(_in_schema(entry) for entry in entries.values())
    chosen = {}
    for stream in STREAMS:
        entry = entries.get(stream.name)
        if entry is not None and _stream_selected(entry, only_named):
            method = _method(stream, entry["metadata"].get((), {}), source) or replication_method
            chosen[stream.name] = _selected(stream, entry, source, _key(stream, method))
    return chosen


def _key(stream: Stream, method: str) -> str | None:
    return stream.replication_key if stream.method(method) == "INCREMENTAL" else None


def _method(stream: Stream, about: Mapping[str, Any], source: str) -> str | None:
    """The replication-method that the catalog chooses for a stream, None if it leaves that to the settings."""
    method, key = about.get("replication-method"), about.get("replication-key")
    if method is not None and (method not in METHODS or stream.method(method) != method):
        can = " or ".join(dict.fromkeys(stream.method(method) for method in METHODS))
        raise BadInput(f'{source}: "replication-method" of {stream.name} must be {can}')
    if method == "INCREMENTAL" and key not in (None, stream.replication_key):
        raise BadInput(f'{source}: "replication-key" of {stream.name} must be {stream.replication_key}')
    return method


def _entries(catalog: Any, source: str) -> Iterable[tuple[str, dict[str, Any]]]:
    entries = catalog.get("streams") if isinstance(catalog, dict) else None
    if not isinstance(entries, list):
        raise BadInput(f'{source}: a catalog is an object with a list "streams", as --discover prints it')
    for number, entry in enumerate(entries, 1):
        name = entry.get("tap_stream_id", entry.get("stream")) if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise BadInput(f"{source}: entry {number} of streams has no tap_stream_id")
        if not isinstance(entry.get("schema", {}), dict):
            raise BadInput(f'{source}: "schema" of {name} must be an object')
        yield name, {"schema": entry.get("schema") or {}, "metadata": _metadata(entry, name, source)}


def _metadata(entry: Mapping[str, Any], name: str, source: str) -> Metadata:
    found = {}
    items = entry.get("metadata") or []
    for item in items if isinstance(items, list) else [None]:
        breadcrumb = item.get("breadcrumb") if isinstance(item, dict) else None
        values = item.get("metadata") if isinstance(item, dict) else None
        if not isinstance(breadcrumb, list) or not isinstance(values, dict):
            raise BadInput(f'{source}: "metadata" of {name} must be a list of {{"breadcrumb": [], "metadata": {{}}}}')
        found[tuple(str(part) for part in breadcrumb)] = values
    return found


def _in_schema(entry: Mapping[str, Any]) -> bool:
    return entry["schema"].get("selected") is True


def _stream_selected(entry: Mapping[str, Any], only_named: bool) -> bool:
    about = entry["metadata"].get((), {})
    for said in (about.get("selected"), entry["schema"].get("selected")):
        if said is not None:
            return bool(said)
    if only_named:
        return False
    return bool(about.get("selected-by-default")) if entry["metadata"] else True


def _selected(stream: Stream, entry: Mapping[str, Any], source: str, replication_key: str | None) -> Selected:
    about: Metadata = entry["metadata"]
    document, absent = schema(stream), set[str]()
    automatic = (*stream.key_properties, *([replication_key] if replication_key else []))
    keys: Metadata = {("properties", key): {"inclusion": "automatic", "selected": True} for key in automatic}
    _cut(document, entry["schema"], {**about, **keys}, (), absent)
    if absent:
        LOGGER.info(
            "%s: %s has no %s, which this version can read: left out. --discover prints a catalog with all of them.",
            source,
            stream.name,
            ", ".join(sorted(absent)),
        )
    named = {at[1] for at, values in about.items() if at[:1] == ("properties",) and at[1:] and values.get("selected")}
    is_named = about.get((), {}).get("selected") is True or _in_schema(entry)
    return Selected(stream, document, is_named, frozenset(named), replication_key)


def _cut(document: Schema, theirs: Any, about: Metadata, at: Breadcrumb, absent: set[str]) -> None:
    """Take out of `document`, in place and at every depth, what isn't selected.

    `theirs` is the same part of the catalog's own schema: a property that it doesn't list was not asked for.
    """
    theirs = theirs if isinstance(theirs, dict) else {}
    if isinstance(document.get("items"), dict):
        _cut(document["items"], theirs.get("items"), about, (*at, "items"), absent)
    properties = document.get("properties", {})
    listed = theirs.get("properties")
    listed = listed if isinstance(listed, dict) else {}
    for name in list(properties):
        here = (*at, "properties", name)
        their_own = listed.get(name)
        said = _said(about.get(here, {}), their_own)
        if said is None and listed and name not in listed:
            absent.add(".".join(part for part in here if part not in ("properties", "items")))
            said = False
        if said is False:
            del properties[name]
        else:
            _cut(properties[name], their_own, about, here, absent)


def _said(values: Mapping[str, Any], their_own: Any) -> bool | None:
    """What a catalog says of a field: True or False, None if nothing."""
    old = their_own if isinstance(their_own, dict) else {}
    if values.get("inclusion", old.get("inclusion")) == "unsupported":
        return False
    for said in (values.get("selected"), old.get("selected"), values.get("selected-by-default")):
        if said is not None:
            return bool(said)
    return None
