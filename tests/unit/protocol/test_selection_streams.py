"""Selection of streams: by default, by metadata, inside the schema, and with a properties file."""

from __future__ import annotations

import json
import logging

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import STREAMS
from tests.support.logs import warnings
from tests.support.runs import Json, only, set_field
from tests.unit.protocol.catalogs import minimal_entry, property_names

DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]


OPTIONAL = [stream.name for stream in STREAMS if not stream.selected_by_default]


def selected_names(*entries: Json, old_form: bool = False) -> list[str]:
    """Names of the streams that a catalog of these entries selects."""
    return list(select({"streams": list(entries)}, old_form=old_form))


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
    assert selected_names(minimal_entry(stream, root=about)) == ([stream] if selected else [])


def test_selection_excludes_a_stream_with_metadata_only_for_fields() -> None:
    field = {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}}
    assert selected_names({"tap_stream_id": "users", "metadata": [field]}) == []


def test_selection_finds_a_stream_by_tap_stream_id_or_stream() -> None:
    assert selected_names({"stream": "users"}) == ["users"]
    assert selected_names({"stream": "my_users", "tap_stream_id": "users"}) == ["users"]


@pytest.mark.parametrize("old_form", [False, True])
def test_selection_inside_the_schema_is_honoured(old_form: bool) -> None:
    assert selected_names(
        minimal_entry("users", selected=True), minimal_entry("teams", selected=False), old_form=old_form
    ) == ["users"]


@pytest.mark.parametrize("selected", [True, False])
def test_selection_in_metadata_takes_precedence_over_the_schema(selected: bool) -> None:
    assert selected_names(minimal_entry("users", root={"selected": selected}, selected=not selected)) == (
        ["users"] if selected else []
    )


def test_properties_file_that_selects_a_stream_selects_no_others() -> None:
    entries = [
        minimal_entry("users", selected=True),
        minimal_entry("teams"),
        minimal_entry("alerts", root={"selected-by-default": True}),
    ]
    assert selected_names(*entries, old_form=True) == ["users"]
    assert sorted(selected_names(*entries)) == ["alerts", "teams", "users"]


def test_selection_skips_unknown_streams_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    catalog = {"streams": [minimal_entry("zebras", selected=True), minimal_entry("users"), minimal_entry("apes")]}
    with caplog.at_level(logging.INFO):
        assert list(select(catalog, source="cat.json")) == ["users"]
    (warning,) = warnings(caplog)
    assert warning.startswith("cat.json: ")
    assert "apes, zebras" in warning
    assert "users" not in warning


def test_selection_is_explicit_only_if_selected_is_true() -> None:
    assert select(only("users"))["users"].explicit
    assert select({"streams": [minimal_entry("users", selected=True)]})["users"].explicit
    assert not select({"streams": [minimal_entry("users")]})["users"].explicit
    assert not select({"streams": [minimal_entry("users", root={"selected-by-default": True})]})["users"].explicit


def test_selection_does_not_modify_the_catalog() -> None:
    catalog = set_field(only("users"), "users", "properties", "email", selected=False)
    before = json.dumps(catalog)
    first = select(catalog)
    first["users"].schema["properties"].clear()
    assert json.dumps(catalog) == before
    assert "name" in property_names(select(catalog)["users"].schema)
