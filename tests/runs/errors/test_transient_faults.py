"""Transient faults: the rows are the same as without them."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import port_of
from tests.support.runs import (
    by_stream,
    check,
)
from tests.support.thorough import sampled

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


@pytest.mark.parametrize("strategy", [pytest.param("per_incident", marks=pytest.mark.slow), "list"])
@pytest.mark.thorough
@pytest.mark.parametrize("seed", sampled(range(1, 4), 1))
def test_transient_faults_in_one_of_eight_answers_change_no_row(
    tap: Tap, caplog: pytest.LogCaptureFixture, seed: int, strategy: str
) -> None:
    org = organisation(12)
    chance = random.Random(seed)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return chance.choice(PASSING) if chance.random() < 1 / 8 else None

    settings = {"child_strategy": strategy}
    with FakeApi(org) as fake:
        port = port_of(fake)
        calm, requests = tap(fake, settings=settings), len(fake.requests)
    with FakeApi(org, faults=faults, port=port) as fake, caplog.at_level(logging.WARNING):
        stormy = tap(fake, settings=settings)
    assert stormy.code == 0
    check(stormy)
    assert stormy.states()[-1] == calm.states()[-1]
    assert by_stream(stormy) == by_stream(calm)
    assert len(fake.requests) > requests
    waits = [r.getMessage() for r in caplog.records if "Retrying" in r.getMessage() or "Waiting" in r.getMessage()]
    assert waits
