"""The warnings of retries: a few, with a count of the others."""

from __future__ import annotations

import re
import threading

import pytest

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.logs import warnings
from tests.support.runs import (
    KEY,
    check,
    only,
)

SEVERITIES = BY_NAME["severities"]


def test_retry_warnings_have_cause_and_wait_and_count_those_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 100.0
    faulty = [True] * 6 + [False] + [True] + [False] + [True] + [False]

    def faults(number: int, path: str, params: object) -> Fault | None:
        return Fault(status=503) if faulty[number] else None

    with FakeApi(organisation(1), faults=faults) as fake:
        config = configs.load(None, {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url})
        client = Client(config, stop=threading.Event(), clock=lambda: now, sleep=lambda seconds: None)
        list(client.pages(SEVERITIES, ()))
        (first,) = warnings(caplog)
        assert re.search(r"GET /v1/severities: status 503.*\. Retrying in \d+\.\d s$", first)
        now += 5
        list(client.pages(SEVERITIES, ()))
        assert warnings(caplog)[1].endswith(" s (and 5 more since the last such warning)")
        now += 5
        list(client.pages(SEVERITIES, ()))
    assert len(warnings(caplog)) == 3
    assert "more since" not in warnings(caplog)[2]


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
    assert len([line for line in warnings(caplog) if "Retrying" in line]) < len(seen) / 4
