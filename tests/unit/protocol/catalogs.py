"""Builds catalogs for the tests, and looks things up in catalogs and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.runs import Json, catalog_with

INCREMENTAL_STREAMS = {"incidents", "alerts", "escalations", "actions", "follow_ups"}


def minimal_entry(name: str, *, root: Json | None = None, **schema: Any) -> Json:
    """A catalog entry with no more than a name, this schema and, if given, `root` as the stream's metadata."""
    metadata = [] if root is None else [{"breadcrumb": [], "metadata": root}]
    return {"tap_stream_id": name, "schema": schema, "metadata": metadata}


def entry_of(catalog: Json, stream: str) -> Json:
    """The entry of a stream in the catalog."""
    found: Json = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    return found


def root_metadata(entry: Json) -> Json:
    """The metadata of the stream itself in a catalog entry."""
    found: Json = next(item["metadata"] for item in entry["metadata"] if item["breadcrumb"] == [])
    return found


def with_replication_method(method: Any, *names: str, **more: Any) -> Json:
    """A catalog that selects only these streams, with this replication method and `more` metadata."""
    changes = {"replication-method": method, **more}
    return catalog_with(lambda _, root: root.update(selected=True, **changes), names)


def property_names(schema: Json) -> set[str]:
    """Names of the properties of an object, or of the objects in an array."""
    found: Json = schema.get("items", schema)["properties"]
    return set(found)


def subschemas(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The schema and every schema inside it, each with its breadcrumb."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from subschemas(part, (*path, "properties", name))
    if "items" in schema:
        yield from subschemas(schema["items"], (*path, "items"))
