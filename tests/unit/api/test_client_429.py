"""What the client tells the rate gate about each answer."""

from __future__ import annotations

import pytest

from tap_incident.api.client import Client
from tap_incident.api.rate import KEY_QUOTA, Limits
from tap_incident.streams import BY_NAME
from tests.fake_api import Fault
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
