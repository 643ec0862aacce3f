"""Selection: which streams and fields a catalog asks for."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selection, select
from tap_incident.streams import BY_NAME, STREAMS
from tests.support.runs import Json, catalog_with, only, set_field

DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]
OPTIONAL = [stream.name for stream in STREAMS if not stream.selected_by_default]
CREATOR_EMAIL = ("properties", "creator", "properties", "user", "properties", "email")
KEYS = [(stream.name, key) for stream in STREAMS for key in stream.key_properties]


def entry(name: str, *, about: Json | None = None, **said: Any) -> Json:
    """A catalog's entry in the least that a catalog can say; `about` is the stream's metadata."""
    metadata = [] if about is None else [{"breadcrumb": [], "metadata": about}]
    return {"tap_stream_id": name, "schema": said, "metadata": metadata}


def chosen(*entries: Json, old_form: bool = False) -> list[str]:
    """Names of the streams that a catalog of these entries selects."""
    return list(select({"streams": list(entries)}, old_form=old_form))


def at(selection: Selection, stream: str, *path: str) -> Json:
    """The part of a selected schema at a path of property names, through lists."""
    part = selection[stream].schema
    for name in path:
        part = part.get("items", part)["properties"][name]
    return part


def names(part: Json) -> set[str]:
    """The properties of an object or of a list's objects."""
    found: Json = part.get("items", part)["properties"]
    return set(found)


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What was logged at a level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_selection_without_a_catalog_is_the_default_streams_with_all_fields() -> None:
    selection = select()
    assert list(selection) == DEFAULT
    assert all(found.schema == schema(found.stream) for found in selection.values())
    assert not any(found.explicit or found.explicit_fields for found in selection.values())
    assert OPTIONAL


@pytest.mark.parametrize("old_form", [False, True])
def test_selection_of_the_discovered_catalog_is_the_default(old_form: bool) -> None:
    assert select(discover(), old_form=old_form) == select()


@pytest.mark.parametrize(
    ("about", "selected"),
    [
        ({"selected": True}, True),
        ({"selected": True, "selected-by-default": False}, True),
        ({"selected": False}, False),
        ({"selected": False, "selected-by-default": True}, False),
        ({"selected-by-default": True}, True),
        ({"selected-by-default": False}, False),
        ({"selected": None, "selected-by-default": True}, True),
        ({"selected": None, "selected-by-default": False}, False),
        ({"inclusion": "available"}, False),
        (None, True),
    ],
)
@pytest.mark.parametrize("stream", ["users", "incident_attachments"])
def test_selection_of_a_stream_follows_its_metadata(about: Json | None, selected: bool, stream: str) -> None:
    assert chosen(entry(stream, about=about)) == ([stream] if selected else [])


@pytest.mark.parametrize("metadata", [None, []])
def test_selection_includes_a_stream_without_metadata(metadata: Any) -> None:
    assert chosen({"tap_stream_id": "users", "metadata": metadata}) == ["users"]
    assert chosen({"tap_stream_id": "users"}) == ["users"]


def test_selection_excludes_a_stream_with_metadata_only_for_fields() -> None:
    field = {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}}
    assert chosen({"tap_stream_id": "users", "metadata": [field]}) == []


def test_selection_excludes_a_stream_that_is_not_in_the_catalog() -> None:
    assert chosen(entry("users")) == ["users"]
    assert chosen() == []


def test_selection_finds_a_stream_by_tap_stream_id_or_stream() -> None:
    assert chosen({"stream": "users"}) == ["users"]
    assert chosen({"stream": "my_users", "tap_stream_id": "users"}) == ["users"]


def test_selection_is_in_the_order_of_the_stream_table() -> None:
    entries = [entry(stream.name) for stream in reversed(STREAMS)]
    assert chosen(*entries) == [stream.name for stream in STREAMS]


@pytest.mark.parametrize("old_form", [False, True])
def test_selection_inside_the_schema_is_honoured(old_form: bool) -> None:
    assert chosen(entry("users", selected=True), entry("teams", selected=False), old_form=old_form) == ["users"]


@pytest.mark.parametrize("said", [True, False])
def test_selection_in_metadata_takes_precedence_over_the_schema(said: bool) -> None:
    assert chosen(entry("users", about={"selected": said}, selected=not said)) == (["users"] if said else [])


def test_properties_file_that_selects_a_stream_selects_no_others() -> None:
    entries = [entry("users", selected=True), entry("teams"), entry("alerts", about={"selected-by-default": True})]
    assert chosen(*entries, old_form=True) == ["users"]
    assert sorted(chosen(*entries)) == ["alerts", "teams", "users"]


def test_properties_file_that_selects_no_stream_is_read_as_a_catalog() -> None:
    entries = [entry("users"), entry("teams", selected=False), entry("alerts", about={"selected": True})]
    assert sorted(chosen(*entries, old_form=True)) == ["alerts", "users"]


def test_properties_file_keeps_a_stream_that_is_selected_in_metadata() -> None:
    entries = [entry("users", selected=True), entry("alerts", about={"selected": True})]
    assert sorted(chosen(*entries, old_form=True)) == ["alerts", "users"]


@pytest.mark.parametrize(
    ("said", "kept"),
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
        ("creator", "user"),
        ("creator", "user", "email"),
        ("custom_field_entries", "items", "custom_field"),
        ("custom_field_entries", "items", "values", "items", "value_option", "value"),
        ("updates", "items", "new_severity", "name"),
    ],
)
def test_breadcrumb_of_any_depth_is_honoured(said: Json, kept: bool, path: tuple[str, ...]) -> None:
    breadcrumb = [part for name in path for part in ([name] if name == "items" else ["properties", name])]
    catalog = set_field(only("incidents"), "incidents", *breadcrumb, **{"selected-by-default": True, **said})
    selection, whole = select(catalog), select(only("incidents"))
    *above, name = [part for part in path if part != "items"]
    expected = names(at(whole, "incidents", *above))
    assert name in expected
    assert names(at(selection, "incidents", *above)) == (expected if kept else expected - {name})


def test_breadcrumb_does_not_affect_fields_of_the_same_name_elsewhere() -> None:
    catalog = set_field(only("incidents", "incident_updates"), "incidents", *CREATOR_EMAIL, selected=False)
    selection = select(catalog)
    assert "email" not in names(at(selection, "incidents", "creator", "user"))
    assert "email" in names(at(selection, "incidents", "updates", "updater", "user"))
    assert "email" in names(at(selection, "incident_updates", "updater", "user"))


def test_field_can_be_deselected_inside_the_schema() -> None:
    creator = {"properties": {"user": {"selected": False}, "alert": {}, "workflow": {"inclusion": "unsupported"}}}
    schema_said = {"properties": {"id": {}, "creator": creator, "name": {"selected": False}, "mode": {}}}
    selection = select({"streams": [entry("incidents", about={"selected": True}, **schema_said)]})
    assert names(selection["incidents"].schema) == {"id", "creator", "mode"}
    assert names(at(selection, "incidents", "creator")) == {"alert"}


def test_field_metadata_takes_precedence_over_its_schema() -> None:
    catalog = set_field(only("users"), "users", "properties", "name", selected=True)
    users = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "users")
    users["schema"]["properties"]["name"]["selected"] = False
    users["schema"]["properties"]["email"]["selected"] = False
    assert "name" in names(select(catalog)["users"].schema)
    assert "email" not in names(select(catalog)["users"].schema)


@pytest.mark.parametrize(("stream", "key"), KEYS)
@pytest.mark.parametrize("said", [{"selected": False}, {"inclusion": "unsupported"}, {"selected-by-default": False}])
def test_selection_of_a_key_property_cannot_be_removed(stream: str, key: str, said: Json) -> None:
    catalog = set_field(only(stream), stream, "properties", key, **said)
    found = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    found["schema"]["properties"][key].update(said)
    assert select(catalog)[stream].schema["properties"][key] == schema(BY_NAME[stream])["properties"][key]


def test_selection_of_key_properties_remains_if_all_fields_are_deselected() -> None:
    catalog = catalog_with(lambda _, about: about.update(selected=True))
    for found in catalog["streams"]:
        for item in found["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = False
    selection = select(catalog)
    assert {name: names(found.schema) for name, found in selection.items()} == {
        stream.name: set(stream.key_properties) for stream in STREAMS
    }


def test_selection_skips_unknown_streams_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    catalog = {"streams": [entry("zebras", selected=True), entry("users"), entry("apes")]}
    with caplog.at_level(logging.INFO):
        assert list(select(catalog, source="cat.json")) == ["users"]
    warnings = lines(caplog, logging.WARNING)
    assert len(warnings) == 1
    assert warnings[0].startswith("cat.json: ")
    assert "apes, zebras" in warnings[0]
    assert "users" not in warnings[0]
