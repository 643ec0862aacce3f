"""The lines of a run: few, whatever its size, and a summary before the end; whole runs."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.facts import documented
from tests.support.faults import after_first_page
from tests.support.logs import infos
from tests.support.runs import only, rows_of, set_field

FIGURES = r"([\d,]+) rows of (\d+) of (\d+) streams in ([\d,]+) requests, [\d.]+ (?:s|min)"


def test_default_sync_of_200_incidents_has_at_most_40_lines_and_a_summary(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with FakeApi(organisation(200), denied=["users.view"]) as fake:
        run = tap(fake)
    lines = [record.getMessage() for record in caplog.records]
    assert run.code == 0
    assert len(lines) <= 40
    assert lines[0].startswith('API key "')
    found = re.fullmatch(rf"Finished: {FIGURES}; skipped: users", lines[-1])
    assert found
    figures = [int(figure.replace(",", "")) for figure in found.groups()]
    assert figures == [rows_of(run).total(), 19, 20, len(fake.requests)]


def test_what_will_be_read_is_logged(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    catalog = set_field(only("alerts", "users"), "alerts", **{"replication-method": "INCREMENTAL"})
    with FakeApi(organisation(2)) as fake:
        assert tap(fake, catalog=catalog, settings={"start_date": "2024-01-01T00:00:00Z"}).code == 0
    assert "Reading 2 streams: users, alerts" in infos(caplog)
    assert "Only what changed since 2024-01-01T00:00:00Z: alerts" in infos(caplog)


def test_summary_comes_after_a_failure_too(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with FakeApi(organisation(2), faults=after_first_page("/v2/alerts", Fault(status=401))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.code == 1
    summary, last = caplog.records[-2:]
    assert last.levelno == logging.CRITICAL
    found = re.fullmatch(r"Ended early: (\d+) rows of 1 stream so far in \d+ requests, [\d.]+ s", summary.getMessage())
    assert found
    assert int(found[1]) == rows_of(run).total() == 50


def test_metrics_count_each_record_and_the_requests_of_endpoints_with_several(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=503) if number == 2 else None

    with FakeApi(organisation(5), faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake)
    points = [json.loads(line.removeprefix("METRIC: ")) for line in infos(caplog) if line.startswith("METRIC: ")]
    summed = {
        point["tags"]["endpoint"]: (point["tags"]["requests"], sum(point["tags"].get("failed", {}).values()))
        for point in points
        if point["metric"] == "http_request_duration"
    }
    sent = Counter(documented(request.path)[0] for request in fake.requests)
    failed = Counter(documented(request.path)[0] for request in fake.requests if request.status != 200)
    assert summed == {path: (count, failed[path]) for path, count in sent.items() if count > 1 or failed[path]}
    counters = {point["tags"]["endpoint"]: point["value"] for point in points if point["metric"] == "record_count"}
    counts = {name: len(run.records(name)) for name in run.streams()}
    assert counters == {name: count for name, count in counts.items() if count >= 100} != {}
