"""Selection of fields: breadcrumbs, key properties, and fields that the catalog or the tap doesn't have."""

from __future__ import annotations

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selection, select
from tap_incident.streams import BY_NAME, STREAMS
from tests.support.runs import Json, catalog_with, only, set_field
from tests.unit.protocol.catalogs import entry_of, minimal_entry, property_names

KEYS = [(stream.name, key) for stream in STREAMS for key in stream.key_properties]


def schema_at(selection: Selection, stream: str, *path: str) -> Json:
    """The part of a selected schema at a path of property names; arrays are not part of the path."""
    part = selection[stream].schema
    for name in path:
        part = part.get("items", part)["properties"][name]
    return part


@pytest.mark.parametrize(
    ("metadata", "kept"),
    [
        ({"selected": True}, True),
        ({"selected": False}, False),
        ({"selected": None}, True),
        ({"selected-by-default": False}, False),
        ({"selected": True, "selected-by-default": False}, True),
        ({"selected": True, "inclusion": "unsupported"}, False),
        ({"inclusion": "automatic"}, True),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        ("creator",),
        ("creator", "user", "email"),
        ("custom_field_entries", "items", "values", "items", "value_option", "value"),
        ("updates", "items", "new_severity", "name"),
    ],
)
def test_breadcrumb_of_any_depth_is_honoured(metadata: Json, kept: bool, path: tuple[str, ...]) -> None:
    breadcrumb = [part for name in path for part in ([name] if name == "items" else ["properties", name])]
    catalog = {"streams": [entry_of(only("incidents"), "incidents")]}
    all_fields = select(catalog)
    selection = select(set_field(catalog, "incidents", *breadcrumb, **{"selected-by-default": True, **metadata}))
    *above, name = [part for part in path if part != "items"]
    expected = property_names(schema_at(all_fields, "incidents", *above))
    assert name in expected
    assert property_names(schema_at(selection, "incidents", *above)) == (expected if kept else expected - {name})


def test_field_can_be_deselected_inside_the_schema() -> None:
    creator = {"properties": {"user": {"selected": False}, "alert": {}, "workflow": {"inclusion": "unsupported"}}}
    schema_said = {"properties": {"id": {}, "creator": creator, "name": {"selected": False}, "mode": {}}}
    selection = select({"streams": [minimal_entry("incidents", root={"selected": True}, **schema_said)]})
    assert property_names(selection["incidents"].schema) == {"id", "creator", "mode"}
    assert property_names(schema_at(selection, "incidents", "creator")) == {"alert"}


@pytest.mark.parametrize("change", [{"selected": False}, {"inclusion": "unsupported"}, {"selected-by-default": False}])
def test_selection_of_a_key_property_cannot_be_removed(change: Json) -> None:
    catalog = only(*BY_NAME)
    for stream, key in KEYS:
        set_field(catalog, stream, "properties", key, **change)
        entry_of(catalog, stream)["schema"]["properties"][key].update(change)
    selection = select(catalog)
    for stream, key in KEYS:
        assert selection[stream].schema["properties"][key] == schema(BY_NAME[stream])["properties"][key], stream


def test_field_is_explicit_if_it_or_a_nested_field_is_selected() -> None:
    catalog = catalog_with(lambda *_: None)
    assert select(catalog)["incidents"].explicit_fields == frozenset()
    set_field(catalog, "incidents", "properties", "updates", selected=True)
    set_field(catalog, "incidents", "properties", "name", selected=False)
    set_field(catalog, "incidents", "properties", "attachments", "items", "properties", "resource", selected=True)
    assert select(catalog)["incidents"].explicit_fields == {"updates", "attachments"}
