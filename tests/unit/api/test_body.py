"""Bodies that are not JSON by the letter, not UTF-8, or nested too deeply."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.api.body import Unusable, parse_body
from tap_incident.errors import TapError

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


@pytest.mark.parametrize("content", ["<p>Größe</p>".encode("latin-1"), '{"a": "Gr\xf6'.encode("latin-1"), b"\xff" * 9])
def test_body_that_is_no_json_in_any_encoding_is_none(content: bytes) -> None:
    assert parse_body(content) is None


BYTES = st.binary(max_size=30) | st.text('[]{}":,-+.eENaInfity0123456789\\ud8 \n', max_size=30).map(str.encode)


@given(BYTES)
def test_any_body_is_json_or_none_or_an_error_of_a_known_kind(content: bytes) -> None:
    try:
        value = parse_body(content)
    except TapError as error:
        assert str(error).startswith("GET: ")
    else:
        assert value is None or json.loads(content) == value
