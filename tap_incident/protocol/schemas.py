"""The bundled JSON Schemas, one per stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer.transform import resolve_schema_references

from tap_incident.streams import Stream

if TYPE_CHECKING:
    from importlib.abc import Traversable

Schema = dict[str, Any]


@cache
def _sources() -> dict[str, Schema]:
    """The content of each schema file, by its path as a `$ref` names it."""
    # In an installed package (or a zip of it), the folder is inside; in a checkout or an editable install, beside it.
    inside = files("tap_incident") / "schemas"
    return dict(_files(inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "schemas"))


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, Schema]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{path}{each.name}/")
        elif each.name.endswith(".json"):
            yield f"{path}{each.name}", json.loads(each.read_text("utf-8"))


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
