"""Selection as people and other programs write it: texts for true and false, values in the wrong place."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME
from tests.support.logs import warnings
from tests.support.runs import Json, only, set_field
from tests.unit.protocol.catalogs import entry_of, minimal_entry, property_names

TEXTS = [("False", False), ("no", False), (0, False), ("True", True), ("yes", True), (1, True)]
OTHER: list[Any] = ["", "maybe", 2, 0.0, [], {}]
CREATOR, EMAIL = ("properties", "creator"), ("properties", "email")


def names(entry: Json) -> list[str]:
    """The streams that a catalog with this entry and one for teams selects."""
    return list(select({"streams": [entry, {"tap_stream_id": "teams"}]}, source="cat.json"))


@pytest.mark.parametrize(("text", "selected"), TEXTS)
def test_stream_is_selected_by_what_a_text_means(text: Any, selected: bool) -> None:
    expected = ["users", "teams"] if selected else ["teams"]
    assert names(minimal_entry("users", root={"selected": text})) == expected
    assert names(minimal_entry("users", root={"selected-by-default": text})) == expected
    assert names(minimal_entry("users", selected=text)) == expected
    assert names({"tap_stream_id": "users", "selected": text}) == expected


@pytest.mark.parametrize(("text", "selected"), TEXTS)
def test_field_is_selected_by_what_a_text_means(text: Any, selected: bool) -> None:
    in_metadata = set_field(only("users"), "users", "properties", "email", selected=text)
    in_schema = only("users")
    in_schema["streams"][0]["schema"]["properties"]["email"]["selected"] = text
    in_schema["streams"][0]["metadata"] = [{"breadcrumb": [], "metadata": {"selected": True}}]
    for catalog in (in_metadata, in_schema):
        assert ("email" in property_names(select(catalog)["users"].schema)) is selected
    assert ("email" in select(in_metadata)["users"].explicit_fields) is selected


@pytest.mark.parametrize("value", OTHER)
def test_selected_that_means_neither_true_nor_false_is_an_error(value: Any) -> None:
    field: Json = {"breadcrumb": ["properties", "email"], "metadata": {"selected": value}}
    for entry, place in (
        (minimal_entry("users", root={"selected": value}), "users"),
        (minimal_entry("users", selected=value), "users"),
        ({"tap_stream_id": "users", "selected": value}, "users"),
        ({"tap_stream_id": "users", "metadata": [field]}, "users.email"),
        (minimal_entry("users", properties={"email": {"selected": value}}), "users.email"),
    ):
        with pytest.raises(BadInput) as caught:
            names(entry)
        assert str(caught.value) == f'cat.json: "selected" of {place} must be true or false'


def test_object_selected_with_none_of_its_properties_comes_whole(caplog: pytest.LogCaptureFixture) -> None:
    catalog = only("incidents")
    for name in schema(BY_NAME["incidents"])["properties"]["creator"]["properties"]:
        set_field(catalog, "incidents", *CREATOR, "properties", name, selected=False)
    with caplog.at_level(logging.INFO):
        found = select(catalog, source="cat.json")["incidents"].schema
    assert found == schema(BY_NAME["incidents"])
    (warning,) = warnings(caplog)
    assert warning == "cat.json: incidents.creator is selected with none of its properties: all of them are read"


def test_field_that_the_stream_does_not_have_is_named_with_the_nearest(caplog: pytest.LogCaptureFixture) -> None:
    catalog = set_field(only("users"), "users", "properties", "emial", selected=False)
    set_field(catalog, "users", "properties", "gone", inclusion="available")
    assert select(catalog, source="cat.json")["users"].schema == schema(BY_NAME["users"])
    (warning,) = warnings(caplog)
    assert warning == "cat.json: users has no property emial (did you mean email?): skipped"


def test_field_by_another_breadcrumb_is_named_with_the_right_one(caplog: pytest.LogCaptureFixture) -> None:
    for wrong in (["property", "email"], ["email"], ["properties", "email", "items"]):
        caplog.clear()
        catalog = only("users")
        entry_of(catalog, "users")["metadata"].append({"breadcrumb": wrong, "metadata": {"selected": False}})
        assert select(catalog, source="cat.json")["users"].schema == schema(BY_NAME["users"])
        (warning,) = warnings(caplog)
        meant = '["properties", "email"]'
        assert warning == f"cat.json: users has no property {json.dumps(wrong)} (did you mean {meant}?): skipped"


@pytest.mark.parametrize(
    ("entry", "place", "key", "meant"),
    [
        (minimal_entry("users", root={"selcted": True}), "users", "selcted", "selected"),
        ({**minimal_entry("users", root={}), "Selected": True}, "users", "Selected", "selected"),
        (set_field(only("users"), "users", *EMAIL, slected=False), "users.email", "slected", "selected"),
    ],
)
def test_misspelt_key_of_metadata_is_named_with_the_right_one(
    entry: Json, place: str, key: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    select(entry if "streams" in entry else {"streams": [entry]}, source="cat.json")
    (warning,) = warnings(caplog)
    assert warning == f"cat.json: {place} has the unknown metadata {key} (did you mean {meant}?): ignored"


def test_stream_that_has_only_metadata_of_fields_is_named(caplog: pytest.LogCaptureFixture) -> None:
    item = {"breadcrumb": ["properties", "email"], "metadata": {"selected": False}}
    assert not select({"streams": [{"tap_stream_id": "users", "metadata": [item]}]}, source="cat.json")
    (warning,) = warnings(caplog)
    assert warning == 'cat.json: users has metadata of fields, but none of its own ("breadcrumb": []): not selected'
    caplog.clear()
    assert select({"streams": [{"tap_stream_id": "users", "metadata": [item], "selected": True}]})
    assert warnings(caplog) == []


def test_stream_with_several_entries_is_named(caplog: pytest.LogCaptureFixture) -> None:
    entries = [minimal_entry("users", root={"selected": selected}) for selected in (True, False)]
    other = [{"tap_stream_id": "zebras"}, {"tap_stream_id": "zebras"}, minimal_entry("teams", root={"selected": True})]
    assert list(select({"streams": [*entries, *other]}, source="cat.json")) == ["teams"]
    assert "cat.json: users has several entries: only the last one counts" in warnings(caplog)
    assert len(warnings(caplog)) == 2, "an unknown stream is only skipped"
