"""State: which files hold one, and how the bookmark of a step is read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.state import Bookmark, Left, Tally, bookmark, fingerprint, read_state, with_bookmark

AT = "2026-01-31T10:00:00.1+02:00"
STATE = {"bookmarks": {"alerts": {"updated_at": "2026-01-31T00:00:00Z", "scope": "f"}}}
FORMS: list[Any] = [
    STATE,
    {"type": "STATE", "value": STATE},
    {"singer_state": STATE},
    {"type": "STATE", "value": {"singer_state": STATE}},
    STATE["bookmarks"],
]
USABLE: list[Any] = [
    {},
    {"currently_syncing": None, "bookmarks": None},
    {"bookmarks": {"users": None, "teams": {}, "zebras": 5}, "of_a_later_version": [1]},
    # Versions 1.0 and 1.1.
    {"currently_syncing": "users", "bookmarks": {"users": {"after": "c1", "walk": "f1"}}},
    {"bookmarks": {"users": {"part": 0, "windows": [{}], "without": {"updates": {}}, "lacks": ["updates"]}}},
    {"bookmarks": {"alerts": dict.fromkeys(("updated_at", "started", "newest", "replication_key_value"), AT)}},
]
WRONG: dict[str, list[Any]] = {
    **{key: [5, [], True, {}] for key in ("scope", "organisation", "walk")},
    **{key: ["2026-01-31", "yesterday", "", 5, {}] for key in ("updated_at", "started", "newest", "again")},
    **{key: ["updates", [5], True] for key in ("parts", "denied", "refused", "incomplete")},
    **{key: [5, "x", {"updates": None}, {"updates": -1}] for key in ("lacking", "lacks", "gone")},
    "rows": [-1, "1", 1.5, True],
    "left": [{}, "x", [5], [{"list": -1}], [{"after": 5}], [{"from": "yesterday"}], [{"asked": [AT]}], [{"to": 5}]],
}
NO_STATE: list[tuple[Any, str]] = [
    ({"streams": [{"tap_stream_id": "users"}]}, "is a catalog, not a state"),
    ({"api_key": "sesame"}, 'has no "bookmarks", so it is not a state'),
    ({"type": "RECORD", "stream": "x", "record": {}}, 'has no "bookmarks", so it is not a state'),
    ([], "a state must be a JSON object"),
    ({"currently_syncing": 5}, '"currently_syncing" must be the name of a stream'),
    ({"bookmarks": []}, '"bookmarks" must be an object with one bookmark per stream'),
    ({"users": 5}, 'the bookmark of "users" must be an object'),
    ({"bookmarks": {"users": {"rows": -1}}}, '"rows" in the bookmark of "users" must be a whole number'),
]


def read(value: Any) -> Any:
    """The state in a file that holds this JSON value."""
    return read_state(json.dumps(value), "state.json")


@pytest.mark.parametrize("form", FORMS, ids=json.dumps)
def test_state_is_found_in_what_is_around_it(form: Any) -> None:
    assert read(form) == STATE


@pytest.mark.parametrize("empty", [None, {}, {"type": "STATE", "value": None}, {"singer_state": {}}], ids=json.dumps)
def test_state_that_is_empty_is_a_first_run(empty: Any) -> None:
    assert read(empty) == {}


@pytest.mark.parametrize("value", USABLE, ids=json.dumps)
def test_state_that_is_valid_is_taken_as_it_is(value: Any) -> None:
    assert read(value) == value
    bookmark(value, "users")


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_bookmark_that_is_wrong_is_an_error_that_names_stream_and_key(key: str, value: Any) -> None:
    with pytest.raises(BadInput, match=rf'^state\.json: "{key}" in the bookmark of "alerts" must be [^\n]+$'):
        read({"bookmarks": {"teams": {}, "alerts": {key: value}}})


@pytest.mark.parametrize(("value", "text"), NO_STATE, ids=str)
def test_file_that_holds_no_state_is_an_error_that_says_why(value: Any, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(value)
    assert str(caught.value) == f"state.json: {text}"


def test_file_that_is_empty_is_an_error_that_says_what_is_usually_wrong() -> None:
    with pytest.raises(BadInput, match=r"^state\.json: is empty\. A pipe that ends in > state\.json empties it"):
        read_state(" \n", "state.json")


FULL = Bookmark(
    updated_at=AT,
    scope="s",
    organisation="o",
    parts=("updates",),
    denied=("attachments",),
    lacking={"updates": 2},
    walk="w",
    left=(Left(0), Left(2, AT, AT, (AT, None), "c1"), Left(1, end=AT, asked=(None, AT))),
    started=AT,
    tally=Tally(7, AT, AT, ("attachments",), {"updates": 1}),
    gone={"incident_updates": 3},
    incomplete=("actions",),
)


@pytest.mark.parametrize("mark", [FULL, Bookmark(walk="w", left=(Left(),)), Bookmark(updated_at=AT, parts=())], ids=str)
def test_bookmark_is_read_as_it_was_written(mark: Bookmark) -> None:
    written = with_bookmark({}, "alerts", mark)
    assert bookmark(read(written), "alerts") == mark
    lasting = mark.lasting()
    assert bookmark(read(with_bookmark({}, "alerts", lasting)), "alerts") == lasting
    assert (lasting == Bookmark()) is (mark.updated_at is None)
    assert (lasting.walk, lasting.left, lasting.tally, lasting.gone) == (None, (), Tally(), {})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, Bookmark()),
        ({"after": "c1", "walk": "f1"}, Bookmark(walk="f1")),
        ({"windows": [{"from": AT}]}, Bookmark(walk="1.1")),
        ({"updated_at": AT, "without": {"updates": {}}, "lacks": ["updates"]}, Bookmark(AT, denied=("updates",))),
        ({"updated_at": AT, "denied": {"updates": "I1"}}, Bookmark(AT, denied=("updates",))),
        ({"replication_key_value": AT}, Bookmark(AT)),
    ],
    ids=str,
)
def test_bookmark_of_other_versions_and_taps(found: Any, expected: Bookmark) -> None:
    assert bookmark({"bookmarks": {"users": found, "teams": {"updated_at": AT}}}, "users") == expected


def test_fingerprint_is_the_same_in_any_process_and_only_for_the_same_walk() -> None:
    assert fingerprint(["users", None]) == "c8d1539ce972a5b7"
    assert fingerprint({"x": 1, "y": 2}) == fingerprint({"y": 2, "x": 1})
    walks: list[Any] = [[], [[]], ["users"], ["users", None], {"users": None}]
    assert len({fingerprint(walk) for walk in walks}) == 5


def test_tallies_of_pages_add_up() -> None:
    later = "2026-02-01T00:00:00Z"
    first, second = Tally(1, AT, later, ("a",), {"x": 1}), Tally(2, later, AT, ("b", "a"), {"x": 2})
    assert first + second == Tally(3, later, AT, ("a", "b"), {"x": 3})
    assert second + Tally() == second
