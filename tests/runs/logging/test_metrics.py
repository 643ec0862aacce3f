"""METRIC lines: one per request at DEBUG, and at INFO one per endpoint with several and one per stream."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.logs import logged


def metrics(caplog: pytest.LogCaptureFixture, name: str, level: int = logging.INFO) -> list[dict[str, object]]:
    """Contents of the METRIC lines of this name and level."""
    lines = [line for line in logged(caplog, level) if line.startswith("METRIC: ")]
    found = [json.loads(line.removeprefix("METRIC: ")) for line in lines]
    return [point for point in found if point["metric"] == name]


def tags_of(point: dict[str, object]) -> dict[str, object]:
    """Its tags."""
    assert isinstance(point["tags"], dict)
    return point["tags"]


def test_metrics_count_each_request_and_each_record(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=503) if number == 2 else None

    with FakeApi(organisation(5), faults=faults) as fake, caplog.at_level(logging.DEBUG):
        run = tap(fake)
    timers = metrics(caplog, "http_request_duration", logging.DEBUG)
    expected = Counter((request.path, request.status) for request in fake.requests)
    assert Counter((tag["endpoint"], tag["http_status_code"]) for tag in map(tags_of, timers)) == expected
    assert all(isinstance(point["value"], float) and 0 < point["value"] < 60 for point in timers)
    sums = metrics(caplog, "http_request_duration")
    summed = {(tag["endpoint"], tag["http_status_code"]): tag["requests"] for tag in map(tags_of, sums)}
    assert summed == {key: count for key, count in expected.items() if count > 1 or key[1] != 200}
    counters = {json.dumps(point["tags"]): point["value"] for point in metrics(caplog, "record_count")}
    assert counters == {json.dumps({"endpoint": name}): len(run.records(name)) for name in run.streams()}
