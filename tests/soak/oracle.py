"""What must be in the loader's tables after a run, given the world's history: the differences, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME
from tests.soak.loader import VERSION, Table
from tests.soak.steps import Settings
from tests.soak.world import NESTED, PARENTS, Key, Row, Snapshot, World, line_of
from tests.support.runs import key_of


@dataclass(frozen=True)
class Difference:
    """One thing that is wrong: `rule` is the promise that is broken."""

    rule: str
    stream: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.stream}: {self.detail}"


@dataclass
class Excuses:
    """What a run, or the interrupted run that it resumes, was refused, so that it need not be there."""

    streams: set[str] = field(default_factory=set)
    """The API refused the list, or said that it does not exist."""
    parents: set[tuple[str, str]] = field(default_factory=set)
    """A stream, and the id of a parent whose rows the API refused."""
    gone: set[tuple[str, str]] = field(default_factory=set)
    """The same for a parent that does not exist, as the API said; so its rows may be deleted."""
    changed: bool = False
    """True if nothing may be taken for complete: the run was disturbed, or it resumes another one."""

    def __or__(self, other: Excuses) -> Excuses:
        changed = self.changed or other.changed
        return Excuses(self.streams | other.streams, self.parents | other.parents, self.gone | other.gone, changed)

    def of_stream(self, stream: str) -> bool:
        """Whether the list of a stream, or of those above it, was refused."""
        return bool(self.streams & {*line_of(stream)})

    def of_a_parent(self, stream: str) -> bool:
        """Whether the rows of a parent were refused. Before the first row of a stream, that is about the stream."""
        return any(name == stream for name, _ in self.parents)


@dataclass(frozen=True)
class After:
    """One run, as the oracle needs to know it. `base` is the index in the history at which reading began."""

    world: World
    settings: Settings
    base: int
    before: dict[str, Table]
    tables: dict[str, Table]
    lines: Sequence[str]
    excuses: Excuses
    complete: bool

    @property
    def seen(self) -> list[Snapshot]:
        """The states of the world that the run may have read."""
        return self.world.history[self.base :]


def differences(after: After, figures: Counter[str]) -> Iterator[Difference]:
    """All that is wrong with the tables after a run. The rows that are compared are counted in `figures`."""
    came: dict[str, Table] = {}
    for message in map(json.loads, after.lines):
        if message["type"] == "RECORD":
            came.setdefault(message["stream"], {})[key_of(message["stream"], message["record"])] = message["record"]
    yield from (Difference("a stream is not selected", name, "") for name in came.keys() - {*after.settings.streams})
    for stream in after.settings.streams:
        versions = [snapshot.visible(stream, after.settings.modes) for snapshot in after.seen]
        # What was created, deleted or hidden in the meantime may be there or not.
        stayed = {key: versions[0][key] for key in sorted(set.intersection(*map(set, versions)))}
        figures["rows compared"] += len(stayed)
        yield from _deleted(after, stream, stayed)
        yield from _needless(after, stream, came.get(stream, {}), versions)
        excused = after.excuses.of_stream(stream) or (stream not in came and after.excuses.of_a_parent(stream))
        if after.complete and not excused:
            yield from _wrong(after, stream, stayed, versions)


def _deleted(after: After, stream: str, stayed: Table) -> Iterator[Difference]:
    table, before = after.tables.get(stream, {}), after.before.get(stream, {})
    if BY_NAME[stream].window:
        # Shifts that the window has passed are still there.
        stayed = after.seen[-1].visible(stream, after.settings.modes, days=365)
    for key, row in stayed.items():
        if key in before and key not in table and not _refused(after.excuses.gone, stream, row):
            yield Difference("an existing row was deleted", stream, str(key))


def _needless(after: After, stream: str, came: Table, versions: Sequence[Table]) -> Iterator[Difference]:
    unknown = {*came}.difference(*versions)
    if unknown and len(versions) > 1:
        # What belongs to an incident may be requested just when its mode is no longer one that is read.
        unknown = unknown.difference(*(each.visible(stream, INCIDENT_MODES) for each in after.seen))
    yield from (Difference("a row came that is not there", stream, str(key)) for key in sorted(unknown))


def _wrong(after: After, stream: str, stayed: Table, versions: Sequence[Table]) -> Iterator[Difference]:
    table, before = after.tables.get(stream, {}), after.before.get(stream, {})
    for key, row in stayed.items():
        if _refused(after.excuses.parents, stream, row):
            continue
        if key in table:
            yield from _row(after, stream, key, [version[key] for version in versions], table[key])
        elif key not in before:
            yield Difference("a row is missing", stream, str(key))
    incremental = after.settings.incremental and BY_NAME[stream].replication_key
    # Neither an incremental stream nor a window sees a deletion, and a disturbed run must not believe in one.
    if after.settings.activate and not (incremental or BY_NAME[stream].window or after.excuses.changed):
        for key in sorted(set(table).difference(*versions)):
            yield Difference("a deleted row is still there", stream, str(key))


def _refused(parents: set[tuple[str, str]], stream: str, row: Row) -> bool:
    return stream in PARENTS and (stream, row.get(PARENTS[stream][1])) in parents


def _row(after: After, stream: str, key: Key, versions: Sequence[Row], record: Row) -> Iterator[Difference]:
    if all(_first_difference(row, record) for row in versions):
        yield Difference("a row is outdated", stream, f"{key}: {_first_difference(versions[-1], record)}")
    elif stream == "incidents":
        for part in after.settings.parts:
            yield from _nested(after, part, key, record.get(part))


def _nested(after: After, part: str, key: Key, found: list[Row] | None) -> Iterator[Difference]:
    stream, first, history = NESTED[part], after.base, after.world.history
    if found is None and (after.excuses.of_stream(stream) or after.excuses.of_a_parent(stream)):
        return
    if after.settings.incremental:
        # A documented limit: a change of a part does not move updated_at, so it comes with the incident's next change.
        while first and history[first - 1].incident(key[0]) is history[first].incident(key[0]):
            first -= 1
    ids = None if found is None else [(row["id"], _mark(stream, row)) for row in found]
    for snapshot in history[first:]:
        if ids == [(row["id"], _mark(stream, row)) for row in snapshot.nested(stream, key[0])]:
            return
    yield Difference("a nested part is outdated", "incidents", f"{key}: {part} is {ids}")


def _mark(part: str, row: Row) -> Any:
    return (row.get("resource") or {}).get("title") if part == "incident_attachments" else row.get("message")


def _first_difference(row: Row, record: Row) -> str | None:
    for name, value in record.items():
        if name in (VERSION, *NESTED):
            continue
        expected = row.get(name)
        # A date-time that is "" becomes null. What is inside of objects is for the tests of records.
        if isinstance(expected, str | bool | int) and value != expected and (expected or value):
            return f"{name} is {value!r}, not {expected!r}"
    return None
