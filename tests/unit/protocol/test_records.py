"""Records: how each value of a row is converted, and what replaces missing values."""

from __future__ import annotations

import copy
import json
from itertools import product
from typing import Any

import pytest

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


@pytest.mark.parametrize("schema", [*KINDS.values(), array_of(STRING), object_with(a=STRING)])
@pytest.mark.parametrize("row", [{}, {"v": None}], ids=["absent", "null"])
def test_property_that_is_missing_is_null(schema: Json, row: Json) -> None:
    assert record_of(row, v=schema) == {"id": "T1", "v": None}


def test_property_that_is_missing_in_a_nested_object_is_null() -> None:
    inner = object_with(a=STRING, b=object_with(c=INTEGER, d=array_of(object_with(e=TIMESTAMP))))
    assert record_of({"v": {}}, v=inner)["v"] == {"a": None, "b": None}
    assert record_of({"v": {"b": {}}}, v=inner)["v"] == {"a": None, "b": {"c": None, "d": None}}
    assert record_of({"v": {"b": {"d": [{}]}}}, v=inner)["v"]["b"]["d"] == [{"e": None}]
    assert record_of({"v": [{}, {"a": "x"}]}, v=array_of(inner))["v"] == [{"a": None, "b": None}, {"a": "x", "b": None}]


def test_record_keys_are_always_in_the_same_order() -> None:
    records = [record_of(row, b=STRING, a=STRING) for row in ({}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"})]
    assert [list(record) for record in records] == [["id", "b", "a"]] * 3


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INTEGER, 2**53 + 1),
        (INTEGER, -(10**30)),
        (INTEGER, 0),
        (NUMBER, 2**53 + 1),
        (NUMBER, 0.1),
        (NUMBER, -1e300),
        (NUMBER, 5),
        (NUMBER, 5.0),
        (BOOLEAN, False),
        (BOOLEAN, True),
        (STRING, ""),
        (STRING, "  0012 "),
        (STRING, "null"),
        (STRING, "Größe 数据 👩‍🚒 e\u0301 \u202e \x00"),
        (STRING, "2026-10-01T00:00:00.000Z"),
        (FREE_FORM, {"": None, "b": [1, {"x": None}], "a": {"y": 2**53 + 1}}),
        (FREE_FORM, {}),
        (array_of(STRING), []),
        (array_of(STRING), ["", None, "b", "a"]),
        (array_of(TIMESTAMP), [None, "2026-10-01T00:00:00Z"]),
        (array_of(object_with(a=STRING)), [None, {"a": "x"}, None]),
        (array_of(array_of(INTEGER)), [[1], None, []]),
        (array_of(FREE_FORM), [{"x": 1}, None]),
    ],
)
def test_value_of_the_right_type_is_unchanged(schema: Json, value: Any) -> None:
    found = record_of({"v": value}, v=schema)["v"]
    assert (type(found), json.dumps(found)) == (type(value), json.dumps(value))


@pytest.mark.parametrize("digits", range(10))
@pytest.mark.parametrize("zone", ["Z", "+02:00", "-05:30"])
def test_timestamp_keeps_its_digits_and_time_zone(digits: int, zone: str) -> None:
    stamp = "2026-10-01T23:59:59" + ("." + "123456780"[:digits] if digits else "") + zone
    assert record_of({"v": stamp}, v=TIMESTAMP)["v"] == stamp


def test_timestamp_that_is_an_empty_string_is_null() -> None:
    assert record_of({"v": ""}, v=TIMESTAMP)["v"] is None
    assert record_of({"v": [""]}, v=array_of(TIMESTAMP))["v"] == [None]
    assert record_of({"v": ""}, v=STRING)["v"] == ""
    assert record_of({"v": {"": ""}}, v=FREE_FORM)["v"] == {"": ""}


@pytest.mark.parametrize(
    ("schema", "value", "converted"),
    [
        (INTEGER, "5", 5),
        (INTEGER, "-5", -5),
        (INTEGER, "0", 0),
        (INTEGER, "9007199254740993", 2**53 + 1),
        (INTEGER, 5.0, 5),
        (NUMBER, "5", 5),
        (NUMBER, "9007199254740993", 2**53 + 1),
        (NUMBER, "-1.5", -1.5),
        (NUMBER, "1e3", 1000.0),
        (NUMBER, "2.5E-1", 0.25),
        (STRING, 5, "5"),
        (STRING, 2**53 + 1, "9007199254740993"),
        (STRING, 1.5, "1.5"),
        (STRING, True, "true"),
        (BOOLEAN, "true", True),
        (BOOLEAN, "false", False),
        (array_of(INTEGER), [1, "2", None], [1, 2, None]),
        (object_with(a=INTEGER), {"a": "2"}, {"a": 2}),
    ],
)
def test_value_of_another_type_is_converted_if_nothing_is_lost(schema: Json, value: Any, converted: Any) -> None:
    found = record_of({"v": value}, v=schema)["v"]
    assert (type(found), found) == (type(converted), converted)


JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("integer", 5.5),
        ("integer", 1e-9),
        ("integer", True),
        ("integer", ""),
        ("integer", " 5"),
        ("integer", "05"),
        ("integer", "+5"),
        ("integer", "5.0"),
        ("integer", "1e3"),
        ("integer", "1٥"),
        ("integer", "9" * 5000),
        ("number", True),
        ("number", ""),
        ("number", "1,5"),
        ("number", ".5"),
        ("number", "٥"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1e999"),
        ("number", "9" * 5000),
        ("boolean", 0),
        ("boolean", 1.0),
        ("boolean", "True"),
        ("boolean", "yes"),
        ("boolean", ""),
        ("date-time", 0),
        ("date-time", 1.5),
        ("date-time", False),
        *product(("integer", "number", "boolean", "date-time", "string"), ([], [PAYLOAD], {}, {PAYLOAD: 1})),
        *product(("object",), ("", PAYLOAD, 5, 1.5, False, [], [{}])),
    ],
)
def test_value_that_cannot_be_converted_is_an_error_with_both_types(expected: str, value: Any) -> None:
    error = error_for({"v": value}, v=KINDS[expected])
    assert f"type {expected}" in error
    assert f"sent {JSON_TYPES[type(value)]}" in error


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        (INTEGER, PAYLOAD, "v"),
        (array_of(INTEGER), [1, PAYLOAD], "v[]"),
        (object_with(a=object_with(b=INTEGER)), {"a": {"b": PAYLOAD}}, "v.a.b"),
        (array_of(object_with(a=array_of(object_with(b=TIMESTAMP)))), [{}, {"a": [{"b": [PAYLOAD]}]}], "v[].a[].b"),
        (array_of(array_of(FREE_FORM)), [[{}, PAYLOAD]], "v[][]"),
    ],
)
def test_record_error_has_stream_id_and_path_but_not_the_value(schema: Json, value: Any, path: str) -> None:
    error = error_for({"id": "T42", "v": value}, v=schema)
    assert error.startswith("things: row T42: ")
    assert f" {path} " in error
    assert PAYLOAD not in error
    assert "\n" not in error


def test_row_is_not_modified() -> None:
    row = {"id": "T1", "v": {"a": "5"}, "w": [""], "new": 1}
    before = copy.deepcopy(row)
    record_of(row, v=object_with(a=INTEGER, b=STRING), w=array_of(TIMESTAMP))
    assert row == before
