"""METRIC lines at the end of a run: the number of records per stream, and the time of requests per endpoint.

Source: singer-python, module metrics. Its own counters set up the logging of the process anew, so they are not used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from singer.metrics import Metric, Point, Status, Tag

from tap_incident.api.client import Timing

LOGGER = logging.getLogger(__name__)

_MANY = 100
"""Records of a stream that has a METRIC line. Of fewer, the line of the stream says the number."""


def log_metrics(records: Mapping[str, int], timings: Mapping[str, Timing]) -> None:
    """Log the numbers of `records` by stream, and the `timings` of requests by endpoint.

    Small lists have no line: those that took one request, and streams of few records.
    """
    for path, timing in timings.items():
        if timing.number > 1 or timing.failed:
            is_answered = timing.number > sum(timing.failed.values())
            tags = {
                Tag.endpoint: path,
                Tag.status: Status.succeeded if is_answered else Status.failed,
                "requests": timing.number,
                **({"failed": timing.failed} if timing.failed else {}),
            }
            _log(Point("timer", Metric.http_request_duration, round(timing.seconds, 3), tags))
    for name, count in records.items():
        if count >= _MANY:
            _log(Point("counter", Metric.record_count, count, {Tag.endpoint: name}))


def _log(point: Point) -> None:
    metric = {"type": point.metric_type, "metric": point.metric, "value": point.value, "tags": point.tags}
    LOGGER.info("METRIC: %s", json.dumps(metric), extra={"metric": metric})
