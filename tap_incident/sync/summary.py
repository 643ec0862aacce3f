"""What a run says of itself: what it will read, each list as it ends, and all of it at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from tap_incident.logs import duration
from tap_incident.sync.problems import Problems
from tap_incident.sync.replication import ResumePoint

LOGGER = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0
_LONGEST_LINE = 120
_MOST_NAMES = 10


@dataclass
class EndedLists:
    """Lists that have ended, with their rows. Small ones that end one after the other share a line."""

    records: Mapping[str, int]
    """The numbers of records so far, by stream."""
    clock: Callable[[], float]
    _texts: list[str] = field(default_factory=list)
    _since: float = 0.0

    def add(self, point: ResumePoint) -> None:
        """The lists of this step have ended."""
        name = point.step.name
        streams = [selected.stream.name for selected in point.step.emitted()]
        written = [(each, self.records[each]) for each in streams if each in self.records]
        if written:
            rows = ", ".join(f"{count:,} {'rows' if each == name else each}" for each, count in written)
            self._since = self._since if self._texts else self.clock()
            self._texts.append(f"{name}: {rows}")
        self.tick()

    def tick(self) -> None:
        """Log the line if it is long, or if its first list has waited for ten seconds."""
        if self._texts and (
            self.clock() - self._since >= SECONDS_BETWEEN_LINES or len("; ".join(self._texts)) > _LONGEST_LINE
        ):
            self.log()

    def log(self) -> None:
        """Log what has ended since the last line."""
        if self._texts:
            more = {} if len(self._texts) == 1 else {"stream_name": None}
            LOGGER.info("%s", "; ".join(self._texts), extra=more)
            self._texts.clear()


def log_plan(points: Collection[ResumePoint]) -> None:
    """Log what will be read."""
    streams = [selected.stream.name for point in points for selected in point.step.emitted()]
    names = sorted(set(streams), key=streams.index)
    listed = f": {', '.join(names)}" if len(names) <= _MOST_NAMES else ""
    LOGGER.info("Reading %s %s%s", f"{len(names):,}", "stream" if len(names) == 1 else "streams", listed)
    changed: dict[str, list[str]] = {}
    for point in points:
        if point.since:
            changed.setdefault(point.since, []).append(point.step.name)
    for since, steps in changed.items():
        LOGGER.info("Only what changed since %s: %s", since, ", ".join(steps))


def log_summary(
    records: Mapping[str, int],
    problems: Problems,
    selected: Collection[str],
    *,
    requests: int,
    seconds: float,
    finished: bool,
) -> None:
    """Log the last line of a run: streams, rows, requests, time, and what was skipped or failed."""
    rows = sum(records.values())
    lacking = {
        "skipped": problems.denied,
        "failed": problems.failed.keys(),
        "incomplete": problems.incomplete - problems.denied - problems.failed.keys(),
    }
    named = {word: sorted(names) for word, names in lacking.items() if names}
    read = len(records.keys() - problems.denied - problems.failed.keys())
    LOGGER.info(
        "%s: %s rows of %s of %s streams in %s requests, %s%s",
        "Finished" if finished else "Ended early",
        *(f"{number:,}" for number in (rows, read, len(selected), requests)),
        duration(seconds),
        "".join(f"; {word}: {', '.join(names)}" for word, names in named.items()),
        extra={"figures": {"rows": rows, "streams": read, "requests": requests, "seconds": round(seconds, 1)} | named},
    )
