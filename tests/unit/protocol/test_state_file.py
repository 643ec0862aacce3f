"""State files: the forms of a state that are taken, and what is said about files that hold none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.errors import BadInput
from tap_incident.protocol.state_file import read_state

STATE = {"bookmarks": {"alerts": {"updated_at": "2026-01-31T00:00:00Z", "scope": "f"}}}
FORMS: list[Any] = [
    STATE,
    {"type": "STATE", "value": STATE},
    {"singer_state": STATE},
    {"type": "STATE", "value": {"singer_state": STATE}},
    STATE["bookmarks"],
    {"singer_state": STATE["bookmarks"]},
]


@pytest.mark.parametrize("form", FORMS, ids=json.dumps)
def test_state_is_found_in_what_is_around_it(form: Any) -> None:
    assert read_state(json.dumps(form), "state.json") == STATE


@pytest.mark.parametrize("empty", [{}, {"type": "STATE", "value": {}}, {"singer_state": {}}], ids=json.dumps)
def test_state_that_is_empty_is_a_first_run(empty: Any) -> None:
    assert read_state(json.dumps(empty), "state.json") == {}


def test_state_of_version_1_0_without_bookmarks_is_taken() -> None:
    assert read_state('{"currently_syncing": null}', "state.json") == {"currently_syncing": None}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"streams": [{"tap_stream_id": "users"}]}, "is a catalog, not a state"),
        ({"singer_state": {"streams": []}}, "is a catalog, not a state"),
        ({"api_key": "sesame"}, 'has no "bookmarks", so it is not a state'),
        ({"type": "RECORD", "stream": "x", "record": {}}, 'has no "bookmarks", so it is not a state'),
        ({"value": STATE}, 'has no "bookmarks", so it is not a state'),
        ({"singer_state": None}, "a state must be a JSON object"),
        ({"type": "STATE", "value": "x"}, "a state must be a JSON object"),
        ([], "a state must be a JSON object"),
        ({"users": 5}, 'the bookmark of "users" must be an object'),
    ],
    ids=str,
)
def test_file_that_holds_no_state_is_an_error_that_says_why(value: Any, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_state(json.dumps(value), "state.json")
    assert str(caught.value) == f"state.json: {text}"


@pytest.mark.parametrize("text", ["", " \n"])
def test_file_that_is_empty_is_an_error_that_says_what_is_usually_wrong(text: str) -> None:
    with pytest.raises(
        BadInput, match=r"^state\.json: is empty\. A pipe that ends in > state\.json empties it"
    ) as caught:
        read_state(text, "state.json")
    assert "Write to another file" in caught.value.advice


KEYS = st.sampled_from(["type", "value", "singer_state", "bookmarks", "streams", "users", "updated_at", "STATE"])
JSON = st.recursive(
    st.none() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.text() | JSON.map(json.dumps))
def test_file_of_any_text_is_a_state_or_bad_input(text: str) -> None:
    try:
        assert isinstance(read_state(text, "state.json"), dict)
    except BadInput as error:
        assert str(error).startswith("state.json: ")
