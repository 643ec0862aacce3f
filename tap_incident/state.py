"""State, as pure functions: each takes a state and gives a new one.

`{"currently_syncing": S, "bookmarks": {S: {"after": CURSOR, "walk": FINGERPRINT}}}` while the pages of S are being
read; both gone when they have ended. CURSOR is the page that comes next. FINGERPRINT says what the walk reads: a
cursor is only good for the same walk. Source: Singer spec, section "State".
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.streams import BY_NAME

State = dict[str, Any]


def check(value: object, source: str) -> State:
    """The value of a state file, if it can be used; unknown keys are kept.

    Raises BadInput with `source` (a file name) in its text.
    """
    if not isinstance(value, dict):
        raise BadInput(f"{source}: a state is a JSON object")
    syncing = value.get("currently_syncing")
    if not isinstance(syncing, str | None):
        raise BadInput(f'{source}: "currently_syncing" must be the name of a stream')
    bookmarks = value.get("bookmarks")
    if not isinstance(bookmarks, dict | None):
        raise BadInput(f'{source}: "bookmarks" must be an object with one bookmark a stream')
    for name in (bookmarks or {}).keys() & BY_NAME.keys():
        mark = value["bookmarks"][name]
        if not isinstance(mark, dict | None):
            raise BadInput(f'{source}: the bookmark of "{name}" must be an object')
        for key in ("after", "walk"):
            if not isinstance((mark or {}).get(key), str | None):
                raise BadInput(f'{source}: "{key}" in the bookmark of "{name}" must be a string')
    return value


def fingerprint(walk: object) -> str:
    """A short hash of any JSON value that says what a walk reads."""
    return hashlib.sha256(json.dumps(walk, sort_keys=True).encode()).hexdigest()[:16]


def currently_syncing(state: State) -> str | None:
    """Name of the stream that was interrupted."""
    return state.get("currently_syncing")


def bookmark(state: State, name: str) -> dict[str, Any]:
    """The stream's bookmark, empty if it has none."""
    return (state.get("bookmarks") or {}).get(name) or {}


def under_way(state: State, name: str, after: str, walk: str) -> State:
    """The state once all rows before the cursor `after` are out."""
    bookmarks = {**(state.get("bookmarks") or {}), name: {"after": after, "walk": walk}}
    return {**state, "currently_syncing": name, "bookmarks": bookmarks}


def ended(state: State, *names: str) -> State:
    """The state once the pages of these streams have come to their end."""
    rest = {key: value for key, value in state.items() if key != "currently_syncing"}
    bookmarks = {key: value for key, value in (state.get("bookmarks") or {}).items() if key not in names}
    return {**rest, "bookmarks": bookmarks}
