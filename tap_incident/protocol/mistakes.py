"""What a catalog says that has no effect, because of a typing mistake. Each has a WARNING.

Source: Singer spec, section "Metadata".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from tap_incident.protocol.entries import Entry, field_name
from tap_incident.protocol.schemas import Schema, breadcrumbs, schema
from tap_incident.streams import Stream
from tap_incident.words import nearest, shown

LOGGER = logging.getLogger(__name__)

_READ = ("selected", "selected-by-default", "inclusion", "replication-method", "replication-key")
"""The keys of metadata that this tap reads."""
_FINE = frozenset(
    (*_READ, "replication_method", "replication_key", "forced-replication-method", "valid-replication-keys")
)
"""Keys that are no mistake: those of the Singer spec, and the forms of two that are read too."""
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


def log_properties(entry: Entry, document: Schema) -> None:
    """Log the fields that the catalog selects or deselects, and the stream's schema `document` does not have."""
    known = {field_name(breadcrumb): breadcrumb for breadcrumb in breadcrumbs(document)}
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


def log_excluded(selected: Mapping[Stream, Entry], source: str) -> None:
    """Log the fields that these entries select, and that the setting exclude_personal_data leaves out."""
    asked = []
    for stream, entry in selected.items():
        left = set(breadcrumbs(schema(stream, exclude_personal_data=True)))
        excluded = (breadcrumb for breadcrumb in breadcrumbs(schema(stream)) if breadcrumb not in left)
        asked += [entry.place(each) for each in excluded if entry.metadata.get(each, {}).get("selected")]
    if asked:
        more = len(asked) - _SHOWN_EXCLUDED
        text = "%s: the setting exclude_personal_data leaves out what is selected here: %s%s"
        names = ", ".join(asked[:_SHOWN_EXCLUDED])
        LOGGER.warning(text, source, names, f" and {more} others" if more > 0 else "")
