"""Discovery: the catalog, made only from the table of streams and the bundled schemas."""

from __future__ import annotations

from typing import Any

from singer import metadata

from tap_incident.protocol.schemas import Schema, breadcrumbs, schema
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
    known = metadata.to_map(
        metadata.get_standard_metadata(
            schema=document,
            key_properties=list(stream.key_properties),
            # A method is forced where there is no choice, or where the setting has made it.
            replication_method=None if key and method == "FULL_TABLE" else method,
            valid_replication_keys=[key] if key else None,
        )
    )
    if method == "INCREMENTAL":
        metadata.write(known, ("properties", key), "inclusion", "automatic")
    metadata.write(known, (), "selected-by-default", stream.selected_by_default)
    if stream.parent.stream is not None:
        metadata.write(known, (), "parent-tap-stream-id", stream.parent.stream)
    # At every depth: the rules of Meltano only reach into a list if the catalog names what is in it.
    for breadcrumb in breadcrumbs(document):
        if known.get(breadcrumb, {}).get("inclusion") != "automatic":
            metadata.write(known, breadcrumb, "inclusion", "available")
            metadata.write(known, breadcrumb, "selected-by-default", True)
    return [{"breadcrumb": list(breadcrumb), "metadata": entry} for breadcrumb, entry in sorted(known.items())]
