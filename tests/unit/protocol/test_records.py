"""Records: what becomes of each value of a row, and of those that are missing."""

from __future__ import annotations

import copy
import json
from itertools import product
from typing import Any

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.selection import Selected
from tap_incident.streams import Privacy, Stream
from tests.support.runs import Json

STRING: Json = {"type": ["null", "string"]}
INTEGER: Json = {"type": ["null", "integer"]}
NUMBER: Json = {"type": ["null", "number"]}
BOOLEAN: Json = {"type": ["null", "boolean"]}
STAMP: Json = {"type": ["null", "string"], "format": "date-time"}
MAP: Json = {"type": ["null", "object"], "additionalProperties": True}
KINDS = {"string": STRING, "integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN, "date-time": STAMP, "object": MAP}
PAYLOAD = "sesame"


def listed(items: Json) -> Json:
    """A list's schema."""
    return {"type": ["null", "array"], "items": items}


def holding(**properties: Json) -> Json:
    """An object's schema."""
    return {"type": ["null", "object"], "properties": properties, "additionalProperties": False}


def shape(row: Json, **properties: Json) -> Json:
    """The record of `row` in a stream that has an id and `properties`."""
    return said_of(row, properties)[0]


def said_of(
    row: Json,
    properties: Json,
    whole: Json | None = None,
    withheld: tuple[str, ...] = (),
    cut_urls: tuple[str, ...] = (),
) -> tuple[Json, list[str]]:
    """The record where `properties` of the schema `whole` (default: no others) are selected, and what was unknown."""
    unknown: list[str] = []
    schema = holding(id={"type": ["string"]}, **properties)
    stream = Stream("things", "/v1/things", "Things", privacy=Privacy(withheld, cut_urls))
    record = shaper(Selected(stream, schema), whole or schema, unknown.append)({"id": "T1", **row})
    return record, unknown


def refused(row: Json, **properties: Json) -> str:
    """The text of the error that the row ends in."""
    with pytest.raises(BadData) as caught:
        shape(row, **properties)
    return str(caught.value)


@pytest.mark.parametrize("schema", [*KINDS.values(), listed(STRING), holding(a=STRING)])
@pytest.mark.parametrize("row", [{}, {"v": None}], ids=["absent", "null"])
def test_property_that_is_missing_is_null(schema: Json, row: Json) -> None:
    assert shape(row, v=schema) == {"id": "T1", "v": None}


def test_property_that_is_missing_in_a_nested_object_is_null() -> None:
    inner = holding(a=STRING, b=holding(c=INTEGER, d=listed(holding(e=STAMP))))
    assert shape({"v": {}}, v=inner)["v"] == {"a": None, "b": None}
    assert shape({"v": {"b": {}}}, v=inner)["v"] == {"a": None, "b": {"c": None, "d": None}}
    assert shape({"v": {"b": {"d": [{}]}}}, v=inner)["v"]["b"]["d"] == [{"e": None}]
    assert shape({"v": [{}, {"a": "x"}]}, v=listed(inner))["v"] == [{"a": None, "b": None}, {"a": "x", "b": None}]


def test_record_keys_are_always_in_the_same_order() -> None:
    records = [shape(row, b=STRING, a=STRING) for row in ({}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"})]
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
        (MAP, {"": None, "b": [1, {"x": None}], "a": {"y": 2**53 + 1}}),
        (MAP, {}),
        (listed(STRING), []),
        (listed(STRING), ["", None, "b", "a"]),
        (listed(STAMP), [None, "2026-10-01T00:00:00Z"]),
        (listed(holding(a=STRING)), [None, {"a": "x"}, None]),
        (listed(listed(INTEGER)), [[1], None, []]),
        (listed(MAP), [{"x": 1}, None]),
    ],
)
def test_value_of_the_right_type_is_unchanged(schema: Json, value: Any) -> None:
    found = shape({"v": value}, v=schema)["v"]
    assert (type(found), json.dumps(found)) == (type(value), json.dumps(value))


@pytest.mark.parametrize("digits", range(10))
@pytest.mark.parametrize("zone", ["Z", "+02:00", "-05:30"])
def test_timestamp_keeps_its_digits_and_time_zone(digits: int, zone: str) -> None:
    stamp = "2026-10-01T23:59:59" + ("." + "123456780"[:digits] if digits else "") + zone
    assert shape({"v": stamp}, v=STAMP)["v"] == stamp


def test_timestamp_that_is_an_empty_string_is_null() -> None:
    assert shape({"v": ""}, v=STAMP)["v"] is None
    assert shape({"v": [""]}, v=listed(STAMP))["v"] == [None]
    assert shape({"v": ""}, v=STRING)["v"] == ""
    assert shape({"v": {"": ""}}, v=MAP)["v"] == {"": ""}


@pytest.mark.parametrize(
    ("schema", "value", "turned"),
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
        (listed(INTEGER), [1, "2", None], [1, 2, None]),
        (holding(a=INTEGER), {"a": "2"}, {"a": 2}),
    ],
)
def test_value_of_another_type_is_converted_if_nothing_is_lost(schema: Json, value: Any, turned: Any) -> None:
    found = shape({"v": value}, v=schema)["v"]
    assert (type(found), found) == (type(turned), turned)


def test_id_that_is_a_number_is_converted() -> None:
    assert shape({"id": 7})["id"] == "7"


FOUND = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


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
    told = refused({"v": value}, v=KINDS[expected])
    assert f"type {expected}" in told
    assert f"sent {FOUND[type(value)]}" in told


@pytest.mark.parametrize("value", ["", PAYLOAD, 5, 1.5, False, {}, {PAYLOAD: 1}])
def test_array_cannot_be_made_from_another_type(value: Any) -> None:
    told = refused({"v": value}, v=listed(STRING))
    assert "type array" in told
    assert f"sent {FOUND[type(value)]}" in told


@pytest.mark.parametrize("value", ["", PAYLOAD, 5, 1.5, False, [], [{}]])
def test_object_cannot_be_made_from_another_type(value: Any) -> None:
    told = refused({"v": value}, v=holding(a=STRING))
    assert "type object" in told
    assert f"sent {FOUND[type(value)]}" in told


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        (INTEGER, PAYLOAD, "v"),
        (listed(INTEGER), [1, PAYLOAD], "v[]"),
        (holding(a=holding(b=INTEGER)), {"a": {"b": PAYLOAD}}, "v.a.b"),
        (listed(holding(a=listed(holding(b=STAMP)))), [{}, {"a": [{"b": [PAYLOAD]}]}], "v[].a[].b"),
        (listed(listed(MAP)), [[{}, PAYLOAD]], "v[][]"),
    ],
)
def test_record_error_has_stream_id_and_path_but_not_the_value(schema: Json, value: Any, path: str) -> None:
    told = refused({"id": "T42", "v": value}, v=schema)
    assert told.startswith("things: row T42: ")
    assert f" {path} " in told
    assert PAYLOAD not in told
    assert "\n" not in told


def test_record_error_of_a_row_without_id_says_so() -> None:
    assert "row without id" in refused({"id": None, "v": PAYLOAD}, v=INTEGER)


def test_row_is_not_modified() -> None:
    row = {"id": "T1", "v": {"a": "5"}, "w": [""], "new": 1}
    before = copy.deepcopy(row)
    shape(row, v=holding(a=INTEGER, b=STRING), w=listed(STAMP))
    assert row == before
