"""What must be in the loader's tables after a run, given the world's history: the differences, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME
from tests.fake_api import Organisation
from tests.soak.loader import VERSION, Table
from tests.soak.runner import Outcome
from tests.soak.steps import Step
from tests.soak.world import NESTED, PARENTS, PATHS, Key, Row, line_of, visible
from tests.support.runs import Run, check, key_of

REFUSALS = ("private", "forbid", "gone path")
"""Troubles after which a run may end with 1, but everything else must be there."""
OF_ONE_STREAM = ("reject", "unreadable")
"""Troubles that end one stream, and all that are read along with it. The others must be there."""
SECOND_LOOK = [name for name in PATHS if "incidents" in line_of(name)]
"""Incidents that changed since the second in which the run started are read again, with what belongs to them."""


class Difference(NamedTuple):
    """One thing that is wrong: `rule` is the promise that is broken."""

    rule: str
    stream: str
    detail: str


class Excuse(NamedTuple):
    """What the API refused, so that it need not be there: a stream, or the rows of one parent.

    If the parent does not exist, as the API said, its rows may be deleted.
    """

    stream: str
    parent: str = ""
    gone: bool = False


@dataclass(frozen=True)
class Judged:
    """One run: its step, what is left of it, and the tables before and after it.

    It, or the interrupted run that it has `resumed`, began to read at the index `base` of the world's `history`, and
    got `excuses` since then.
    """

    step: Step
    outcome: Outcome
    before: Mapping[str, Table]
    tables: Mapping[str, Table]
    history: Sequence[Organisation]
    base: int
    excuses: frozenset[Excuse]
    resumed: bool

    @property
    def troubles(self) -> set[str]:
        """The kinds of troubles that were planned for it."""
        return {trouble.kind for trouble in self.step.troubles}

    @property
    def disturbed(self) -> bool:
        """Whether it may have taken nothing for complete."""
        return self.resumed or self.outcome.code != 0 or bool(self.troubles)

    @property
    def loader_died(self) -> bool:
        """Whether the loader ended badly."""
        return self.step.ends == "loader died"

    @property
    def complete(self) -> bool:
        """Whether everything that the API did not refuse must be there."""
        if self.loader_died or self.outcome.code != 1:
            return not self.loader_died and self.outcome.code == 0
        # The row that a cursor names may have left the list, which ends that stream. What an interrupted run could not
        # read comes in the run after the one that resumes it.
        ended = self.outcome.cut or self.outcome.mistakes or "end" in self.troubles
        is_early = ended or self.step.during or self.resumed
        return bool(self.troubles & {*REFUSALS, *OF_ONE_STREAM}) and not is_early

    def lacks_stream(self, stream: str) -> bool:
        """Whether the list of a stream, or one of those above it, was refused or ended early."""
        line = [*line_of(stream)]
        ended = {[*line_of(each.stream)][-1] for each in self.step.troubles if each.kind in OF_ONE_STREAM}
        return line[-1] in ended or any(
            excuse.stream in line and (not excuse.parent or excuse.stream != stream) for excuse in self.excuses
        )

    def lacks_a_parent(self, stream: str) -> bool:
        """Whether the rows of a parent were refused. Before the first row of a stream, that is about the stream."""
        return any(excuse.stream == stream and excuse.parent for excuse in self.excuses)

    def lacks_row(self, stream: str, row: Row, *, gone: bool = False) -> bool:
        """Whether the rows of the parent of this row were refused; or, with `gone`, whether it does not exist."""
        parent = row.get(PARENTS[stream][1]) if stream in PARENTS else None
        found = [excuse for excuse in self.excuses if (excuse.stream, excuse.parent) == (stream, parent)]
        return any(excuse.gone or not gone for excuse in found)


def differences(run: Judged, figures: Counter[str]) -> Iterator[Difference]:
    """All that is wrong with a run and the tables after it. The rows that are compared are counted in `figures`."""
    yield from _broken_rules(run)
    came: dict[str, Table] = {}
    for message in map(json.loads, run.outcome.lines):
        if message["type"] == "RECORD":
            came.setdefault(message["stream"], {})[key_of(message["stream"], message["record"])] = message["record"]
    settings = run.step.settings
    yield from (Difference("a stream is not selected", name, "") for name in came.keys() - {*settings.streams})
    for stream in settings.streams:
        versions = [visible(org, stream, settings.modes) for org in run.history[run.base :]]
        # What was created, deleted or hidden in the meantime may be there or not.
        stayed = {key: versions[0][key] for key in sorted(set.intersection(*map(set, versions)))}
        figures["rows compared"] += len(stayed)
        yield from _deleted(run, stream, stayed)
        yield from _needless(run, stream, came.get(stream, {}), versions)
        excused = run.lacks_stream(stream) or (stream not in came and run.lacks_a_parent(stream))
        if run.complete and not excused:
            yield from _wrong(run, stream, stayed, versions)


def _broken_rules(run: Judged) -> Iterator[Difference]:
    """What is wrong with a run whatever the world is like."""
    outcome = run.outcome
    messages = [json.loads(line) for line in outcome.lines]
    try:
        check(Run(1, messages), repeats=SECOND_LOOK)
    except AssertionError as error:
        yield Difference("a wrong message", "", str(error).partition("\n")[0])
    if outcome.code not in (0, 1, None, 143):
        yield Difference("an exit code", "", str(outcome.code))
    yield from (Difference("a mistake in the tap", "", text) for text in outcome.mistakes)
    refused = run.troubles & {"end", *REFUSALS, *OF_ONE_STREAM} or all(map(run.lacks_stream, run.step.settings.streams))
    # A resumed run also fails because of what the interrupted one left out.
    if outcome.code == 1 and not (outcome.cut or run.step.during or refused or run.resumed):
        yield Difference("a run failed without a reason", "", str(sorted(run.troubles)))
    ended_early = outcome.code == 143 or (outcome.code == 1 and not run.loader_died and not outcome.cut)
    kinds = [message["type"] for message in messages]
    states = [number for number, kind in enumerate(kinds) if kind == "STATE"]
    if ended_early and states and "RECORD" in kinds[states[-1] :]:
        # A loader that drops its state at the next RECORD would have none, and everything would be read again.
        yield Difference("a RECORD came after the last STATE", "", f"exit code {outcome.code}")


def _deleted(run: Judged, stream: str, stayed: Table) -> Iterator[Difference]:
    table, before = run.tables.get(stream, {}), run.before.get(stream, {})
    if BY_NAME[stream].window:
        # Shifts that the window has passed are still there.
        stayed = visible(run.history[-1], stream, run.step.settings.modes, days=365)
    for key, row in stayed.items():
        if key in before and key not in table and not run.lacks_row(stream, row, gone=True):
            yield Difference("an existing row was deleted", stream, str(key))


def _needless(run: Judged, stream: str, came: Table, versions: Sequence[Table]) -> Iterator[Difference]:
    unknown = {*came}.difference(*versions)
    if unknown and len(versions) > 1:
        # What belongs to an incident may be requested just when its mode is no longer one that is read.
        unknown = unknown.difference(*(visible(org, stream, INCIDENT_MODES) for org in run.history[run.base :]))
    yield from (Difference("a row came that is not there", stream, str(key)) for key in sorted(unknown))


def _wrong(run: Judged, stream: str, stayed: Table, versions: Sequence[Table]) -> Iterator[Difference]:
    table, before, settings = run.tables.get(stream, {}), run.before.get(stream, {}), run.step.settings
    for key, row in stayed.items():
        if run.lacks_row(stream, row):
            continue
        if key in table:
            yield from _row(run, stream, key, [version[key] for version in versions], table[key])
        elif key not in before:
            yield Difference("a row is missing", stream, str(key))
    incremental = settings.incremental and BY_NAME[stream].replication_key
    # Neither an incremental stream nor a window sees a deletion, and a disturbed run must not believe in one.
    if settings.activate and not (incremental or BY_NAME[stream].window or run.disturbed):
        for key in sorted(set(table).difference(*versions)):
            yield Difference("a deleted row is still there", stream, str(key))


def _row(run: Judged, stream: str, key: Key, versions: Sequence[Row], record: Row) -> Iterator[Difference]:
    if all(_first_difference(row, record) for row in versions):
        yield Difference("a row is outdated", stream, f"{key}: {_first_difference(versions[-1], record)}")
    elif stream == "incidents":
        for part in run.step.settings.parts:
            yield from _nested(run, part, key, record.get(part))


def _nested(run: Judged, part: str, key: Key, found: list[Row] | None) -> Iterator[Difference]:
    stream, first = NESTED[part], run.base
    if found is None and (run.lacks_stream(stream) or run.lacks_a_parent(stream)):
        return
    if run.step.settings.incremental:
        # A documented limit: a change of a part does not move updated_at, so it comes with the incident's next change.
        while first and _incident(run.history[first - 1], key) is _incident(run.history[first], key):
            first -= 1
    shown = None if found is None else [_shown(row) for row in found]
    for org in run.history[first:]:
        if shown == [_shown(row) for row in org.rows[PATHS[stream]] if row["incident_id"] == key[0]]:
            return
    yield Difference("a nested part is outdated", "incidents", f"{key}: {part} is {shown}")


def _incident(org: Organisation, key: Key) -> Row | None:
    return next((row for row in org.rows[PATHS["incidents"]] if row["id"] == key[0]), None)


def _shown(row: Row) -> tuple[Any, ...]:
    """Of a row of either nested part, its id and what changes write to."""
    return row["id"], row.get("message"), (row.get("resource") or {}).get("title")


def _first_difference(row: Row, record: Row) -> str | None:
    for name, value in record.items():
        if name in (VERSION, *NESTED):
            continue
        expected = row.get(name)
        # A date-time that is "" becomes null. What is inside of objects is for the tests of records.
        if isinstance(expected, str | bool | int) and value != expected and (expected or value):
            return f"{name} is {value!r}, not {expected!r}"
    return None
