"""State, as pure functions: each takes a state and gives a new one.

While the pages of a stream are being read, it is `currently_syncing`, and its bookmark says how to go on:
`{"after": CURSOR, "walk": FINGERPRINT}`. CURSOR is the page that comes next, in the list number `part` if that is not
the first. FINGERPRINT says what the walk reads: a cursor is only good for the same walk. `version` is the table's, and
`skipped` names streams that are not whole in it; `started` and `newest` are what the bookmark of an incremental stream
will be made of. At the end, all these go. What stays of an incremental stream is
`{"updated_at": TIMESTAMP, "scope": FINGERPRINT}`: up to when its rows are out, and where they were looked for. Source:
Singer spec, section "State".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tap_incident.errors import BadInput
from tap_incident.streams import BY_NAME
from tap_incident.timestamps import is_instant

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
        mark = {} if value["bookmarks"][name] is None else value["bookmarks"][name]
        if not isinstance(mark, dict):
            raise BadInput(f'{source}: the bookmark of "{name}" must be an object')
        for key, (kind, fits) in _FIELDS.items():
            if mark.get(key) is not None and not fits(mark[key]):
                raise BadInput(f'{source}: "{key}" in the bookmark of "{name}" must be {kind}')
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


_FIELDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("after", "walk", "scope"), ("a string", _is_text)),
    **dict.fromkeys(("part", "version"), ("a whole number", _is_count)),
    "skipped": ("a list of names", _is_names),
    **dict.fromkeys(("updated_at", "started", "newest"), ("an RFC 3339 timestamp", is_instant)),
}
_LASTING = ("updated_at", "scope")


def fingerprint(walk: object) -> str:
    """A short hash of any JSON value that says what a walk reads."""
    return hashlib.sha256(json.dumps(walk, sort_keys=True).encode()).hexdigest()[:16]


def currently_syncing(state: State) -> str | None:
    """Name of the stream that was interrupted."""
    return state.get("currently_syncing")


def bookmark(state: State, name: str) -> dict[str, Any]:
    """The stream's bookmark, empty if it has none."""
    return (state.get("bookmarks") or {}).get(name) or {}


def under_way(state: State, name: str, **fields: Any) -> State:
    """The state while a stream is being read, with the fields of its bookmark that say how to go on, if not None."""
    mark = _lasting(bookmark(state, name)) | {key: value for key, value in fields.items() if value is not None}
    return {**state, "currently_syncing": name, "bookmarks": {**(state.get("bookmarks") or {}), name: mark}}


def ended(state: State, *names: str) -> State:
    """The state once these streams have come to their end."""
    rest = {key: value for key, value in state.items() if key != "currently_syncing"}
    bookmarks = dict(state.get("bookmarks") or {})
    for name in bookmarks.keys() & set(names):
        bookmarks[name] = _lasting(bookmark(state, name))
    return {**rest, "bookmarks": {name: mark for name, mark in bookmarks.items() if mark or name not in names}}


def replicated(state: State, name: str, updated_at: str, scope: str) -> State:
    """The state in which the rows of an incremental stream are out up to `updated_at`."""
    mark = {"updated_at": updated_at, "scope": scope}
    return {**state, "bookmarks": {**(state.get("bookmarks") or {}), name: mark}}


def _lasting(mark: dict[str, Any]) -> dict[str, Any]:
    return {key: mark[key] for key in _LASTING if mark.get(key) is not None}
