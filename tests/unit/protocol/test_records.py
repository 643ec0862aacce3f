"""Records: how each value of a row is converted, and what replaces missing values."""

from __future__ import annotations

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
        (NUMBER, 2**53 + 1),
        (NUMBER, 5),
        (NUMBER, 5.0),
        (BOOLEAN, False),
        (STRING, "  0012 "),
        (STRING, "Größe 数据 👩‍🚒 e\u0301 \u202e \x00"),
        (STRING, "2026-10-01T00:00:00.000Z"),
        (FREE_FORM, {"": None, "b": [1, {"x": None}], "a": {"y": 2**53 + 1}}),
        (array_of(STRING), ["", None, "b", "a"]),
        (array_of(TIMESTAMP), [None, "2026-10-01T00:00:00Z"]),
        (array_of(object_with(a=STRING)), [None, {"a": "x"}, None]),
        (array_of(array_of(INTEGER)), [[1], None, []]),
    ],
)
def test_value_of_the_right_type_is_unchanged(schema: Json, value: Any) -> None:
    found = record_of({"v": value}, v=schema)["v"]
    assert (type(found), json.dumps(found)) == (type(value), json.dumps(value))


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
        (array_of(INTEGER), [1, "2", None], [1, 2, None]),
        (object_with(a=INTEGER), {"a": "2"}, {"a": 2}),
    ],
)
def test_value_of_another_type_is_converted_if_nothing_is_lost(schema: Json, value: Any, converted: Any) -> None:
    found = record_of({"v": value}, v=schema)["v"]
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
    schema = array_of(object_with(a=array_of(KINDS[expected])))
    error = error_for({"id": "T42", "v": [{}, {"a": [value]}]}, v=schema)
    assert error.startswith(f"things: row T42: v[].a[] should be of type {expected}, but the API sent {sent}")
    assert PAYLOAD not in error
