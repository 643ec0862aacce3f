"""A world that changes: the stand-in's organisation with a clock, a history, and the changes that can happen to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME
from tests.fake_api import Organisation, organisation
from tests.fake_api.making import base32

Row = dict[str, Any]
Key = tuple[str, ...]

MARKS = {
    "incidents": "name",
    "actions": "description",
    "follow_ups": "title",
    "incident_updates": "message",
    "incident_attachments": "resource",
    "alerts": "title",
    "escalations": "title",
    "severities": "name",
    "users": "name",
    "custom_fields": "name",
    "custom_field_options": "value",
    "catalog_types": "name",
    "catalog_entries": "name",
}
"""The streams of this world, each with the property that a change of a row writes to."""
PARENTS = {
    "actions": ("incidents", "incident_id"),
    "follow_ups": ("incidents", "incident_id"),
    "incident_updates": ("incidents", "incident_id"),
    "incident_attachments": ("incidents", "incident_id"),
    "custom_field_options": ("custom_fields", "custom_field_id"),
    "catalog_entries": ("catalog_types", "catalog_type_id"),
}
NESTED = {"attachments": "incident_attachments", "updates": "incident_updates"}
"""The lists inside incidents, each with the stream that has the same rows."""
PATHS = {name: BY_NAME[name].path for name in MARKS}
_INCIDENTS = 10
_MOST_ROWS = 12
_DAYS_BEHIND = 60
"""The world starts so long before the present, so that its clock can move on without passing it."""


@dataclass(frozen=True)
class Change:
    """One thing that happens.

    `kind`: "create", "touch", "late" (a touch that becomes visible minutes after its `updated_at`), "delete" or "mode".
    `pick` chooses the row (modulo the number of rows), and what else there is to choose.
    """

    kind: str
    stream: str
    pick: int


@dataclass(frozen=True)
class Snapshot:
    """The world at one moment. Rows and lists are replaced, never changed, so it holds only references."""

    rows: Mapping[str, list[Row]]
    modes: Mapping[str, str]

    def visible(self, stream: str, modes: Iterable[str]) -> dict[Key, Row]:
        """The rows of `stream` that a run with these incident_modes has to find, by key."""
        rows = self.rows[PATHS[stream]]
        if stream == "incidents":
            rows = [row for row in rows if row["mode"] in modes]
        elif PARENTS.get(stream, ("",))[0] == "incidents":
            listed = {row["id"] for row in self.rows[PATHS["incidents"]] if row["mode"] in modes}
            if BY_NAME[stream].parent.orphan_params:
                listed |= {incident for incident, mode in self.modes.items() if mode == "stream"}
            rows = [row for row in rows if row["incident_id"] in listed]
        return {key_of(stream, row): row for row in rows}

    def nested(self, stream: str, incident: str) -> list[Row]:
        """The rows of `stream` that belong to an incident."""
        return [row for row in self.rows[PATHS[stream]] if row["incident_id"] == incident]


def key_of(stream: str, row: Row) -> Key:
    """The values of a row's key properties."""
    return tuple(row[name] for name in BY_NAME[stream].key_properties)


class World:
    """The organisation, its clock, and all its earlier states in `history`. `set_clock` gets the clock's lead."""

    def __init__(self, seed: int, incidents: int, set_clock: Callable[[float], None] = lambda ahead: None) -> None:
        self.org: Organisation = organisation(_INCIDENTS, seed=1 + seed % 2)
        self.set_clock = set_clock
        self.ahead = -86_400.0 * _DAYS_BEHIND
        self._made = 0
        self._trim(incidents)
        self.history: list[Snapshot] = []
        self._remember()

    @property
    def present(self) -> int:
        """The index of the last entry of `history`."""
        return len(self.history) - 1

    @property
    def now(self) -> datetime:
        """The world's time: that of the machine, far behind, and moved on by `wait`."""
        return datetime.fromtimestamp(time.time() + self.ahead, timezone.utc)

    def wait(self, seconds: float) -> None:
        """Move the clock on."""
        self.ahead = min(self.ahead + seconds, -3600.0)
        self.set_clock(self.ahead)

    def apply(self, change: Change) -> None:
        """Let one thing happen, and remember what there is now."""
        rows = self.org.rows[PATHS[change.stream]]
        row = rows[change.pick % len(rows)] if rows else None
        if row is not None:
            _KINDS[change.kind](self, change, row)
            self._remember()

    def _trim(self, incidents: int) -> None:
        rows = self.org.rows
        for name, path in PATHS.items():
            if name not in PARENTS:
                rows[path] = rows[path][: incidents if name == "incidents" else _MOST_ROWS]
        for name, (parent, column) in PARENTS.items():
            work_streams = {incident for incident, mode in self.org.modes.items() if mode == "stream"}
            there = {row["id"] for row in rows[PATHS[parent]]} | work_streams
            # Nothing but incidents has many children that matter here.
            most = None if parent == "incidents" else 2 * _MOST_ROWS
            rows[PATHS[name]] = [row for row in rows[PATHS[name]] if row[column] in there][:most]

    def _remember(self) -> None:
        self.history.append(Snapshot(dict(self.org.rows), dict(self.org.modes)))

    def _stamp(self, seconds_ago: float = 0.0) -> str:
        moment = datetime.fromtimestamp(self.now.timestamp() - seconds_ago, timezone.utc)
        return moment.isoformat().replace("+00:00", "Z")

    def _put(self, stream: str, old: Row, new: Row) -> None:
        path = PATHS[stream]
        # A new list: the stand-in would not notice a row that is replaced in the old one.
        self.org.rows[path] = [new if row is old else row for row in self.org.rows[path]]

    def _marked(self, stream: str, row: Row) -> Row:
        self._made += 1
        name, text = MARKS[stream], f"change {self._made}"
        return row | {name: row[name] | {"title": text} if stream == "incident_attachments" else text}

    def touch(self, change: Change, row: Row) -> None:
        """A property changes, and `updated_at` with it."""
        ago = float(change.pick % 240) if change.kind == "late" else 0.0
        moved: Row = {"updated_at": self._stamp(ago)} if "updated_at" in row else {}
        self._put(change.stream, row, self._marked(change.stream, row) | moved)

    def create(self, change: Change, row: Row) -> None:
        """A row like `row` is added, under the same or another parent."""
        stamps: Row = {name: self._stamp() for name in ("created_at", "updated_at") if name in row}
        new = self._marked(change.stream, row) | stamps | {"id": self._id()}
        parent, column = PARENTS.get(change.stream, ("", ""))
        if parent and self.org.rows[PATHS[parent]]:
            parents = self.org.rows[PATHS[parent]]
            new[column] = parents[change.pick // 7 % len(parents)]["id"]
        if change.stream == "incidents":
            new["mode"] = INCIDENT_MODES[change.pick // 7 % len(INCIDENT_MODES)]
            self.org.modes[new["id"]] = new["mode"]
        path = PATHS[change.stream]
        self.org.rows[path] = [*self.org.rows[path], new]

    def delete(self, change: Change, row: Row) -> None:
        """A row is deleted with all below it."""
        path = PATHS[change.stream]
        self.org.rows[path] = [other for other in self.org.rows[path] if other is not row]
        for name, (parent, column) in PARENTS.items():
            if parent == change.stream:
                below = PATHS[name]
                self.org.rows[below] = [child for child in self.org.rows[below] if child[column] != row["id"]]

    def change_mode(self, change: Change, row: Row) -> None:
        """An incident gets another mode. The `updated_at` of its children does not move."""
        others = [mode for mode in INCIDENT_MODES if mode != row["mode"]]
        mode = others[change.pick // 7 % len(others)]
        self._put("incidents", row, {**row, "mode": mode, "updated_at": self._stamp()})
        self.org.modes[row["id"]] = mode
        for name in ("actions", "follow_ups"):
            # A new list: the stand-in keeps what a list shows by its identity.
            self.org.rows[PATHS[name]] = list(self.org.rows[PATHS[name]])

    def _id(self) -> str:
        self._made += 1
        return base32(int(self.now.timestamp() * 1000), 10) + base32(self._made, 16)


_KINDS: Mapping[str, Callable[[World, Change, Row], None]] = {
    "create": World.create,
    "touch": World.touch,
    "late": World.touch,
    "delete": World.delete,
    "mode": World.change_mode,
}
