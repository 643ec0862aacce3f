"""State: which state files are valid, and how cursors and bookmarks are read, set and cleared."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.errors import BadInput
from tap_incident.protocol.state import bookmark, check, clear_cursors, fingerprint, set_cursor

MARK = {"after": "c1", "walk": "f1"}
USABLE: list[Any] = [
    {},
    {"currently_syncing": None, "bookmarks": None},
    {"bookmarks": {}},
    {"currently_syncing": "users", "bookmarks": {"users": MARK}},
    {"currently_syncing": "zebras"},
    {"bookmarks": {"users": None, "teams": {}}},
    {"bookmarks": {"users": {"after": None, "walk": None}}},
    {"bookmarks": {"users": {**MARK, "of_a_later_version": [1]}}},
    {
        "bookmarks": {
            "users": {
                **MARK,
                "part": 0,
                "without": {"updates": {"since": None, "denied": "I1"}},
                "lacks": ["updates"],
                "scope": "f2",
            }
        }
    },
    {"bookmarks": {"alerts": dict.fromkeys(("updated_at", "started", "newest"), "2026-01-31T10:00:00.1+02:00")}},
    {"of_a_later_version": [1], "bookmarks": {"zebras": 5}},
]
WRONG: dict[str, list[Any]] = {
    **{key: [-1, True, 1.0, "1", []] for key in ("part",)},
    "without": [
        "users",
        [],
        5,
        {"updates": None},
        {"updates": {"since": None}},
        {"updates": {"since": "x", "denied": None}},
    ],
    "scope": [5, [], True],
    **{key: ["2026-01-31", "yesterday", "", 5, {}] for key in ("updated_at", "started", "newest")},
}
UNUSABLE: list[Any] = [
    None,
    [],
    "x",
    5,
    {"currently_syncing": 5},
    {"currently_syncing": ["users"]},
    {"bookmarks": []},
    {"bookmarks": "users"},
    {"bookmarks": {"users": "c1"}},
    {"bookmarks": {"users": []}},
    {"bookmarks": {"teams": {}, "users": {"after": 5}}},
    {"bookmarks": {"users": {"after": "c1", "walk": {}}}},
    *({"bookmarks": {"alerts": {key: value}}} for key, values in WRONG.items() for value in values),
]


@pytest.mark.parametrize("value", USABLE, ids=json.dumps)
def test_state_that_is_valid_is_returned_unchanged(value: Any) -> None:
    assert check(copy.deepcopy(value), "state.json") == value


@pytest.mark.parametrize("value", UNUSABLE, ids=json.dumps)
def test_state_that_is_invalid_is_an_error_with_the_file_name(value: Any) -> None:
    with pytest.raises(BadInput, match=r"^state\.json: .") as caught:
        check(value, "state.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["after", "walk"])
def test_bookmark_error_names_stream_and_key(key: str) -> None:
    with pytest.raises(BadInput, match=f'"{key}".*"users"'):
        check({"bookmarks": {"users": {**MARK, key: 5}}}, "state.json")


@pytest.mark.parametrize("state", [{}, {"bookmarks": None}, {"bookmarks": {}}, {"bookmarks": {"users": None}}], ids=str)
def test_bookmark_that_is_missing_is_empty(state: Any) -> None:
    assert bookmark(state, "users") == {}


def test_bookmark_is_read_per_stream() -> None:
    assert bookmark({"bookmarks": {"users": MARK, "teams": {}}}, "users") == MARK


def test_cursor_is_set_in_the_bookmark_of_the_stream() -> None:
    expected = {"bookmarks": {"users": MARK}}
    assert set_cursor({}, "users", after="c1", walk="f1") == expected
    assert set_cursor({"bookmarks": None}, "users", after="c1", walk="f1") == expected
    assert set_cursor(
        {"currently_syncing": "teams", "bookmarks": {"users": {"after": "c0"}}}, "users", after="c1", walk="f1"
    ) == (expected)


def test_cursor_and_currently_syncing_are_cleared() -> None:
    assert clear_cursors(set_cursor({}, "users", after="c1", walk="f1"), "users") == {"bookmarks": {}}
    assert clear_cursors({}, "users") == {"bookmarks": {}}
    assert clear_cursors({"currently_syncing": "users", "bookmarks": None}, "users") == {"bookmarks": {}}


def test_cursor_changes_keep_other_streams_and_unknown_keys() -> None:
    others = {"of_a_later_version": [1], "bookmarks": {"teams": MARK, "zebras": 5}}
    assert set_cursor(others, "users", after="c1", walk="f1") == {
        "of_a_later_version": [1],
        "bookmarks": {"teams": MARK, "zebras": 5, "users": MARK},
    }
    assert clear_cursors(set_cursor(others, "users", after="c1", walk="f1"), "users") == others


def test_cursor_of_none_is_left_out_and_empty_bookmarks_stay() -> None:
    others: Any = {"bookmarks": {"teams": {}, "zebras": None}}
    assert clear_cursors(set_cursor(others, "users", after=None, walk="f1"), "users") == others
    assert set_cursor({}, "users", after=None, walk="f1")["bookmarks"] == {"users": {"walk": "f1"}}


def test_state_argument_is_not_modified() -> None:
    before = {"currently_syncing": "users", "bookmarks": {"users": {"after": "c0", "walk": "f0"}}}
    state = copy.deepcopy(before)
    set_cursor(state, "users", after="c1", walk="f1")
    set_cursor(state, "teams", after="c1", walk="f1")
    clear_cursors(state, "users")
    assert state == before


def test_fingerprint_is_equal_only_for_the_same_walk() -> None:
    walk = ["https://api.incident.io", [["a", "b"]], {"x": 1, "y": [None]}]
    assert fingerprint(walk) == fingerprint(json.loads(json.dumps(walk)))
    assert fingerprint({"x": 1, "y": 2}) == fingerprint({"y": 2, "x": 1})
    others = [[], ["https://api.incident.io"], [*walk, None], ["http://api.incident.io", *walk[1:]], {"x": 1}]
    assert len({fingerprint(other) for other in (walk, *others)}) == len(others) + 1


def test_fingerprint_is_the_same_in_another_process() -> None:
    # It is compared with the one of an earlier run, so it must not depend on a random hash seed.
    assert fingerprint(["users", None]) == "c8d1539ce972a5b7"


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
MARKS = st.dictionaries(st.sampled_from(["after", "walk", "more"]), JSON, max_size=3)
BOOKMARKS = st.dictionaries(st.sampled_from(["users", "teams", "zebras"]), MARKS | JSON, max_size=3)
STATES = st.fixed_dictionaries({}, optional={"currently_syncing": JSON, "bookmarks": BOOKMARKS | JSON, "more": JSON})


@given(JSON | STATES)
def test_state_of_any_json_is_usable_or_bad_input(value: Any) -> None:
    try:
        state = check(value, "state.json")
    except BadInput as error:
        assert str(error).startswith("state.json: ")
    else:
        assert bookmark(state, "users").get("after") is None or isinstance(bookmark(state, "users")["after"], str)
        assert bookmark(clear_cursors(set_cursor(state, "users", after="c", walk="f"), "users"), "users") == {}
