"""Discovery: the catalog, from the table of streams and the bundled schemas alone."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from singer import metadata
from singer.transform import resolve_schema_references

from tap_incident.streams import STREAMS, Stream

Schema = dict[str, Any]


@cache
def _sources() -> dict[str, str]:
    """Text of each schema file, by the path that a `$ref` names it with."""
    package = Path(__file__).resolve().parents[1]
    # Inside the package where that is installed; beside it in a checkout or an editable install.
    folder = next(folder for folder in (package / "schemas", package.parent / "schemas") if folder.is_dir())
    return {file.relative_to(folder).as_posix(): file.read_text("utf-8") for file in folder.rglob("*.json")}


def schema(stream: Stream) -> Schema:
    """The stream's JSON Schema (Draft 4) with all references resolved; a new object at each call.

    In the files all may be null, since rows can be nested too; here a row is there, and so are its key properties.
    """
    # Types that are used twice are one object once resolved; a selection would cut them for both. Not so in a text.
    parsed: Schema = json.loads(_resolved(stream.name))
    for part in (parsed, *(parsed["properties"][key] for key in stream.key_properties)):
        part["type"].remove("null")
    return parsed


@cache
def _resolved(name: str) -> str:
    sources = {path: json.loads(text) for path, text in _sources().items()}
    return json.dumps(resolve_schema_references(sources[f"{name}.json"], sources))


def discover(replication_method: str = "FULL_TABLE") -> dict[str, Any]:
    """The catalog: `{"streams": [...]}`, sorted by tap_stream_id, the same at each call.

    With "INCREMENTAL", the streams that can be are replicated so.
    Source: Singer spec, sections "Discovery mode" and "Metadata".
    """
    ordered = sorted(STREAMS, key=lambda stream: stream.name)
    return {"streams": [_entry(stream, stream.method(replication_method)) for stream in ordered]}


def _entry(stream: Stream, method: str) -> dict[str, Any]:
    document = schema(stream)
    return {
        "tap_stream_id": stream.name,
        "stream": stream.name,
        "key_properties": list(stream.key_properties),
        "schema": document,
        "metadata": _metadata(stream, document, method),
    }


def _metadata(stream: Stream, document: Schema, method: str) -> list[dict[str, Any]]:
    known = metadata.to_map(
        metadata.get_standard_metadata(
            schema=document,
            key_properties=list(stream.key_properties),
            replication_method=method,
            valid_replication_keys=[stream.replication_key] if method == "INCREMENTAL" else None,
        )
    )
    if method == "INCREMENTAL":
        metadata.write(known, ("properties", stream.replication_key), "inclusion", "automatic")
    metadata.write(known, (), "selected-by-default", stream.selected_by_default)
    if stream.parent is not None:
        metadata.write(known, (), "parent-tap-stream-id", stream.parent)
    for breadcrumb, entry in known.items():
        if breadcrumb and entry["inclusion"] == "available":
            metadata.write(known, breadcrumb, "selected-by-default", True)
    return [{"breadcrumb": list(breadcrumb), "metadata": entry} for breadcrumb, entry in sorted(known.items())]
