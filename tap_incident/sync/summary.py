"""The first and the last lines of a run: what it will read, what it has read, and METRIC lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from singer.metrics import Metric, Point, Tag
from singer.metrics import Status as MetricStatus

from tap_incident.api.client import Timing
from tap_incident.logs import duration
from tap_incident.sync.problems import Problems, Status
from tap_incident.sync.resume import Start
from tap_incident.timestamps import instant, rfc3339_exact

LOGGER = logging.getLogger(__name__)

_MOST_NAMES = 10
_MANY = 100
"""Records of a stream that has a METRIC line. Of fewer, the line of the stream says the number."""


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
    for start in starts:
        if start.notice:
            LOGGER.info("%s: %s", start.step.name, start.notice)


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


def log_metrics(records: Mapping[str, int], timings: Mapping[str, Timing]) -> None:
    """Log METRIC lines: the numbers of `records` by stream, and the `timings` of requests by endpoint.

    Small lists have no line: those that took one request, and streams of few records. Source: singer-python, module
    metrics. Its own counters set up the logging of the process anew, so they are not used.
    """
    for path, timing in timings.items():
        if timing.number > 1 or timing.failed:
            is_answered = timing.number > sum(timing.failed.values())
            tags = {
                Tag.endpoint: path,
                Tag.status: MetricStatus.succeeded if is_answered else MetricStatus.failed,
                "requests": timing.number,
                **({"failed": timing.failed} if timing.failed else {}),
            }
            _log_metric(Point("timer", Metric.http_request_duration, round(timing.seconds, 3), tags))
    for name, count in records.items():
        if count >= _MANY:
            _log_metric(Point("counter", Metric.record_count, count, {Tag.endpoint: name}))


def _log_metric(point: Point) -> None:
    metric = {"type": point.metric_type, "metric": point.metric, "value": point.value, "tags": point.tags}
    LOGGER.info("METRIC: %s", json.dumps(metric), extra={"metric": metric})


def of(count: int, noun: str) -> str:
    """A number of things: 1 row, 1,200 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
