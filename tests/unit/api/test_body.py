"""Bodies that are not JSON by the letter, not UTF-8, or nested too deeply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.api.body import DEEPEST, Unusable, parse_body
from tap_incident.errors import BadData, TapError

UNUSABLE = {
    b'{"users": [{"id": "U1", "n": NaN}]}': "NaN is not a JSON number",
    b'{"users": [{"id": "U1", "n": -Infinity}]}': "-Infinity is not a JSON number",
    b'{"users": [{"id": "U1", "n": 1e999}]}': "a number is too large for a float",
    b'{"users": [{"id": "U1", "n": %s}]}' % (b"7" * 5000): "an integer has too many digits",
    '{"users": [{"id": "U1", "name": "Größe"}]}'.encode("latin-1"): "the answer is not UTF-8 text",
}


@pytest.mark.parametrize("content", UNUSABLE, ids=[*UNUSABLE.values()])
def test_body_that_breaks_the_rules_of_json_is_unusable_and_says_why(content: bytes) -> None:
    with pytest.raises(Unusable) as caught:
        parse_body(content, "users: GET /v2/users")
    assert str(caught.value).startswith("users: GET /v2/users: the answer ")
    assert str(caught.value).endswith(UNUSABLE[content])


@pytest.mark.parametrize("content", UNUSABLE, ids=[*UNUSABLE.values()])
def test_body_that_was_cut_off_may_come_whole_at_the_next_try(content: bytes) -> None:
    assert parse_body(content[: len(b'{"users": [{"id"')]) is None


@pytest.mark.parametrize("content", ["<p>Größe</p>".encode("latin-1"), '{"a": "Gr\xf6'.encode("latin-1"), b"\xff" * 9])
def test_body_that_is_no_json_in_any_encoding_is_none(content: bytes) -> None:
    assert parse_body(content) is None


def nested(depth: int) -> Any:
    """Lists and objects in turn, so many levels deep."""
    value: Any = 1
    for level in range(depth):
        value = [value, "x"] if level % 2 else {"a": value, "z": None}
    return value


@pytest.mark.parametrize("depth", [1, 20, DEEPEST])
def test_body_may_be_nested_as_deeply_as_loaders_can_read(depth: int) -> None:
    assert parse_body(json.dumps(nested(depth)).encode()) == nested(depth)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500, 9_000, 100_000])
def test_body_that_is_nested_too_deeply_is_bad_data(depth: int) -> None:
    content = b'{"users":' + b'[{"a":' * (depth // 2) + b"[]" * (depth % 2) + b"1" * (1 - depth % 2)
    content += b"}]" * (depth // 2) + b"}"
    with pytest.raises(BadData, match=r"^users: GET /v2/users: .* nested too deeply .* \(more than 200 levels\)$"):
        parse_body(content, "users: GET /v2/users")


@pytest.mark.parametrize("text", ["]" * 500, "[" * 500, "]" * 500 + "[" * 500, "[]{}" * 500, '\\"[' * 500])
def test_brackets_in_texts_do_not_count_as_nesting(text: str) -> None:
    shallow = {"users": [{"id": text, "name": text}]}
    assert parse_body(json.dumps(shallow).encode()) == shallow


def test_unpaired_brackets_in_texts_do_not_hide_that_a_body_is_nested_too_deeply() -> None:
    for text in ("]" * 500, "}" * 100, "["):
        with pytest.raises(BadData, match="too deeply"):
            parse_body(json.dumps([text, nested(DEEPEST + 1)]).encode())


BYTES = st.binary(max_size=30) | st.text('[]{}":,-+.eENaInfity0123456789\\ud8 \n', max_size=30).map(str.encode)


@given(BYTES)
def test_any_body_is_json_or_none_or_an_error_of_a_known_kind(content: bytes) -> None:
    try:
        value = parse_body(content)
    except TapError as error:
        assert str(error).startswith("GET: ")
    else:
        assert value is None or json.loads(content) == value
