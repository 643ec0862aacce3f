"""METRIC lines: record counts each minute and at the end, request timers at the end.

Source: singer-python, module metrics. Its own counters set up the logging of the process anew, so they are not used.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from singer.metrics import Metric, Point, Tag

LOGGER = logging.getLogger(__name__)

SECONDS_BETWEEN_COUNTS = 60.0


@dataclass
class _Sum:
    """The timers of one endpoint and status."""

    tags: Mapping[str, object]
    requests: int = 0
    seconds: float = 0.0


@dataclass
class Metrics:
    """The metrics of a run. `records` are the numbers of records so far, by stream."""

    records: Mapping[str, int]
    clock: Callable[[], float]
    _logged: Counter[str] = field(default_factory=Counter)
    """The records that were logged, by stream."""
    _sums: dict[str, _Sum] = field(default_factory=dict)
    _logged_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._logged_at = self.clock()

    def add(self, timers: Iterable[Point]) -> None:
        """Add the timers of requests that have ended. Each is logged at DEBUG."""
        for point in timers:
            total = self._sums.setdefault(json.dumps(point.tags), _Sum(point.tags))
            total.requests += 1
            total.seconds += point.value
            _log(point, logging.DEBUG)

    def tick(self) -> None:
        """Log the record counts if a minute has passed: of each stream that has new ones, their number."""
        if self.clock() - self._logged_at >= SECONDS_BETWEEN_COUNTS:
            self._log_counts(name for name, count in self.records.items() if count > self._logged[name])
            self._logged_at = self.clock()

    def end(self) -> None:
        """Log what is left: the record counts of streams that have new ones or none at all, and the sums of timers.

        The timer of an endpoint that was requested once, and answered, is at DEBUG only.
        """
        for total in self._sums.values():
            if total.requests > 1 or total.tags[Tag.http_status_code] != 200:
                tags = {**total.tags, "requests": total.requests}
                _log(Point("timer", Metric.http_request_duration, round(total.seconds, 3), tags), logging.INFO)
        self._log_counts(name for name, count in self.records.items() if count > self._logged[name] or not count)

    def _log_counts(self, names: Iterable[str]) -> None:
        for name in names:
            count = self.records[name] - self._logged[name]
            self._logged[name] += count
            _log(Point("counter", Metric.record_count, count, {Tag.endpoint: name}), logging.INFO)


def _log(point: Point, level: int) -> None:
    metric = {"type": point.metric_type, "metric": point.metric, "value": point.value, "tags": point.tags}
    LOGGER.log(level, "METRIC: %s", json.dumps(metric), extra={"metric": metric})
