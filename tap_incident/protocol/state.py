"""The state: the bookmark of each stream, and the forms in which people and orchestrators keep it.

Source: Singer spec, section "State".
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file
from tap_incident.streams import BY_NAME
from tap_incident.timestamps import instant, is_timestamp

State = dict[str, Any]


@dataclass(frozen=True)
class Left:
    """What is left of one list, or of one window of it: the rows that were created from `start` until before `end`."""

    list: int = 0
    """Number of the list in its step."""
    start: str | None = None
    """RFC 3339; None for the first row of all."""
    end: str | None = None
    asked: tuple[str | None, str | None] = (None, None)
    """Start and end of the window for which the requests ask: those of the first request, since a cursor belongs to
    its filter."""
    after: str | None = None
    """Cursor of the next page; None for the first page."""

    def as_json(self) -> dict[str, Any]:
        """As it stands in a state."""
        named = {"from": self.start, "to": self.end, "asked": list(self.asked), "after": self.after}
        empty = (None, [None, None])
        return {"list": self.list} | {key: value for key, value in named.items() if value not in empty}


@dataclass(frozen=True)
class Tally:
    """What is known of the rows of a page, or of all rows that a run has read."""

    rows: int = 0
    newest: str | None = None
    """Latest change among them (RFC 3339)."""
    again: str | None = None
    """Earliest change among those whose part was answered with 404, as if they were deleted."""
    refused: tuple[str, ...] = ()
    """Nested parts that the key may not read at all."""
    lacks: Mapping[str, int] = field(default_factory=dict)
    """Numbers of rows whose nested part could not be read, by part."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.rows + other.rows,
            max(filter(None, (self.newest, other.newest)), key=instant, default=None),
            min(filter(None, (self.again, other.again)), key=instant, default=None),
            tuple(dict.fromkeys((*self.refused, *other.refused))),
            Counter(self.lacks) + Counter(other.lacks),
        )


@dataclass(frozen=True)
class Bookmark:
    """What the state holds of one step. Its first fields stay when the step has ended."""

    updated_at: str | None = None
    """Rows that changed up to this time (RFC 3339) are out."""
    scope: str | None = None
    """Fingerprint of the lists that `updated_at` is about."""
    organisation: str | None = None
    """Fingerprint of the organisation that the rows belong to; None if the API did not name it."""
    parts: tuple[str, ...] | None = None
    """Nested parts that these rows have. None in states of version 1.1 and of other taps."""
    denied: tuple[str, ...] = ()
    """Nested parts that were selected, but that the key could not read."""
    lacking: Mapping[str, int] = field(default_factory=dict)
    """Numbers of rows whose nested part could not be read, by part."""
    walk: str | None = None
    """Fingerprint of what an interrupted run was reading."""
    left: tuple[Left, ...] = ()
    """What it had still to read."""
    started: str | None = None
    """When it started."""
    tally: Tally = Tally()
    """The rows that it had read."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Child streams for which all its requests were answered with 404, and the number of them."""
    incomplete: tuple[str, ...] = ()
    """Streams of which it skipped rows, or could not read them."""

    def lasting(self) -> Bookmark:
        """What of it stays when its step has ended: nothing, if no run was incremental."""
        kept = replace(self, walk=None, left=(), started=None, tally=Tally(), gone={}, incomplete=())
        return kept if self.updated_at else Bookmark()

    def as_json(self) -> dict[str, Any]:
        """As it stands in a state: without what is empty."""
        found = {each.name: getattr(part, each.name) for part in (self, self.tally) for each in fields(part)}
        del found["tally"]
        found["left"] = [left.as_json() for left in self.left]
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in found.items()
            if value or (key == "parts" and value is not None)
        }


_SCHEMA = json.loads((files("tap_incident.protocol") / "state.json").read_text("utf-8"))
_BOOKMARK = _SCHEMA["definitions"]["bookmark"]
# Bookmarks of other names belong to other taps, and are kept as they are.
_SCHEMA["properties"]["bookmarks"]["properties"] = dict.fromkeys(BY_NAME, _BOOKMARK)
_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time")(lambda value: value is None or is_timestamp(value))
_OF_1_1 = ("after", "part", "windows")
"""Where versions 1.0 and 1.1 resume. Their cursors belong to requests that this version does not make."""


def read_state(text: str, source: str) -> State:
    """The state in the text of a file.

    It can also be a whole STATE message, Meltano's `{"singer_state": {...}}`, or only the bookmarks; null is an empty
    state. Unknown keys are kept. Raises BadInput with `source` (a file name) and what is wrong in its text.
    """
    if not text.strip():
        raise BadInput(
            f"{source}: is empty. A pipe that ends in > {source} empties it before the tap reads it",
            advice="Write to another file and rename it after the run, or leave out --state",
        )
    return _checked(_unwrapped(parse_file(text, source), source), source)


def _unwrapped(value: object, source: str) -> object:
    """The state inside a parsed file; other values as they are, so that the check says what is wrong with them."""
    while isinstance(value, dict) and "bookmarks" not in value:
        if value.get("type") == "STATE" and "value" in value:
            value = value["value"]
        elif "singer_state" in value:
            value = value["singer_state"]
        elif value.keys() & BY_NAME.keys():
            return {"bookmarks": value}
        elif value.keys() <= {"currently_syncing"}:
            return value
        elif isinstance(value.get("streams"), list):
            raise BadInput(f"{source}: is a catalog, not a state", advice="Give it with --catalog")
        else:
            raise BadInput(f'{source}: has no "bookmarks", so it is not a state')
    return {} if value is None else value


def _checked(value: object, source: str) -> State:
    for error in Draft4Validator(_SCHEMA, format_checker=_FORMATS).iter_errors(value):
        path, expected = list(error.path), error.schema
        if len(path) > 2 and error.validator != "format":
            # In a list or an object of a bookmark, the description of the whole property applies.
            name = _BOOKMARK["properties"][path[2]]["$ref"].rpartition("/")[2]
            expected = _SCHEMA["definitions"][name]
        raise BadInput(f"{source}: {_place(path[:3])} must be {expected['description']}")
    return value  # type: ignore[return-value]


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


def bookmark(state: State, name: str) -> Bookmark:
    """The bookmark of a step, also from a state of version 1.0 or 1.1, of the official tap or of an SDK tap."""
    found = (state.get("bookmarks") or {}).get(name) or {}
    # Under the same name, version 1.1 had a list.
    given = {key: value for key, value in found.items() if value and not (key == "lacks" and isinstance(value, list))}

    def known(*keys: str) -> dict[str, Any]:
        return {key: given[key] for key in keys if key in given}

    # Before 1.2, the names of `denied` and `refused` could be the keys of an object.
    return Bookmark(
        updated_at=given.get("updated_at") or given.get("replication_key_value"),
        parts=None if found.get("parts") is None else tuple(found["parts"]),
        denied=tuple(given.get("denied") or given.get("without", ())),
        incomplete=tuple(given.get("incomplete", ())),
        walk=given.get("walk") or next(("1.1" for key in _OF_1_1 if given.get(key)), None),
        left=tuple(_left(each) for each in given.get("left", ())),
        tally=Tally(refused=tuple(given.get("refused", ())), **known("rows", "newest", "again", "lacks")),
        **known("scope", "organisation", "lacking", "started", "gone"),
    )


def _left(found: Mapping[str, Any]) -> Left:
    start, end = found.get("asked") or (None, None)
    return Left(found.get("list") or 0, found.get("from"), found.get("to"), (start, end), found.get("after"))


def with_bookmark(state: State, name: str, mark: Bookmark) -> State:
    """The state with this bookmark of a step. An empty one is left out."""
    others = {key: value for key, value in (state.get("bookmarks") or {}).items() if key != name}
    rest = {key: value for key, value in state.items() if key != "currently_syncing"}
    written = mark.as_json()
    return {**rest, "bookmarks": {**others, name: written} if written else others}
