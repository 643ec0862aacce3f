"""What a catalog says that has no effect: typing mistakes, and what the tap does not follow. Each has a WARNING.

Source: Singer spec, section "Metadata".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from tap_incident.protocol.entries import Entry
from tap_incident.protocol.schemas import Schema, breadcrumbs, field_name, schema
from tap_incident.streams import BY_NAME
from tap_incident.words import nearest, shown

LOGGER = logging.getLogger(__name__)

_READ = ("selected", "selected-by-default", "inclusion", "replication-method", "replication-key")
"""The keys of metadata that this tap reads."""
_FINE = frozenset(
    (*_READ, "replication_method", "replication_key", "forced-replication-method", "valid-replication-keys")
)
"""Keys that are no mistake: those of the Singer spec, and the forms of two that are read too."""
_SHOWN = 5
_SHOWN_EXCLUDED = 10


def log_keys(entry: Entry) -> None:
    """Log the keys of metadata that are almost one of those that this tap reads: each once, with its first place."""
    places: dict[str, list[str]] = {}
    for breadcrumb, values in (*entry.metadata.items(), ((), entry.beside)):
        for key in (key for key in values if key not in _FINE):
            places.setdefault(key, []).append(entry.place(breadcrumb))
    for key, (first, *others) in places.items():
        near = nearest(key, _READ)
        if near:
            more = f" here and in {len(others)} more places" if others else ""
            LOGGER.warning(
                "%s: %s has the unknown metadata %s (did you mean %s?): ignored%s", entry.source, first, key, near, more
            )


def log_properties(entry: Entry) -> None:
    """Log the fields that the entry selects or deselects, and its stream does not have."""
    known = {field_name(breadcrumb): breadcrumb for breadcrumb in breadcrumbs(schema(BY_NAME[entry.name]))}
    unknown = []
    for breadcrumb, values in entry.metadata.items():
        name = field_name(breadcrumb)
        if not breadcrumb or values.get("selected") is None or known.get(name) == breadcrumb:
            continue
        if name in known:
            unknown.append(f"{json.dumps(breadcrumb)} (did you mean {json.dumps(known[name])}?)")
        else:
            unknown.append(shown(name, known))
    if unknown:
        LOGGER.warning("%s: %s has no property %s: skipped", entry.source, entry.name, ", ".join(unknown))


def log_overrides(entry: Entry) -> None:
    """Log what the entry says of types, formats, keys and properties of its stream, and the tap does not follow."""
    stream = BY_NAME[entry.name]
    keys = _texts(entry.root("table-key-properties") or entry.root("key-properties"))
    found = [f"key properties {', '.join(keys)}"] if keys and set(keys) != set(stream.key_properties) else []
    found += _differences(entry.schema, schema(stream))
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = "%s: %s: types, formats, keys and properties are fixed, so these have no effect: %s%s"
        LOGGER.warning(text, entry.source, entry.name, "; ".join(found[:_SHOWN]), more)


def _differences(theirs: Any, document: Schema, path: str = "") -> Iterator[str]:
    """What a catalog's schema has differently from the stream's, as texts with the path of each property."""
    if not isinstance(theirs, dict):
        return
    kinds, own = (set(_texts(part.get("type"))) - {"null"} for part in (theirs, document))
    if kinds and kinds != own:
        yield f"type {', '.join(sorted(kinds))} of {path or 'the row'}"
    elif kinds and theirs.get("format") != document.get("format"):
        yield f"format {theirs.get('format') or 'none'} of {path}"
    if "items" in document:
        yield from _differences(theirs.get("items"), document["items"], path)
    properties = theirs.get("properties")
    for name, part in properties.items() if isinstance(properties, dict) and "properties" in document else ():
        inner = f"{path}.{name}" if path else name
        if name in document["properties"]:
            yield from _differences(part, document["properties"][name], inner)
        else:
            yield f"property {inner}"


def _texts(value: Any) -> list[str]:
    """A text, or the texts in a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def log_excluded(entries: Sequence[Entry], source: str) -> None:
    """Log the fields that these entries select, and that the setting exclude_personal_data leaves out."""
    asked = []
    for entry in entries:
        left = set(breadcrumbs(schema(BY_NAME[entry.name], exclude_personal_data=True)))
        excluded = (each for each in breadcrumbs(schema(BY_NAME[entry.name])) if each not in left)
        asked += [entry.place(each) for each in excluded if entry.metadata.get(each, {}).get("selected")]
    if asked:
        more = len(asked) - _SHOWN_EXCLUDED
        text = "%s: the setting exclude_personal_data leaves out what is selected here: %s%s"
        names = ", ".join(asked[:_SHOWN_EXCLUDED])
        LOGGER.warning(text, source, names, f" and {more} others" if more > 0 else "")
