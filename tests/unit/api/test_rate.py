"""Rate gate: bursts, refills, limits per endpoint and the setting `requests_per_minute`."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_incident.api.rate import KEY_QUOTA, Gate
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.rate_gates import (
    LIMITED,
    OTHER,
    GuardedClock,
    burst_size,
    make_gate,
    seconds_for,
)


def test_quota_allows_a_burst_and_then_refills() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    assert 0.98 * KEY_QUOTA.limit <= burst_size(gate, clock, OTHER) < KEY_QUOTA.limit
    assert seconds_for(gate, clock, OTHER, 200) == pytest.approx(200 / KEY_QUOTA.rate)


def test_wait_is_logged_once_for_all_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = GuardedClock()
    gate = make_gate(clock, 2)
    assert (gate.take(OTHER), gate.take(OTHER)) == (0, 0)
    for _ in range(8):
        assert gate.take(OTHER) > 59
        clock.now += 0.001
    assert caplog.messages == [f"{OTHER}: waiting 60 s for the rate limit"]


def test_endpoint_limit_only_slows_its_endpoint() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    assert 55 <= burst_size(gate, clock, LIMITED) < 60
    assert seconds_for(gate, clock, OTHER, 1000) == 0
    assert seconds_for(gate, clock, LIMITED, 10) == pytest.approx(10)


def test_endpoint_limit_requests_also_count_for_the_key() -> None:
    clock, alone = GuardedClock(), GuardedClock()
    gate = make_gate(clock, limited=60)
    assert seconds_for(gate, clock, LIMITED, 50) == 0
    assert burst_size(gate, clock, OTHER) == burst_size(make_gate(alone), alone, OTHER) - 50


def test_requests_per_minute_holds_for_any_minute() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, 10)
    assert seconds_for(gate, clock, OTHER, 4) == 0
    clock.now += 30
    assert seconds_for(gate, clock, LIMITED, 6) == 0
    assert seconds_for(gate, clock, OTHER, 4) == pytest.approx(30)
    assert seconds_for(gate, clock, OTHER, 6) == pytest.approx(30)
    assert seconds_for(gate, clock, OTHER, 100) == pytest.approx(600)


class SlowTime(float):
    """A time whose subtraction is slow, so that other threads can run between the check and the update."""

    def __sub__(self, other: float) -> float:
        time.sleep(0.001)
        return float(self) - float(other)


def test_threads_share_one_limit() -> None:
    clock, lock, times, limit = FakeClock(), threading.Lock(), list[float](), 10

    gate = Gate(None, {LIMITED: limit}, clock=lambda: SlowTime(clock.now))

    def ask(_: int) -> None:
        while delay := gate.take(LIMITED):
            with lock:
                clock.now += delay
        with lock:
            times.append(clock.now)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(3 * limit)))
    assert len(times) == gate.passed == 3 * limit
    for number, moment in enumerate(sorted(times), 1):
        assert number <= limit * (1 + moment / 60) + 1e-3
