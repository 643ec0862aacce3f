"""What the client tells the rate gate about each answer."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tap_incident.api.client import Client
from tap_incident.api.rate import KEY_QUOTA, Limits
from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Fault, organisation
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.rate_gates import GuardedClock, make_gate, passed
from tests.unit.api.test_client import client_of, serving

SEVERITIES = BY_NAME["severities"]
PLENTY = {"X-RateLimit-Limit": "1200, 1200;window=60", "X-RateLimit-Remaining": "1000"}


def read(client: Client, count: int) -> None:
    """Send so many requests, one after the other."""
    for _ in range(count):
        list(client.pages(SEVERITIES, ()))


def test_429s_lower_the_rate_and_other_answers_raise_it() -> None:
    at, time = GuardedClock(), FakeClock()
    limits = Limits(KEY_QUOTA, (KEY_QUOTA,), 1000)
    expected = make_gate(at)
    for _ in range(3):
        sent = passed(expected, at, SEVERITIES.path)
        expected.learn(SEVERITIES.path, limits, granted=False)
        expected.pause(SEVERITIES.path, 2, limits, sent)
    for _ in range(100):
        passed(expected, at, SEVERITIES.path)
        expected.learn(SEVERITIES.path, Limits())
    with serving(*[Fault(status=429, headers={"Retry-After": "2", **PLENTY})] * 3) as fake:
        read(client_of(fake.url, time), 100)
    assert time.now == pytest.approx(at.now)


def test_429s_for_requests_in_flight_at_the_same_time_lower_the_rate_once() -> None:
    in_flight, time = Barrier(8), FakeClock()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if number >= 8:
            return None
        in_flight.wait(10)
        return Fault(status=429, headers={"Retry-After": "1"})

    with FakeApi(organisation(1), faults=faults) as fake:
        client = client_of(fake.url, time)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: read(client, 1), range(8)))
        time.now += 1
        began = time.now
        read(client, 60)
    assert 60 / KEY_QUOTA.rate < time.now - began < 60 / (0.6 * KEY_QUOTA.rate)
