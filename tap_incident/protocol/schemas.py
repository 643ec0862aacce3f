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

MARK = "personal"
"""A keyword of our own in schemas/, for what may tell who a person is: its kind. No catalog and no message has it.

`name`, `email`, `slack_id`, `other_id` (in another tool) and `label` (a value as people see it, maybe a name) are left
out on demand. `details`, an object in which people have no fixed place, loses the properties in `OF_PEOPLE` at every
depth. `text` stays: a person wrote it, and it can name anybody. false: it looks personal, and is not.
"""
TEXT = "text"
DETAILS = "details"
OF_PEOPLE = frozenset(("aliases", "email", "label", "name", "slack_user_id"))


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


def schema(stream: Stream, *, exclude_personal_data: bool = False) -> Schema:
    """The stream's JSON Schema (Draft 4) with all references resolved. Each call returns a new object.

    The files allow null everywhere, because rows can be nested. Here the row and its key properties are not null.
    With `exclude_personal_data`, it lacks the properties that are marked as personal, except texts and details.
    """
    parsed: Schema = json.loads(_unmarked(stream.name, exclude_personal_data))
    for document in (parsed, *(parsed["properties"][key] for key in stream.key_properties)):
        document["type"].remove("null")
    return parsed


def marks(stream: Stream) -> dict[str, str]:
    """The kind of each property that is marked as personal, by its path. In a path, `[]` follows a list."""
    return dict(_marks(json.loads(_resolved(stream.name)), ""))


def _marks(part: Schema, path: str) -> Iterator[tuple[str, str]]:
    if part.get(MARK):
        yield path, part[MARK]
    for name, inner in part.get("properties", {}).items():
        yield from _marks(inner, f"{path}.{name}" if path else name)
    if "items" in part:
        yield from _marks(part["items"], f"{path}[]")


def breadcrumbs(document: Schema, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The breadcrumbs of all properties in a schema, at every depth."""
    if "items" in document:
        document, above = document["items"], (*above, "items")
    for name, part in document.get("properties", {}).items():
        here = (*above, "properties", name)
        yield here
        yield from breadcrumbs(part, here)


@cache
def _unmarked(name: str, exclude_personal_data: bool) -> str:
    parsed = json.loads(_resolved(name))
    _unmark(parsed, exclude_personal_data)
    return json.dumps(parsed)


def _unmark(part: Schema, exclude_personal_data: bool) -> None:
    """Remove the marks of a schema, and on demand what they mark."""
    part.pop(MARK, None)
    if "items" in part:
        _unmark(part["items"], exclude_personal_data)
    properties = part.get("properties", {})
    for name, inner in list(properties.items()):
        if exclude_personal_data and inner.get(MARK, TEXT) not in (TEXT, DETAILS, False):
            del properties[name]
        else:
            _unmark(inner, exclude_personal_data)


@cache
def _resolved(name: str) -> str:
    # Cached as text, not as an object: in an object, the targets of a `$ref` are shared, and selection edits in place.
    # It resolves the references in the sources themselves, so that each is resolved only once.
    sources = _sources()
    return json.dumps(resolve_schema_references(sources[f"{name}.json"], sources))
