"""METRIC lines: counts each minute and at the end, and sums of timers."""

from __future__ import annotations

import json
import logging
from collections import Counter

import pytest
from singer.metrics import Point

from tap_incident.sync.metrics import SECONDS_BETWEEN_COUNTS, Metrics


class Clock:
    """A time that the test moves."""

    now = 5.0

    def __call__(self) -> float:
        return self.now


def points(caplog: pytest.LogCaptureFixture, level: int) -> list[tuple[float, dict[str, object]]]:
    """Values and tags of the METRIC lines of this level since the last call."""
    lines = [record.getMessage() for record in caplog.records if record.levelno == level]
    caplog.clear()
    found = [json.loads(line.removeprefix("METRIC: ")) for line in lines]
    return [(point["value"], point["tags"]) for point in found]


def timer(endpoint: str, status: int, seconds: float) -> Point:
    """The timer of one request."""
    outcome = "succeeded" if status == 200 else "failed"
    tags = {"endpoint": endpoint, "http_status_code": status, "status": outcome}
    return Point("timer", "http_request_duration", seconds, tags)


def test_counts_are_logged_each_minute_and_add_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, records = Clock(), Counter({"users": 3, "teams": 0})
    metrics = Metrics(records, clock)
    clock.now += SECONDS_BETWEEN_COUNTS - 1
    metrics.tick()
    assert points(caplog, logging.INFO) == []
    clock.now += 1
    metrics.tick()
    metrics.tick()
    assert points(caplog, logging.INFO) == [(3, {"endpoint": "users"})]
    records.update({"users": 4, "alerts": 2})
    clock.now += SECONDS_BETWEEN_COUNTS
    metrics.tick()
    assert points(caplog, logging.INFO) == [(4, {"endpoint": "users"}), (2, {"endpoint": "alerts"})]
    records["alerts"] += 1
    metrics.end()
    assert points(caplog, logging.INFO) == [(0, {"endpoint": "teams"}), (1, {"endpoint": "alerts"})]


def test_timers_are_summed_by_endpoint_and_status(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    metrics = Metrics({}, Clock())
    metrics.add([timer("/v2/users", 200, 0.25), timer("/v1/severities", 200, 1.0)])
    metrics.add([timer("/v2/users", 503, 0.1234567), timer("/v2/users", 200, 0.5)])
    assert [value for value, _ in points(caplog, logging.DEBUG)] == [0.25, 1.0, 0.1234567, 0.5]
    metrics.end()
    users = {"endpoint": "/v2/users"}
    assert points(caplog, logging.INFO) == [
        (0.75, {**users, "http_status_code": 200, "status": "succeeded", "requests": 2}),
        (0.123, {**users, "http_status_code": 503, "status": "failed", "requests": 1}),
    ]
