"""Transient faults: the rows are the same as without them, and the log has a few lines about them."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import port_of
from tests.support.logs import retries
from tests.support.runs import check, only, rows_of

PASSING = (
    Fault(reset=True),
    Fault(truncate=True),
    Fault(delay=0.05),
    Fault(status=200, body="<html>Hello</html>", content_type="text/html"),
    Fault(status=200, body='{"incidents": [{"id": "01', content_type="application/json"),
    Fault(status=200, body=""),
    Fault(status=408),
    Fault(status=429, body="slow down"),
    Fault(status=429, headers={"Retry-After": "0.2"}),
    Fault(status=500),
    Fault(status=502, body="<html><h1>Bad gateway</h1></html>", content_type="text/html"),
    Fault(status=503),
    Fault(status=504),
)


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_transient_faults_in_one_of_eight_answers_change_no_row(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org, chance, settings = organisation(12), random.Random(1), {"child_strategy": strategy}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return chance.choice(PASSING) if chance.random() < 1 / 8 else None

    with FakeApi(org) as fake:
        port = port_of(fake)
        calm, requests = tap(fake, settings=settings), len(fake.requests)
    with FakeApi(org, faults=faults, port=port) as fake:
        stormy = tap(fake, settings=settings)
    assert stormy.code == 0
    check(stormy)
    assert stormy.states()[-1] == calm.states()[-1]
    assert rows_of(stormy) == rows_of(calm)
    assert len(fake.requests) > requests
    assert retries(caplog)


def test_retry_warnings_of_all_threads_are_a_few_lines(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    seen: set[object] = set()

    def faults(number: int, path: str, params: object) -> Fault | None:
        asked = (path, str(params))
        if path != "/v2/incident_updates" or asked in seen:
            return None
        seen.add(asked)
        return Fault(status=500)

    with FakeApi(organisation(40), faults=faults) as fake:
        run = tap(fake, catalog=only("incident_updates"), settings={"child_strategy": "per_incident"})
    check(run)
    assert run.code == 0
    assert len(seen) > 25
    lines = retries(caplog)
    assert 0 < len(lines) < len(seen) / 4
    assert "status 500" in lines[0]
