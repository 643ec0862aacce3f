"""Discovery: the catalog, made only from the table of streams and the bundled schemas."""

from __future__ import annotations

from typing import Any

from tap_incident.protocol.schemas import Breadcrumb, Schema, breadcrumbs, schema
from tap_incident.streams import STREAMS, Stream


def discover(replication_method: str = "FULL_TABLE", *, exclude_personal_data: bool = False) -> dict[str, Any]:
    """The catalog: `{"streams": [...]}`, sorted by tap_stream_id, the same in each call.

    Streams that can be incremental say so. With "INCREMENTAL", they are set to it; all others are FULL_TABLE.
    `exclude_personal_data` is the setting (see `schema`).
    Source: Singer spec, sections "Discovery mode" and "Metadata".
    """
    entries = []
    for stream in sorted(STREAMS, key=lambda stream: stream.name):
        document = schema(stream, exclude_personal_data=exclude_personal_data)
        entry = {
            "tap_stream_id": stream.name,
            "stream": stream.name,
            "key_properties": list(stream.key_properties),
            "schema": document,
            "metadata": _metadata(stream, document, replication_method),
        }
        entries.append(entry)
    return {"streams": entries}


def _metadata(stream: Stream, document: Schema, replication_method: str) -> list[dict[str, Any]]:
    key = stream.replication_key
    method = replication_method if key else "FULL_TABLE"
    root: dict[str, Any] = {"table-key-properties": list(stream.key_properties)}
    # A method is forced where there is no choice, or where the setting has made it.
    if not key or method == "INCREMENTAL":
        root["forced-replication-method"] = method
    if key:
        root["valid-replication-keys"] = [key]
    root |= {"inclusion": "available", "selected-by-default": stream.selected_by_default}
    if stream.parent.stream is not None:
        root["parent-tap-stream-id"] = stream.parent.stream
    found: dict[Breadcrumb, dict[str, Any]] = {(): root}
    # At every depth: the rules of Meltano only reach into a list if the catalog names what is in it.
    for breadcrumb in breadcrumbs(document):
        found[breadcrumb] = {"inclusion": "available", "selected-by-default": True}
    for name in (*stream.key_properties, *([key] if key and method == "INCREMENTAL" else [])):
        found["properties", name] = {"inclusion": "automatic"}
    return [{"breadcrumb": list(breadcrumb), "metadata": entry} for breadcrumb, entry in sorted(found.items())]
