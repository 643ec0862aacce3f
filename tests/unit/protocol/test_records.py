"""Records: how each value of a row is converted, what is left out, and what replaces missing values."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import Stream
from tests.support.each import EACH_STREAM
from tests.support.runs import Json
from tests.unit.protocol.shaping import (
    BOOLEAN,
    FREE_FORM,
    INTEGER,
    NUMBER,
    STRING,
    TIMESTAMP,
    array_of,
    error_for,
    object_with,
    record_and_unknown,
    record_of,
)

KINDS = {
    "string": STRING,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date-time": TIMESTAMP,
    "object": FREE_FORM,
}
PAYLOAD = "sesame"


@pytest.mark.parametrize("kind", [*KINDS.values(), array_of(STRING), object_with(a=STRING)])
def test_property_that_is_missing_is_null_at_any_depth(kind: Json) -> None:
    for row in ({}, {"v": None}):
        assert record_of(row, v=kind) == {"id": "T1", "v": None}
        assert record_of({"w": row}, w=object_with(v=kind))["w"] == {"v": None}
        assert record_of({"w": [row, None]}, w=array_of(object_with(v=kind)))["w"] == [{"v": None}, None]


def test_record_keys_are_always_in_the_same_order() -> None:
    records = [record_of(row, b=STRING, a=STRING) for row in ({}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"})]
    assert [list(record) for record in records] == [["id", "b", "a"]] * 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (INTEGER, 2**53 + 1),
        *product([NUMBER], [2**53 + 1, 5, 5.0]),
        (BOOLEAN, False),
        *product([STRING], ["  0012 ", "Größe 数据 👩‍🚒 e\u0301 \u202e \x00", "2026-10-01T00:00:00.000Z", ""]),
        (FREE_FORM, {"": "", "b": [1, {"x": None}], "a": {"y": 2**53 + 1}}),
        (array_of(STRING), ["", None, "b", "a"]),
        (array_of(TIMESTAMP), [None, "2026-10-01T00:00:00Z"]),
        (array_of(array_of(INTEGER)), [[1], None, []]),
    ],
)
def test_value_of_the_right_type_is_unchanged(kind: Json, value: Any) -> None:
    found = record_of({"v": value}, v=kind)["v"]
    assert (type(found), json.dumps(found)) == (type(value), json.dumps(value))


@pytest.mark.parametrize(
    ("kind", "value", "converted"),
    [
        (INTEGER, "5", 5),
        (INTEGER, "-5", -5),
        (INTEGER, "9007199254740993", 2**53 + 1),
        (INTEGER, 5.0, 5),
        (NUMBER, "9007199254740993", 2**53 + 1),
        (NUMBER, "-1.5", -1.5),
        (NUMBER, "2.5E-1", 0.25),
        (STRING, 5, "5"),
        (STRING, 2**53 + 1, "9007199254740993"),
        (STRING, 1.5, "1.5"),
        (STRING, True, "true"),
        (BOOLEAN, "true", True),
        (TIMESTAMP, "", None),
        (array_of(TIMESTAMP), [""], [None]),
        (array_of(INTEGER), [1, "2", None], [1, 2, None]),
        (object_with(a=INTEGER), {"a": "2"}, {"a": 2}),
    ],
)
def test_value_of_another_type_is_converted_if_nothing_is_lost(kind: Json, value: Any, converted: Any) -> None:
    found = record_of({"v": value}, v=kind)["v"]
    assert (type(found), found) == (type(converted), converted)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        *product(("integer",), (5.5, True, "", " 5", "05", "+5", "5.0", "1e3", "1٥", "9" * 5000)),
        *product(("number",), (True, "", "1,5", ".5", "007", "٥", "NaN", "1e999", "1e-400", "9007199254740993.0")),
        *product(("boolean",), (0, 1.0, "yes", "")),
        *product(("date-time",), (0, 1.5, False)),
        *product(("integer", "number", "boolean", "date-time", "string"), ([PAYLOAD], {PAYLOAD: 1})),
        *product(("object",), ("", PAYLOAD, 5, 1.5, False, [{}])),
    ],
)
def test_value_that_cannot_be_converted_is_an_error_with_both_types(expected: str, value: Any) -> None:
    sent = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}[type(value)]
    kind = array_of(object_with(a=array_of(KINDS[expected])))
    error = error_for({"id": "T42", "v": [{}, {"a": [value]}]}, v=kind)
    assert error.startswith(f"things: row T42: v[].a[] should be of type {expected}, but the API sent {sent}")
    assert PAYLOAD not in error


@EACH_STREAM
def test_key_property_that_is_missing_or_null_is_an_error(stream: Stream) -> None:
    shaped = shaper(Selected(stream, schema(stream)), schema(stream), lambda path: None)
    row: Json = dict.fromkeys(stream.key_properties, "K1")
    for key in stream.key_properties:
        assert shaped(row)[key] == "K1"
        absent = {name: value for name, value in row.items() if name != key}
        for wrong in (absent, {**row, key: None}):
            with pytest.raises(BadData, match=rf"{stream.name}: row (K1|without id) .*key property {key}$"):
                shaped(wrong)


def test_unknown_property_is_left_out_and_reported_with_its_path() -> None:
    row: Json = {"new": 1, "one": {"a": "x", "newer": {"deep": 1}}, "many": [{"newest": None}, {"a": "y"}, None]}
    record, unknown = record_and_unknown(row, {"one": object_with(a=STRING), "many": array_of(object_with(a=STRING))})
    assert record == {"id": "T1", "one": {"a": "x"}, "many": [{"a": None}, {"a": "y"}, None]}
    assert sorted(unknown) == ["many[].newest", "new", "one.newer"]


def test_deselected_and_withheld_properties_are_left_out_and_not_reported() -> None:
    both = object_with(a=STRING, b=STRING)
    whole = object_with(id=STRING, v=both, w=array_of(both), x=STRING)
    row: Json = {"v": {"a": "1", "b": "2", "c": "3"}, "w": [{"a": "1", "b": "2", "c": "3"}], "x": "3", "y": "4"}
    part = {"v": object_with(a=STRING), "w": array_of(object_with(b=STRING))}
    record, unknown = record_and_unknown(row, part, whole, withheld=("y", "w[].c"))
    assert (record, unknown) == ({"id": "T1", "v": {"a": "1"}, "w": [{"b": "2"}]}, ["v.c"])


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://hooks.example.com/services/T0/B0/sesame", "https://hooks.example.com"),
        ("https://hooks.example.com:8443?token=sesame", "https://hooks.example.com:8443"),
        ("https://me:sesame@hooks.example.com/", "https://hooks.example.com"),
        ("https://me:ses@ame@hooks.example.com/", "https://hooks.example.com"),
        ("HTTP://[2001:db8::1]:80/sesame", "HTTP://[2001:db8::1]:80"),
        ("https://hooks.example.com", "https://hooks.example.com"),
        ("hooks.example.com/sesame", None),
        ("https://hooks.example.com\\sesame", None),
        ("https://hooks.example.com;sesame", None),
        ("{{ sesame }}", None),
        ("", None),
        (None, None),
    ],
)
def test_secret_url_is_cut_to_its_host(url: str | None, kept: str | None) -> None:
    hook = object_with(url=STRING, note=STRING)
    row: Json = {"hooks": [{"url": url, "note": "https://example.com/note"}], "url": "https://example.com/own"}
    record, _ = record_and_unknown(row, {"hooks": array_of(hook), "url": STRING}, cut_urls=("hooks[].url",))
    assert record == {**row, "id": "T1", "hooks": [{"url": kept, "note": "https://example.com/note"}]}
