"""Selection: catalogs of another version, what was asked for by name, and files that are no catalogs."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_incident.errors import BadInput
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.support.runs import Json, catalog_with, only, set_field
from tests.unit.protocol.test_selection import entry, lines, names


def found_in(catalog: Json, stream: str) -> Json:
    """The catalog's entry of a stream."""
    found: Json = next(found for found in catalog["streams"] if found["tap_stream_id"] == stream)
    return found


def test_field_that_is_not_in_the_catalog_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    users = entry("users", properties={name: {} for name in schema(BY_NAME["users"])["properties"]})
    del users["schema"]["properties"]["email"], users["schema"]["properties"]["seats"]
    with caplog.at_level(logging.INFO):
        selection = select({"streams": [users, entry("teams")]}, source="cat.json")
    assert names(schema(BY_NAME["users"])) - names(selection["users"].schema) == {"email", "seats"}
    (told,) = lines(caplog, logging.INFO)
    assert told.startswith("cat.json: users lacks email, seats, ")


def test_field_that_is_not_in_the_catalog_is_left_out_at_any_depth(caplog: pytest.LogCaptureFixture) -> None:
    catalog = only("incidents")
    entries = found_in(catalog, "incidents")["schema"]["properties"]["custom_field_entries"]
    del entries["items"]["properties"]["values"]
    found_in(catalog, "incidents")["metadata"] = [{"breadcrumb": [], "metadata": {"selected": True}}]
    with caplog.at_level(logging.INFO):
        incidents = select(catalog)["incidents"].schema
    assert names(incidents["properties"]["custom_field_entries"]) == {"custom_field"}
    (told,) = lines(caplog, logging.INFO)
    assert " lacks custom_field_entries.values, " in told


def test_field_that_is_selected_only_in_metadata_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    catalog = set_field(only("users"), "users", "properties", "email", selected=True)
    del found_in(catalog, "users")["schema"]["properties"]["email"]
    with caplog.at_level(logging.INFO):
        assert "email" in names(select(catalog)["users"].schema)
    assert lines(caplog, logging.INFO) == []


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_selection_of_a_key_property_does_not_need_the_catalog_to_list_it(stream: Stream) -> None:
    listing = entry(stream.name, properties={"something_else": {}})
    assert names(select({"streams": [listing]})[stream.name].schema) == set(stream.key_properties)


@pytest.mark.parametrize("said", [{}, {"properties": {}}, {"properties": None}, {"type": "object"}])
def test_field_selection_without_properties_is_all_fields(said: Json, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert select({"streams": [entry("users", **said)]})["users"].schema == schema(BY_NAME["users"])
    assert lines(caplog, logging.INFO) == []


@pytest.mark.parametrize("odd", [None, True, "x", 5, [], ["x"]])
def test_field_with_an_invalid_schema_is_kept(odd: Any) -> None:
    listed = dict.fromkeys(schema(BY_NAME["incidents"])["properties"], odd)
    selection = select({"streams": [entry("incidents", properties=listed)]})
    assert selection["incidents"].schema == schema(BY_NAME["incidents"])
    inside = {"id": {}, "updates": {"items": odd}, "creator": {"properties": {"user": odd}}}
    cut = select({"streams": [entry("incidents", properties=inside)]})["incidents"].schema["properties"]
    assert set(cut) == set(inside)
    assert cut["updates"] == schema(BY_NAME["incidents"])["properties"]["updates"]
    assert set(cut["creator"]["properties"]) == {"user"}


def test_field_that_is_unknown_is_ignored() -> None:
    catalog = only("users")
    whole = select(catalog)
    found_in(catalog, "users")["schema"]["properties"]["gone"] = {"type": "string", "selected": True}
    set_field(catalog, "users", "properties", "gone_too", selected=True)
    set_field(catalog, "users", "properties", "email", "properties", "deeper", selected=False)
    assert select(catalog)["users"].schema == whole["users"].schema


def test_selection_is_explicit_only_if_selected_is_true() -> None:
    assert select(only("users"))["users"].explicit
    assert select({"streams": [entry("users", selected=True)]})["users"].explicit
    assert not select({"streams": [entry("users")]})["users"].explicit
    assert not select({"streams": [entry("users", about={"selected-by-default": True})]})["users"].explicit


def test_field_is_explicit_if_it_or_a_nested_field_is_selected() -> None:
    catalog = catalog_with(lambda *_: None)
    assert select(catalog)["incidents"].explicit_fields == frozenset()
    set_field(catalog, "incidents", "properties", "updates", selected=True)
    set_field(catalog, "incidents", "properties", "name", selected=False)
    set_field(catalog, "incidents", "properties", "attachments", "items", "properties", "resource", selected=True)
    assert select(catalog)["incidents"].explicit_fields == {"updates", "attachments"}


def test_selection_does_not_modify_the_catalog() -> None:
    catalog = set_field(only("users"), "users", "properties", "email", selected=False)
    before = json.dumps(catalog)
    first = select(catalog)
    first["users"].schema["properties"].clear()
    assert json.dumps(catalog) == before
    assert "name" in names(select(catalog)["users"].schema)


GOOD: Json = {"breadcrumb": [], "metadata": {}}
NO_CATALOGS: list[Any] = [[], "x", 5, True, {}, {"streams": None}, {"streams": {}}]
NO_ENTRIES: list[Any] = [None, "users", 5, [], {}, {"tap_stream_id": 5}, {"tap_stream_id": None}]
NO_SCHEMAS: list[Any] = [None, [], "x", 5]
NO_METADATA: list[Any] = [
    {"breadcrumb": []},
    "x",
    5,
    [None],
    ["x"],
    [GOOD, {}],
    [{"breadcrumb": []}],
    [{"metadata": {}}],
    [{**GOOD, "breadcrumb": "x"}],
    [{**GOOD, "metadata": []}],
    [{**GOOD, "metadata": None}],
]
MALFORMED = [
    *NO_CATALOGS,
    *({"streams": [bad]} for bad in NO_ENTRIES),
    *({"streams": [{"tap_stream_id": "users", "schema": bad}]} for bad in NO_SCHEMAS),
    *({"streams": [{"tap_stream_id": "users", "metadata": bad}]} for bad in NO_METADATA),
]


@pytest.mark.parametrize("catalog", MALFORMED, ids=str)
@pytest.mark.parametrize("old_form", [False, True])
def test_catalog_that_is_malformed_is_an_error_with_the_file_name(catalog: Any, old_form: bool) -> None:
    with pytest.raises(BadInput, match=r"^cat\.json: ") as caught:
        select(catalog, source="cat.json", old_form=old_form)
    assert "\n" not in str(caught.value)


def test_catalog_entry_that_is_malformed_is_named_or_numbered() -> None:
    with pytest.raises(BadInput, match="entry 2 "):
        select({"streams": [entry("users"), {}]})
    with pytest.raises(BadInput, match="of teams "):
        select({"streams": [entry("users"), {"tap_stream_id": "teams", "schema": 5}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["users", "incidents", "zebras", "properties", "items", "email", "creator", "user"])
SAID = st.fixed_dictionaries({}, optional=dict.fromkeys(("selected", "inclusion", "selected-by-default"), JSON))
FIELD = st.deferred(lambda: SAID | SCHEMA | JSON)
# A schema whose "properties" are no object is a case of its own.
PROPERTIES = st.none() | st.dictionaries(NAMES, FIELD, max_size=3)
SCHEMA: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {}, optional={"selected": JSON, "properties": PROPERTIES, "items": FIELD}
)
ITEM = st.fixed_dictionaries({"breadcrumb": st.lists(NAMES | JSON, max_size=4), "metadata": SAID})
ENTRY = st.fixed_dictionaries(
    {"tap_stream_id": NAMES}, optional={"schema": SCHEMA, "metadata": st.lists(ITEM, max_size=3) | JSON}
)
CATALOG = st.fixed_dictionaries({"streams": st.lists(ENTRY | JSON, max_size=3)})


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(JSON | CATALOG, st.booleans())
def test_catalog_of_any_json_is_a_selection_or_bad_input(catalog: Any, old_form: bool) -> None:
    try:
        selection = select(catalog, source="cat.json", old_form=old_form)
    except BadInput as error:
        assert str(error).startswith("cat.json: ")
    else:
        for name, found in selection.items():
            assert set(BY_NAME[name].key_properties) <= set(names(found.schema)) <= set(names(schema(BY_NAME[name])))
