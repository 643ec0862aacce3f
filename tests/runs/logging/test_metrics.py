"""METRIC lines: one per request, one per stream."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.logs import infos


def metrics(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    """Contents of the METRIC lines of this name."""
    found = [json.loads(line.removeprefix("METRIC: ")) for line in infos(caplog) if line.startswith("METRIC: ")]
    return [point for point in found if point["metric"] == name]


def test_metrics_count_each_request_and_each_record(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=503) if number == 2 else None

    with FakeApi(organisation(5), faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake)
    timers = metrics(caplog, "http_request_duration")
    expected = Counter((request.path, request.status) for request in fake.requests)
    tags = [point["tags"] for point in timers]
    assert Counter((tag["endpoint"], tag["http_status_code"]) for tag in tags if isinstance(tag, dict)) == expected
    assert all(isinstance(point["value"], float) and 0 < point["value"] < 60 for point in timers)
    counters = {json.dumps(point["tags"]): point["value"] for point in metrics(caplog, "record_count")}
    assert counters == {json.dumps({"endpoint": name}): len(run.records(name)) for name in run.streams()}
