"""The first and the last line of a run: what it will read, and what it has read."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from tap_incident.logs import duration
from tap_incident.sync.problems import Problems, Status
from tap_incident.sync.resume import Start
from tap_incident.timestamps import instant, rfc3339_exact

LOGGER = logging.getLogger(__name__)

_MOST_NAMES = 10


def log_plan(starts: Collection[Start], now: datetime) -> None:
    """Log what will be read, and a WARNING for each bookmark that is later than `now`."""
    streams = [selected.stream.name for start in starts for selected in start.step.emitted()]
    names = sorted(set(streams), key=streams.index)
    listed = f": {', '.join(names)}" if len(names) <= _MOST_NAMES else ""
    LOGGER.info("Reading %s%s", of(len(names), "stream"), listed)
    changed: dict[str, list[str]] = {}
    for start in starts:
        if start.since:
            changed.setdefault(start.since, []).append(start.step.name)
    for since, steps in changed.items():
        LOGGER.info("Only what changed since %s: %s", since, ", ".join(steps))
    for start in starts:
        mark = start.known.updated_at
        if mark and instant(mark) > instant(rfc3339_exact(now)):
            text = "%s: the bookmark %s lies in the future: rows that change before then are not read"
            LOGGER.warning(text, start.step.name, mark)
    for notice in (notice for start in starts for notice in start.notices):
        LOGGER.info("%s", notice)


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
    skipped = problems.names(Status.SKIPPED)
    failed = problems.names(Status.ENDED) | problems.names(Status.BROKEN)
    lacking = {"skipped": skipped, "failed": failed, "incomplete": problems.incomplete()}
    named = {word: sorted(names) for word, names in lacking.items() if names}
    rows, read = sum(records.values()), len(records.keys() - skipped - failed)
    streams = f"{read:,} of {of(len(selected), 'stream')}" if finished else f"{of(len(records), 'stream')} so far"
    LOGGER.info(
        "%s: %s of %s in %s, %s%s",
        "Finished" if finished else "Ended early",
        of(rows, "row"),
        streams,
        of(requests, "request"),
        duration(seconds),
        "".join(f"; {word}: {', '.join(names)}" for word, names in named.items()),
        extra={"figures": {"rows": rows, "streams": read, "requests": requests, "seconds": round(seconds, 1)} | named},
    )


def of(count: int, noun: str) -> str:
    """A number of things: 1 row, 1,200 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
