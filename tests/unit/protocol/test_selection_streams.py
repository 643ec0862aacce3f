"""Selection of streams: by default, by metadata, with a properties file, and from files that are not catalogs."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import STREAMS
from tests.support.runs import Json
from tests.unit.protocol.catalogs import minimal_entry

DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]


def selected_names(*entries: Json, old_form: bool = False) -> list[str]:
    """Names of the streams that a catalog of these entries selects."""
    return list(select({"streams": list(entries)}, old_form=old_form))


def test_selection_without_a_catalog_is_the_default_streams_with_all_fields() -> None:
    selection = select()
    assert list(selection) == DEFAULT
    assert all(found.schema == schema(found.stream) for found in selection.values())
    assert not any(found.explicit or found.explicit_fields for found in selection.values())


@pytest.mark.parametrize("old_form", [False, True])
def test_selection_of_the_discovered_catalog_is_the_default(old_form: bool) -> None:
    assert select(discover(), old_form=old_form) == select()


@pytest.mark.parametrize(
    ("about", "selected"),
    [
        ({"selected": True}, True),
        ({"selected": False, "selected-by-default": True}, False),
        ({"selected-by-default": True}, True),
        ({"selected-by-default": False}, False),
        ({"selected": None, "selected-by-default": True}, True),
        ({"inclusion": "available"}, False),
        (None, True),
    ],
)
@pytest.mark.parametrize("stream", ["users", "incident_attachments"])
def test_selection_of_a_stream_follows_its_metadata(about: Json | None, selected: bool, stream: str) -> None:
    assert selected_names(minimal_entry(stream, root=about)) == ([stream] if selected else [])


def test_selection_finds_a_stream_by_tap_stream_id_or_stream() -> None:
    assert selected_names({"stream": "users"}) == ["users"]
    assert selected_names({"stream": "my_users", "tap_stream_id": "users"}) == ["users"]


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


GOOD: Json = {"breadcrumb": [], "metadata": {}}
NOT_ENTRIES: list[Any] = [None, "users", [], {}, {"tap_stream_id": 5}]
NOT_SCHEMAS: list[Any] = [None, [], "x", 5]
NOT_METADATA: list[Any] = [
    *({"breadcrumb": []}, "x", [None], [GOOD, {}], [{"breadcrumb": []}], [{"metadata": {}}]),
    *([{**GOOD, "breadcrumb": "x"}], [{**GOOD, "metadata": []}], [{**GOOD, "metadata": None}]),
]
MALFORMED = [
    *([], "x", 5, {}, {"streams": None}, {"streams": {}}),
    *({"streams": [bad]} for bad in NOT_ENTRIES),
    *({"streams": [{"tap_stream_id": "users", "schema": bad}]} for bad in NOT_SCHEMAS),
    *({"streams": [{"tap_stream_id": "users", "metadata": bad}]} for bad in NOT_METADATA),
]


@pytest.mark.parametrize("catalog", MALFORMED, ids=str)
@pytest.mark.parametrize("old_form", [False, True])
def test_catalog_that_is_malformed_is_an_error_with_the_file_name(catalog: Any, old_form: bool) -> None:
    with pytest.raises(BadInput, match=r"^cat\.json: ") as caught:
        select(catalog, source="cat.json", old_form=old_form)
    assert "\n" not in str(caught.value)
