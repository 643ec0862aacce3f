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
    ordered = sorted(STREAMS, key=lambda stream: stream.name)
    return {
        "streams": [
            _entry(
                stream,
                schema(stream, exclude_personal_data=exclude_personal_data),
                stream.replication_method(replication_method),
            )
            for stream in ordered
        ]
    }


def _entry(stream: Stream, document: Schema, method: str) -> dict[str, Any]:
    return {
        "tap_stream_id": stream.name,
        "stream": stream.name,
        "key_properties": list(stream.key_properties),
        "schema": document,
        "metadata": _written_metadata(stream, document, method),
    }


def _written_metadata(stream: Stream, document: Schema, method: str) -> list[dict[str, Any]]:
    known = metadata.to_map(
        metadata.get_standard_metadata(
            schema=document,
            key_properties=list(stream.key_properties),
            # A method is forced where there is no choice, or where the setting has made it.
            replication_method=None if stream.replication_key and method == "FULL_TABLE" else method,
            valid_replication_keys=[stream.replication_key] if stream.replication_key else None,
        )
    )
    if method == "INCREMENTAL":
        metadata.write(known, ("properties", stream.replication_key), "inclusion", "automatic")
    metadata.write(known, (), "selected-by-default", stream.selected_by_default)
    if stream.parent.stream is not None:
        metadata.write(known, (), "parent-tap-stream-id", stream.parent.stream)
    # At every depth: the rules of Meltano only reach into a list if the catalog names what is in it.
    for breadcrumb in breadcrumbs(document):
        if known.get(breadcrumb, {}).get("inclusion") != "automatic":
            metadata.write(known, breadcrumb, "inclusion", "available")
            metadata.write(known, breadcrumb, "selected-by-default", True)
    return [{"breadcrumb": list(breadcrumb), "metadata": entry} for breadcrumb, entry in sorted(known.items())]
