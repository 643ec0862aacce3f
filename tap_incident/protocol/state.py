"""State, as pure functions: each takes a state and returns a new one.

While the pages of a stream are read, its bookmark says where to resume: `{"after": CURSOR, "walk": FINGERPRINT, ...}`.

- `after`: cursor of the next page, in the list with the index `part` (absent: the first).
- `windows`: if that list is read in several windows of time, the windows that have not ended. Each has its own cursor:
  `{"from": TIMESTAMP or null, "to": TIMESTAMP or null, "newest_first": BOOLEAN, "skip": IDS, "after": CURSOR}` (see
  `sync.windows`).
- `walk`: describes what is read. A cursor is only valid for the same.
- `started`: start of the run. `newest`: the latest change so far.
- `lacks`: streams that could not be read for some rows. `denied`: nested parts that the key may not read.

All of these are removed at the end. An incremental stream keeps `{"updated_at": TIMESTAMP, "scope": FINGERPRINT}`: all
rows that changed up to that time are written, for the lists that FINGERPRINT describes. It can also have `without`:
nested parts that some of these rows lack, because the key could not read them or they were not selected.
Source: Singer spec, section "State".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft4Validator

from tap_incident.errors import BadInput
from tap_incident.streams import BY_NAME
from tap_incident.timestamps import is_timestamp

State = dict[str, Any]

_STRING = {"type": ["string", "null"], "description": "a string"}
_COUNT = {"type": ["integer", "null"], "minimum": 0, "description": "a whole number"}
_NAMES = {"type": ["array", "null"], "items": {"type": "string"}, "description": "a list of names"}
_WITHOUT = {
    "type": ["object", "null"],
    "additionalProperties": {
        "type": "object",
        "required": ["since", "denied"],
        "properties": {"since": {"type": ["string", "null"]}, "denied": {"type": ["string", "null"]}},
    },
    "description": "an object with since and denied per property",
}
_WINDOWS = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "required": ["from", "to", "newest_first"],
        "properties": {
            "from": _STRING,
            "to": _STRING,
            "newest_first": {"type": "boolean"},
            "skip": {"type": "array", "items": {"type": "string"}},
            "after": _STRING,
        },
    },
    "description": "a list of objects with from, to and newest_first",
}
_TIMESTAMPS = ("updated_at", "started", "newest")
_BOOKMARK: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "an object",
    "properties": {
        **dict.fromkeys(("after", "walk", "scope"), _STRING),
        "part": _COUNT,
        **dict.fromkeys(("denied", "lacks"), _NAMES),
        "without": _WITHOUT,
        "windows": _WINDOWS,
    },
}
_STATE = {
    "type": "object",
    "description": "a JSON object",
    "properties": {
        "currently_syncing": {"type": ["string", "null"], "description": "the name of a stream"},
        "bookmarks": {
            "type": ["object", "null"],
            "description": "an object with one bookmark per stream",
            # Bookmarks of other names belong to other taps, and are kept as they are.
            "properties": dict.fromkeys(BY_NAME, _BOOKMARK),
        },
    },
}
_SYNCING = "currently_syncing"
"""Version 1.0 wrote it. Now several streams are read at once."""
_LASTING = ("updated_at", "scope", "without")


def check(value: object, source: str) -> State:
    """The value of a state file, if it can be used. Unknown keys are kept.

    Raises BadInput with `source` (a file name) and what is wrong in its text.
    """
    for error in Draft4Validator(_STATE).iter_errors(value):
        path = list(error.path)
        # In a list or an object of a bookmark, the description of the whole property applies.
        whole = _BOOKMARK["properties"][path[2]] if len(path) > 2 else error.schema
        expected = whole["description"]
        raise BadInput(f"{source}: {_place(path[:3])} must be {expected}")
    state: State = value  # type: ignore[assignment]
    for name in (state.get("bookmarks") or {}).keys() & BY_NAME.keys():
        mark = bookmark(state, name)
        without = (("without", each["since"]) for each in (mark.get("without") or {}).values())
        ends = (("windows", each[end]) for each in mark.get("windows") or [] for end in ("from", "to"))
        for key, found in (*((key, mark.get(key)) for key in _TIMESTAMPS), *without, *ends):
            if found is not None and not is_timestamp(found):
                raise BadInput(f"{source}: {_place(['bookmarks', name, key])} must be an RFC 3339 timestamp")
    return state


def _place(path: list[Any]) -> str:
    """How an error text names a place in a state."""
    if len(path) > 2:
        return f'"{path[2]}" in the bookmark of "{path[1]}"'
    if len(path) == 2:
        return f'the bookmark of "{path[1]}"'
    return f'"{path[0]}"' if path else "a state"


def fingerprint(walk: object) -> str:
    """A short hash of any JSON value that describes what is read."""
    return hashlib.sha256(json.dumps(walk, sort_keys=True).encode()).hexdigest()[:16]


def bookmark(state: State, name: str) -> dict[str, Any]:
    """The stream's bookmark; empty if it has none."""
    return (state.get("bookmarks") or {}).get(name) or {}


def set_cursor(state: State, name: str, **fields: Any) -> State:
    """The state while a stream is read: `fields` (those that are not None) say where to resume."""
    mark = _lasting(bookmark(state, name)) | {key: value for key, value in fields.items() if value is not None}
    rest = {key: value for key, value in state.items() if key != _SYNCING}
    return {**rest, "bookmarks": {**(state.get("bookmarks") or {}), name: mark}}


def clear_cursors(state: State, *names: str) -> State:
    """The state after the lists of these streams have ended: only bookmarks of incremental streams stay."""
    rest = {key: value for key, value in state.items() if key != _SYNCING}
    bookmarks = dict(state.get("bookmarks") or {})
    for name in bookmarks.keys() & set(names):
        bookmarks[name] = _lasting(bookmark(state, name))
    return {**rest, "bookmarks": {name: mark for name, mark in bookmarks.items() if mark or name not in names}}


def set_bookmark(state: State, name: str, *, updated_at: str, scope: str, without: Mapping[str, Any]) -> State:
    """The state in which all rows of an incremental stream that changed up to `updated_at` are written."""
    mark = {"updated_at": updated_at, "scope": scope, **({"without": without} if without else {})}
    return {**state, "bookmarks": {**(state.get("bookmarks") or {}), name: mark}}


def drop_bookmark(state: State, name: str) -> State:
    """The state without the stream's bookmark, so that the next run reads all of it."""
    return {**state, "bookmarks": {key: mark for key, mark in state["bookmarks"].items() if key != name}}


def _lasting(mark: dict[str, Any]) -> dict[str, Any]:
    return {key: mark[key] for key in _LASTING if mark.get(key) is not None}
