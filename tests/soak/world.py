"""A world that changes: the stand-in's organisation with a clock, a history, and the changes that can happen to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import STREAMS
from tests.fake_api import NOW, Organisation, organisation
from tests.fake_api.facts import BY_PATH
from tests.fake_api.making import base32, instant
from tests.support.runs import key_of, there

Row = dict[str, Any]
Key = tuple[str, ...]

_NAMED = ("incidents", "severities", "users", "custom_fields", "catalog_types", "catalog_entries")
MARKS = (
    dict.fromkeys(_NAMED, "name")
    | dict.fromkeys(("follow_ups", "alerts", "escalations"), "title")
    | {"actions": "description", "incident_updates": "message", "custom_field_options": "value"}
    | {"incident_attachments": "resource"}
)
"""The streams whose rows change, each with the property that a change writes to. The rows of all others stay."""
PARENTS = {
    stream.name: (stream.parent.stream, kept.kept_as if kept else stream.parent.id_param)
    for stream in STREAMS
    if stream.parent.stream
    for kept in [BY_PATH[stream.path].parents.get(stream.parent.id_param)]
}
"""Of each child: the stream of its parents, and the property of its rows that holds the parent's id."""
NESTED = {"attachments": "incident_attachments", "updates": "incident_updates"}
"""The lists inside incidents, each with the stream that has the same rows."""
PATHS = {stream.name: stream.path for stream in STREAMS}
_INCIDENTS = 10
_MOST, _FEW = 8, 4
"""Rows of a list that changes or has parents, and of one that does neither: few, so that a run takes little time."""
_DAYS_BEHIND = 60
"""The world starts so long before the present, so that its clock can move on without passing it."""


def line_of(stream: str) -> Iterator[str]:
    """The stream, its parent, and so on up to one without a parent."""
    yield stream
    if stream in PARENTS:
        yield from line_of(PARENTS[stream][0])


@dataclass(frozen=True)
class Change:
    """One thing that happens.

    `kind` is the method of `World` that does it. `pick` chooses the row (modulo the number of rows), and what else
    there is to choose.
    """

    kind: str
    stream: str
    pick: int


def visible(org: Organisation, stream: str, modes: Iterable[str], days: int = 14) -> dict[Key, Row]:
    """The rows of `stream` that a run with these incident_modes has to find, as the tap reads them, by key."""
    rows = there(org, stream, modes, days)
    if stream == "alert_notes":
        # Those of a group are found by its alerts.
        groups = {group for alert in org.rows[PATHS["alerts"]] for group in alert.get("alert_group_ids") or ()}
        rows = [row for row in rows if row.get("alert_id") or row.get("alert_group_id") in groups]
    return {key_of(stream, row): row for row in rows}


class World:
    """The organisation, its clock, and all its earlier states in `history`. `set_clock` gets the clock's lead.

    In the history, rows and lists are replaced, never changed, so it holds only references.
    """

    def __init__(self, seed: int, incidents: int, page_size: int) -> None:
        self.org: Organisation = organisation(_INCIDENTS, seed=1 + seed % 2, rows_per_page=page_size)
        self.set_clock: Callable[[float], None] = lambda ahead: None
        self.ahead = -86_400.0 * _DAYS_BEHIND
        self._made = 0
        self._trim(incidents)
        self.history: list[Organisation] = []
        self._remember()

    @property
    def now(self) -> datetime:
        """The world's time: that of the machine, far behind, and moved on by `wait`."""
        return datetime.fromtimestamp(time.time() + self.ahead, timezone.utc)

    def wait(self, seconds: float) -> None:
        """Move the clock on, and remember what there is now: what a run sees of shifts depends on the time."""
        self._move_on(seconds)
        self._remember()

    def apply(self, change: Change, waited: float = 0.0) -> None:
        """Let one thing happen after this time, and remember what there is now."""
        self._move_on(waited)
        rows = self.org.rows[PATHS[change.stream]]
        row = rows[change.pick % len(rows)] if rows else None
        if row is not None:
            getattr(self, change.kind)(change, row)
            self._remember()

    def _move_on(self, seconds: float) -> None:
        self.ahead = min(self.ahead + seconds, -3600.0)
        self.set_clock(self.ahead)

    def _trim(self, incidents: int) -> None:
        rows = self.org.rows
        work_streams = {incident for incident, mode in self.org.modes.items() if mode == "stream"}
        for name, path in PATHS.items():
            parent, column = PARENTS.get(name, ("", ""))
            most = incidents if name == "incidents" else _MOST if parent or name in MARKS else _FEW
            if parent:
                there = {None, *work_streams, *(row["id"] for row in rows[PATHS[parent]])}
                rows[path] = [row for row in rows[path] if row.get(column) in there]
            # The rows below incidents are few already, and each incident is to have some.
            rows[path] = rows[path] if parent in ("incidents", "schedules") else rows[path][:most]
        self._move_shifts()

    def _move_shifts(self) -> None:
        """Move all shifts to around the present. An odd time, so that none begins or ends just when a window does."""
        later, path = self.now - NOW + timedelta(hours=7, seconds=17), PATHS["schedule_entries"]
        for name in ("start_at", "end_at"):
            rows = self.org.rows[path]
            self.org.rows[path] = [row | {name: (instant(row[name])[0] + later).isoformat()} for row in rows]

    def _remember(self) -> None:
        rows, modes = dict(self.org.rows), dict(self.org.modes)
        self.history.append(replace(self.org, rows=rows, modes=modes, now=self.now))

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
        """A property changes, and `updated_at` with it. A "late" one becomes visible minutes after that time."""
        ago = float(change.pick % 240) if change.kind == "late" else 0.0
        moved: Row = {"updated_at": self._stamp(ago)} if "updated_at" in row else {}
        self._put(change.stream, row, self._marked(change.stream, row) | moved)

    late = touch

    def create(self, change: Change, row: Row) -> None:
        """A row like `row` is added, under the same or another parent."""
        stamps: Row = {name: self._stamp() for name in ("created_at", "updated_at") if name in row}
        new = self._marked(change.stream, row) | stamps | {"id": self._id()}
        parent, column = PARENTS.get(change.stream, ("", ""))
        parents = self.org.rows[PATHS[parent]] if parent else []
        if parents:
            new[column] = parents[change.pick // 7 % len(parents)]["id"]
        if change.stream == "incidents":
            new["mode"] = INCIDENT_MODES[change.pick // 7 % len(INCIDENT_MODES)]
            self.org.modes[new["id"]] = new["mode"]
        self.org.rows[PATHS[change.stream]] = [*self.org.rows[PATHS[change.stream]], new]

    def delete(self, change: Change, row: Row) -> None:
        """A row is deleted with all below it."""
        rows, path = self.org.rows, PATHS[change.stream]
        rows[path] = [other for other in rows[path] if other is not row]
        for name, (parent, column) in PARENTS.items():
            if parent == change.stream:
                rows[PATHS[name]] = [child for child in rows[PATHS[name]] if child.get(column) != row["id"]]

    def mode(self, change: Change, row: Row) -> None:
        """An incident gets another mode. The `updated_at` of its children does not move."""
        others = [mode for mode in INCIDENT_MODES if mode != row["mode"]]
        new = others[change.pick // 7 % len(others)]
        self._put("incidents", row, {**row, "mode": new, "updated_at": self._stamp()})
        self.org.modes[row["id"]] = new
        for name in ("actions", "follow_ups"):
            # A new list: the stand-in keeps what a list shows by its identity.
            self.org.rows[PATHS[name]] = list(self.org.rows[PATHS[name]])

    def _id(self) -> str:
        self._made += 1
        return base32(int(self.now.timestamp() * 1000), 10) + base32(self._made, 16)
