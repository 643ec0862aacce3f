"""What a catalog says and the tap does not follow: each has a WARNING that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME
from tests.support.logs import warnings
from tests.support.runs import Json, only, set_field
from tests.unit.protocol.catalogs import entry_of, minimal_entry

EMAIL = ("properties", "email")
FIXED = "cat.json: severities: types, formats, keys and properties are fixed, so these have no effect: "


def in_schema(field: str, **part: Any) -> Callable[[Json], Any]:
    """A change of the schema of a field, as Meltano's `schema` extra makes it."""
    return lambda entry: entry["schema"]["properties"].setdefault(field, {}).update(part)


def keys(in_metadata: Any, **beside: Any) -> Callable[[Json], Any]:
    """A change of the key properties in the metadata of a stream, and of fields beside it."""

    def change(entry: Json) -> None:
        set_field({"streams": [entry]}, "severities", **{"table-key-properties": in_metadata})
        entry.update(beside)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entry: None, None),
        (in_schema("created_at", type=["string", "null"], format=None), "format none of created_at"),
        (in_schema("rank", type=["string"]), "type string of rank"),
        (in_schema("rank", type="integer"), None),
        (in_schema("rank", type=["integer"]), None),
        (in_schema("rank", type=[{}], format=5), None),
        (in_schema("my_new_field", type=["string"]), "property my_new_field"),
        (keys(["name"]), "key properties name"),
        (keys(["id"]), None),
        (keys([{}, []]), None),
        (keys(None, key_properties=["name", "id"]), "key properties name, id"),
    ],
)
def test_change_of_a_catalog_that_has_no_effect_is_a_warning(
    caplog: pytest.LogCaptureFixture, change: Callable[[Json], Any], said: str | None
) -> None:
    catalog = only("severities")
    change(catalog["streams"][0])
    assert select(catalog, source="cat.json")["severities"].schema == schema(BY_NAME["severities"])
    assert warnings(caplog) == ([FIXED + said] if said else [])


@pytest.mark.parametrize(
    ("breadcrumb", "said"),
    [
        (["properties", "emial"], "emial (did you mean email?)"),
        *((wrong, f'{json.dumps(wrong)} (did you mean ["properties", "email"]?)')
          for wrong in (["property", "email"], ["email"], ["properties", "email", "items"])),
    ],
)  # fmt: skip
def test_field_that_the_stream_does_not_have_is_named_with_the_nearest(
    breadcrumb: list[str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = set_field(only("users"), "users", *breadcrumb, selected=False)
    set_field(catalog, "users", "properties", "gone", inclusion="available")
    assert select(catalog, source="cat.json")["users"].schema == schema(BY_NAME["users"])
    assert warnings(caplog) == [f"cat.json: users has no property {said}: skipped"]


@pytest.mark.parametrize(
    ("entry", "place", "key", "meant"),
    [
        (minimal_entry("users", root={"selcted": True}), "users", "selcted", "selected"),
        ({**minimal_entry("users", root={}), "Selected": True}, "users", "Selected", "selected"),
        (
            entry_of(set_field(only("users"), "users", *EMAIL, slected=False), "users"),
            "users.email",
            "slected",
            "selected",
        ),
    ],
)
def test_misspelt_key_of_metadata_is_named_with_the_right_one(
    entry: Json, place: str, key: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    select({"streams": [entry]}, source="cat.json")
    said = f"cat.json: {place} has the unknown metadata {key} (did you mean {meant}?): ignored"
    assert warnings(caplog) == [said]


def test_object_selected_with_none_of_its_properties_comes_whole(caplog: pytest.LogCaptureFixture) -> None:
    catalog = only("incidents")
    creator = ("properties", "creator")
    for name in schema(BY_NAME["incidents"])["properties"]["creator"]["properties"]:
        set_field(catalog, "incidents", *creator, "properties", name, selected=False)
    assert select(catalog, source="cat.json")["incidents"].schema == schema(BY_NAME["incidents"])
    said = "cat.json: incidents.creator is selected with none of its properties: all of them are read"
    assert warnings(caplog) == [said]


def test_stream_that_has_only_metadata_of_fields_is_named(caplog: pytest.LogCaptureFixture) -> None:
    entry = {"tap_stream_id": "users", "metadata": [{"breadcrumb": [*EMAIL], "metadata": {"selected": False}}]}
    assert not select({"streams": [entry]}, source="cat.json")
    said = 'cat.json: users has metadata of fields, but none of its own ("breadcrumb": []): not selected'
    assert warnings(caplog) == [said]
    caplog.clear()
    assert select({"streams": [{**entry, "selected": True}]})
    assert warnings(caplog) == []


def test_stream_with_several_entries_is_named(caplog: pytest.LogCaptureFixture) -> None:
    entries = [minimal_entry("users", root={"selected": selected}) for selected in (True, False)]
    other = [{"tap_stream_id": "zebras"}, {"tap_stream_id": "zebras"}, minimal_entry("teams", root={"selected": True})]
    assert list(select({"streams": [*entries, *other]}, source="cat.json")) == ["teams"]
    several, unknown = warnings(caplog)
    assert several == "cat.json: users has several entries: only the last one counts"
    assert "zebras" in unknown
