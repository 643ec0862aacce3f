"""Selection: which streams, which fields and which replication method a catalog asks for."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME, STREAMS
from tests.support.runs import Json, catalog_with, only, set_field
from tests.unit.protocol.catalogs import (
    INCREMENTAL_STREAMS,
    breadcrumb,
    entry_of,
    minimal_entry,
    places,
    property_names,
    with_replication_method,
)

DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]
KEYS = [(stream.name, key) for stream in STREAMS for key in stream.key_properties]
TEXTS = [("False", False), ("no", False), (0, False), ("True", True), ("yes", True), (1, True)]


def selected_names(*entries: Json, old_form: bool = False) -> list[str]:
    """Names of the streams that a catalog of these entries selects."""
    return list(select({"streams": list(entries)}, source="cat.json", old_form=old_form))


def test_selection_without_a_catalog_is_the_default_streams_with_all_fields() -> None:
    selection = select()
    assert list(selection) == DEFAULT
    assert all(found.schema == schema(found.stream) for found in selection.values())
    assert not any(found.explicit or found.explicit_fields for found in selection.values())


@pytest.mark.parametrize("old_form", [False, True])
def test_selection_of_the_discovered_catalog_is_the_default(old_form: bool) -> None:
    assert select(discover(), old_form=old_form) == select(old_form=old_form)


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


@pytest.mark.parametrize(("text", "selected"), TEXTS)
def test_stream_is_selected_by_what_a_text_means(text: Any, selected: bool) -> None:
    for entry in (
        minimal_entry("users", root={"selected": text}),
        minimal_entry("users", root={"selected-by-default": text}),
        minimal_entry("users", selected=text),
        minimal_entry("users", root={"selected": text}, selected=not selected),
        {"tap_stream_id": "users", "selected": text},
    ):
        assert selected_names(entry, {"tap_stream_id": "teams"}) == (["users", "teams"] if selected else ["teams"])


@pytest.mark.parametrize(("text", "selected"), TEXTS)
def test_field_is_selected_by_what_a_text_means(text: Any, selected: bool) -> None:
    in_metadata = set_field(only("users"), "users", "properties", "email", selected=text)
    in_schema = only("users")
    in_schema["streams"][0]["schema"]["properties"]["email"]["selected"] = text
    in_schema["streams"][0]["metadata"] = [{"breadcrumb": [], "metadata": {"selected": True}}]
    for catalog in (in_metadata, in_schema):
        assert ("email" in property_names(select(catalog)["users"].schema)) is selected
    assert ("email" in select(in_metadata)["users"].explicit_fields) is selected


@pytest.mark.parametrize("value", ["", "maybe", 2, 0.0, [], {}])
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
            selected_names(entry)
        assert str(caught.value) == f'cat.json: "selected" of {place} must be true or false'


def test_selection_finds_a_stream_by_tap_stream_id_or_stream() -> None:
    assert selected_names({"stream": "users"}) == ["users"]
    assert selected_names({"stream": "my_users", "tap_stream_id": "users"}) == ["users"]


def test_properties_file_that_selects_a_stream_selects_no_others() -> None:
    entries = [
        minimal_entry("users", selected=True),
        minimal_entry("teams"),
        minimal_entry("alerts", root={"selected-by-default": True}),
    ]
    assert selected_names(*entries, old_form=True) == ["users"]
    assert sorted(selected_names(*entries)) == ["alerts", "teams", "users"]


GOOD: Json = {"breadcrumb": [], "metadata": {}}
NOT_METADATA: list[Any] = [
    *({"breadcrumb": []}, "x", [None], [GOOD, {}], [{"breadcrumb": []}], [{"metadata": {}}]),
    *([{**GOOD, "breadcrumb": "x"}], [{**GOOD, "metadata": []}], [{**GOOD, "metadata": None}]),
]
NO_OBJECT = '"schema" of users must be an object'
NO_LIST = f'"metadata" of users must be a list of {json.dumps(GOOD)}'
NO_CATALOGS: list[Any] = [[], "x", 5, {}, {"streams": None}, {"streams": {}}]
NO_ENTRIES: list[Any] = [None, "users", [], {}, {"tap_stream_id": 5}]
MALFORMED = [
    *product(NO_CATALOGS, ['a catalog is an object with a list "streams", as --discover prints it']),
    *(({"streams": [{"stream": "teams"}, bad]}, "entry 2 of streams has no tap_stream_id") for bad in NO_ENTRIES),
    *(({"streams": [{"stream": "users", "schema": bad}]}, NO_OBJECT) for bad in (None, "x")),
    *(({"streams": [{"tap_stream_id": "users", "metadata": bad}]}, NO_LIST) for bad in NOT_METADATA),
]


@pytest.mark.parametrize(("catalog", "said"), MALFORMED, ids=str)
def test_catalog_that_is_malformed_is_an_error_with_the_file_name(catalog: Any, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        select(catalog, source="cat.json")
    assert str(caught.value) == f"cat.json: {said}"


def fields_of(catalog: Json) -> set[str]:
    """The fields of incidents that a catalog selects, at every depth."""
    return {".".join(steps) for steps, _ in places(select(catalog)["incidents"].schema)}


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
    "path", ["creator", "creator.user.email", "custom_field_entries.[].values.[].value_option.value"]
)
def test_breadcrumb_of_any_depth_is_honoured(metadata: Json, kept: bool, path: str) -> None:
    catalog = only("incidents")
    before = fields_of(catalog)
    changes = {"selected-by-default": True, **metadata}
    after = fields_of(set_field(catalog, "incidents", *breadcrumb(tuple(path.split("."))), **changes))
    left_out = {field for field in before if f"{field}.".startswith(f"{path}.")}
    assert path in before
    assert after == (before if kept else before - left_out)


def test_field_can_be_deselected_inside_the_schema() -> None:
    creator = {"properties": {"user": {"selected": False}, "alert": {}, "workflow": {"inclusion": "unsupported"}}}
    schema_said = {"properties": {"id": {}, "creator": creator, "name": {"selected": False}, "mode": {}}}
    found = fields_of({"streams": [minimal_entry("incidents", root={"selected": True}, **schema_said)]})
    shallow = {field for field in found if field.count(".") < 2}
    assert shallow == {"", "id", "creator", "creator.alert", "mode"}


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


def replication_keys(catalog: Json | None, method: str = "FULL_TABLE") -> dict[str, str | None]:
    """Replication keys by selected stream."""
    return {name: found.replication_key for name, found in select(catalog, replication_method=method).items()}


@pytest.mark.parametrize("catalog", [None, discover(), discover("INCREMENTAL"), only(*INCREMENTAL_STREAMS, "users")])
def test_replication_method_setting_applies_if_the_catalog_has_none(catalog: Json | None) -> None:
    assert not any(replication_keys(catalog, "FULL_TABLE").values())
    found = replication_keys(catalog, "INCREMENTAL")
    assert {name for name, key in found.items() if key} == INCREMENTAL_STREAMS


def test_replication_method_in_the_catalog_only_applies_to_its_stream() -> None:
    catalog = with_replication_method("INCREMENTAL", "alerts", **{"replication-key": "updated_at"})
    assert replication_keys(catalog) == {"alerts": "updated_at"}
    assert replication_keys(with_replication_method("FULL_TABLE", "alerts"), "INCREMENTAL") == {"alerts": None}
    assert replication_keys(with_replication_method("FULL_TABLE", "users"), "INCREMENTAL") == {"users": None}
    assert replication_keys(with_replication_method(None, "alerts"), "INCREMENTAL") == {"alerts": "updated_at"}


@pytest.mark.parametrize(
    ("stream", "method", "supported"),
    [
        ("users", "INCREMENTAL", "FULL_TABLE"),
        *product(("alerts",), ("LOG_BASED", "incremental", "", 5, [], {}), ("FULL_TABLE or INCREMENTAL",)),
    ],
)
def test_replication_method_that_a_stream_does_not_have_is_an_error(stream: str, method: Any, supported: str) -> None:
    with pytest.raises(BadInput, match=f'^catalog: "replication-method" of {stream} must be {supported}$'):
        select(with_replication_method(method, stream))


@pytest.mark.parametrize("key", ["created_at", 5, []])
def test_replication_key_that_is_unknown_is_an_error(key: Any) -> None:
    with pytest.raises(BadInput, match='"replication-key" of alerts must be updated_at'):
        select(with_replication_method("INCREMENTAL", "alerts", **{"replication-key": key}))
