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


def with_replication_method(method: Any, *names: str, **more: Any) -> Json:
    """A catalog that selects only these streams, with this replication method and `more` metadata."""
    changes = {"replication-method": method, **more}
    return catalog_with(lambda _, root: root.update(selected=True, **changes), names)


def property_names(schema: Json) -> set[str]:
    """Names of the properties of an object, or of the objects in an array."""
    found: Json = schema.get("items", schema)["properties"]
    return set(found)


def places(part: Json, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Each place of a schema, by the steps to it ("[]" into a list), and its part."""
    yield above, part
    for name, inner in part.get("properties", {}).items():
        yield from places(inner, (*above, name))
    if "items" in part:
        yield from places(part["items"], (*above, "[]"))


def breadcrumb(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The breadcrumb of a place in a schema."""
    return tuple(part for step in steps for part in (("items",) if step == "[]" else ("properties", step)))
