"""Records: key properties, and properties that are unknown, deselected, withheld or secret URLs."""

from __future__ import annotations

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import Shaper, shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import Stream
from tests.support.each import EACH_STREAM
from tests.support.runs import Json
from tests.unit.protocol.shaping import (
    STRING,
    array_of,
    object_with,
    record_and_unknown,
)


def full_shaper(stream: Stream) -> tuple[Shaper, set[str]]:
    """A shaper with all properties of the stream, and the set to which it adds unknown properties."""
    unknown: set[str] = set()
    return shaper(Selected(stream, schema(stream)), schema(stream), unknown.add), unknown


@EACH_STREAM
def test_key_property_that_is_missing_or_null_is_an_error(stream: Stream) -> None:
    shaped, _ = full_shaper(stream)
    row: Json = dict.fromkeys(stream.key_properties, "K1")
    for key in stream.key_properties:
        assert shaped(row)[key] == "K1"
        absent = {name: value for name, value in row.items() if name != key}
        for wrong in (absent, {**row, key: None}):
            with pytest.raises(BadData, match=rf"{stream.name}: row (K1|without id) .*key property {key}$"):
                shaped(wrong)


def test_unknown_property_is_left_out_and_reported_with_its_path() -> None:
    row: Json = {
        "new": 1,
        "one": {"a": "x", "newer": {"deep": 1}},
        "many": [{"newest": None}, {"a": "y"}, None],
    }
    record, unknown = record_and_unknown(row, {"one": object_with(a=STRING), "many": array_of(object_with(a=STRING))})
    assert record == {"id": "T1", "one": {"a": "x"}, "many": [{"a": None}, {"a": "y"}, None]}
    assert sorted(unknown) == ["many[].newest", "new", "one.newer"]


def test_deselected_property_is_left_out_and_not_reported() -> None:
    full_schema = object_with(
        id=STRING, v=object_with(a=STRING, b=STRING), w=array_of(object_with(a=STRING, b=STRING)), x=STRING
    )
    row: Json = {"v": {"a": "1", "b": "2"}, "w": [{"a": "1", "b": "2"}], "x": "3"}
    record, unknown = record_and_unknown(
        row, {"v": object_with(a=STRING), "w": array_of(object_with(b=STRING))}, full_schema
    )
    assert record == {"id": "T1", "v": {"a": "1"}, "w": [{"b": "2"}]}
    assert unknown == []


def test_withheld_property_is_left_out_and_not_reported() -> None:
    record, unknown = record_and_unknown({"secret": "s", "v": "x"}, {"v": STRING}, withheld=("secret",))
    assert (record, unknown) == ({"id": "T1", "v": "x"}, [])


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
    record, unknown = record_and_unknown(row, {"hooks": array_of(hook), "url": STRING}, cut_urls=("hooks[].url",))
    assert record["hooks"] == [{"url": kept, "note": "https://example.com/note"}]
    assert record["url"] == "https://example.com/own"
    assert unknown == []
