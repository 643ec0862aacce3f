"""The bundled JSON Schemas, one per stream."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from singer.transform import resolve_schema_references

from tap_incident.streams import Stream

Schema = dict[str, Any]


@cache
def _sources() -> dict[str, Schema]:
    """The content of each schema file, by its path as a `$ref` names it."""
    package = Path(__file__).resolve().parents[1]
    # In an installed package the folder is inside it; in a checkout or an editable install, beside it.
    folder = next(folder for folder in (package / "schemas", package.parent / "schemas") if folder.is_dir())
    files = folder.rglob("*.json")
    return {file.relative_to(folder).as_posix(): json.loads(file.read_text("utf-8")) for file in files}


def schema(stream: Stream) -> Schema:
    """The stream's JSON Schema (Draft 4) with all references resolved. Each call returns a new object.

    The files allow null everywhere, because rows can be nested. Here the row and its key properties are not null.
    """
    # Cached as text, not as an object: in an object, the targets of a `$ref` are shared, and selection edits in place.
    parsed: Schema = json.loads(_resolved(stream.name))
    for document in (parsed, *(parsed["properties"][key] for key in stream.key_properties)):
        document["type"].remove("null")
    return parsed


@cache
def _resolved(name: str) -> str:
    # It resolves the references in the sources themselves, so that each is resolved only once.
    sources = _sources()
    return json.dumps(resolve_schema_references(sources[f"{name}.json"], sources))
