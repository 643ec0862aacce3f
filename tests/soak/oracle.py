"""What must be in the loader's tables after a run, given the world's history: the differences, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap_incident.streams import BY_NAME
from tests.soak.loader import VERSION, Table
from tests.soak.steps import Settings
from tests.soak.world import NESTED, PARENTS, PATHS, Key, Row, Snapshot, World


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
    parents: dict[str, set[str]] = field(default_factory=dict)
    """By stream: parents whose rows the API refused."""
    gone: dict[str, set[str]] = field(default_factory=dict)
    """By stream: parents that do not exist, as the API said; so their rows may be deleted."""
    changed: bool = False
    """True if nothing may be taken for complete: the run was disturbed, or it resumes another one."""

    def __or__(self, other: Excuses) -> Excuses:
        def merged(first: dict[str, set[str]], second: dict[str, set[str]]) -> dict[str, set[str]]:
            return {name: first.get(name, set()) | second.get(name, set()) for name in {*first, *second}}

        return Excuses(
            self.streams | other.streams,
            merged(self.parents, other.parents),
            merged(self.gone, other.gone),
            self.changed or other.changed,
        )


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


@dataclass
class Counts:
    """Number of rows that were compared."""

    rows: int = 0


def differences(after: After, counts: Counts) -> Iterator[Difference]:
    """All that is wrong with the tables after a run."""
    came = {m["stream"] for m in map(json.loads, after.lines) if m["type"] == "RECORD"}
    for stream in after.settings.streams:
        versions = [snapshot.visible(stream, after.settings.modes) for snapshot in after.seen]
        # What was created, deleted or hidden in the meantime may be there or not.
        stayed = {key: versions[0][key] for key in sorted(set.intersection(*map(set, versions)))}
        counts.rows += len(stayed)
        yield from _deleted(after, stream, stayed)
        if after.complete and not _excused(stream, came, after.excuses):
            yield from _wrong(after, stream, stayed, versions)


def _deleted(after: After, stream: str, stayed: dict[Key, Row]) -> Iterator[Difference]:
    table, before = after.tables.get(stream, {}), after.before.get(stream, {})
    for key, row in stayed.items():
        if key in before and key not in table and not _refused(after.excuses.gone, stream, row):
            yield Difference("an existing row was deleted", stream, str(key))


def _wrong(
    after: After, stream: str, stayed: dict[Key, Row], versions: Sequence[dict[Key, Row]]
) -> Iterator[Difference]:
    table, before = after.tables.get(stream, {}), after.before.get(stream, {})
    for key, row in stayed.items():
        if _refused(after.excuses.parents, stream, row):
            continue
        if key in table:
            yield from _row(after, stream, key, [version[key] for version in versions], table[key])
        elif key not in before:
            yield Difference("a row is missing", stream, str(key))
    # Incremental streams never see a deletion, and a disturbed run must not believe in one.
    if after.settings.activate and not _incremental(after, stream) and not after.excuses.changed:
        for key in sorted(set(table).difference(*versions)):
            yield Difference("a deleted row is still there", stream, str(key))


def _incremental(after: After, stream: str) -> bool:
    return after.settings.incremental and BY_NAME[stream].replication_key is not None


def _excused(stream: str, came: set[str], excuses: Excuses) -> bool:
    parent = PARENTS.get(stream, ("", ""))[0]
    # Before the first row of a stream, a refusal is about the stream.
    return (
        stream in excuses.streams or parent in excuses.streams or (stream not in came and (stream in excuses.parents))
    )


def _refused(parents: dict[str, set[str]], stream: str, row: Row) -> bool:
    return stream in parents and row[PARENTS[stream][1]] in parents[stream]


def _row(after: After, stream: str, key: Key, versions: Sequence[Row], record: Row) -> Iterator[Difference]:
    if not any(_same(row, record) for row in versions):
        yield Difference("a row is outdated", stream, f"{key}: {_first_difference(versions[-1], record)}")
    elif stream == "incidents" and after.settings.nested:
        for name, part in NESTED.items():
            # Before its first row, a refusal is about all of the part.
            if part not in after.excuses.streams and part not in after.excuses.parents:
                yield from _nested(after, name, key, record)


def _nested(after: After, name: str, key: Key, record: Row) -> Iterator[Difference]:
    part, incident = NESTED[name], key[0]
    first = after.base
    if after.settings.incremental:
        # A documented limit: a change of a part does not move updated_at, so it comes with the incident's next change.
        history = after.world.history
        while first and _incident(history[first - 1], incident) is _incident(history[first], incident):
            first -= 1
    found = record.get(name)
    ids = None if found is None else [(row["id"], _mark(part, row)) for row in found]
    for snapshot in after.world.history[first:]:
        if ids == [(row["id"], _mark(part, row)) for row in snapshot.nested(part, incident)]:
            return
    yield Difference("a nested part is outdated", "incidents", f"{key}: {name} is {ids}")


def _incident(snapshot: Snapshot, incident: str) -> Row | None:
    return next((row for row in snapshot.rows[PATHS["incidents"]] if row["id"] == incident), None)


def _mark(part: str, row: Row) -> Any:
    return (row.get("resource") or {}).get("title") if part == "incident_attachments" else row.get("message")


def _same(row: Row, record: Row) -> bool:
    return _first_difference(row, record) is None


def _first_difference(row: Row, record: Row) -> str | None:
    for name, value in record.items():
        if name in (VERSION, *NESTED):
            continue
        expected = row.get(name)
        # A date-time that is "" becomes null. What is inside of objects is for the tests of records.
        if isinstance(expected, str | bool | int) and value != expected and (expected or value):
            return f"{name} is {value!r}, not {expected!r}"
    return None
