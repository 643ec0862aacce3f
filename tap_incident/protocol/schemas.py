"""The bundled JSON Schemas, one per stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from singer.transform import resolve_schema_references

from tap_incident.streams import Stream

Schema = dict[str, Any]
Breadcrumb = tuple[str, ...]

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
    folder = inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "schemas"
    found = {each.name: each for each in folder.iterdir()}
    found |= {f"shared/{each.name}": each for each in (folder / "shared").iterdir()}
    return {path: json.loads(each.read_text("utf-8")) for path, each in found.items() if path.endswith(".json")}


@cache
def _resolved(name: str) -> str:
    # Cached as text, not as an object: in an object, the targets of a `$ref` are shared, and selection edits in place.
    # It resolves the references in the sources themselves, so that each is resolved only once.
    sources = _sources()
    return json.dumps(resolve_schema_references(sources[f"{name}.json"], sources))


def schema(stream: Stream, *, exclude_personal_data: bool = False) -> Schema:
    """The stream's JSON Schema (Draft 4) with all references resolved. Each call returns a new object.

    The files allow null everywhere, because rows can be nested. Here the row and its key properties are not null.
    With `exclude_personal_data`, it lacks the properties that are marked as personal, except texts and details.
    """
    document: Schema = json.loads(_resolved(stream.name))
    for _, part in parts(document):
        part.pop(MARK, None)
        if exclude_personal_data and "properties" in part:
            inner = part["properties"].items()
            part["properties"] = {name: each for name, each in inner if each.get(MARK, TEXT) in (TEXT, DETAILS, False)}
    for part in (document, *(document["properties"][key] for key in stream.key_properties)):
        part["type"].remove("null")
    return document


def marks(stream: Stream) -> dict[str, str]:
    """The kind of each property that is marked as personal, by its path. In a path, `[]` follows a list."""
    found = parts(json.loads(_resolved(stream.name)))
    return {field_name(breadcrumb, "[]"): part[MARK] for breadcrumb, part in found if part.get(MARK)}


def parts(document: Schema, above: Breadcrumb = ()) -> Iterator[tuple[Breadcrumb, Schema]]:
    """A schema and every schema inside it, each with its breadcrumb. It may be changed before the next one is taken."""
    yield above, document
    if "items" in document:
        yield from parts(document["items"], (*above, "items"))
    for name, part in document.get("properties", {}).items():
        yield from parts(part, (*above, "properties", name))


def breadcrumbs(document: Schema) -> list[Breadcrumb]:
    """The breadcrumbs of all properties in a schema, at every depth."""
    return [breadcrumb for breadcrumb, _ in parts(document) if breadcrumb[-2:-1] == ("properties",)]


def field_name(breadcrumb: Breadcrumb, of_list: str = "") -> str:
    """A field as people write it: the names of its properties with dots between them, and `of_list` after each list.

    In a breadcrumb, `properties` comes before each name, and `items` leads into a list. A last step without
    `properties` is a name too: people forget it.
    """
    name, steps = "", iter(breadcrumb)
    for step in steps:
        name += of_list if step == "items" else f".{next(steps, step)}"
    return name.removeprefix(".")
