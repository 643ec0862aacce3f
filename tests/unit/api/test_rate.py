"""The rate gate, with a clock that only its own waiting moves."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_incident.api.rate import KEY_QUOTA, Gate, Limits, Quota
from tap_incident.errors import Stopped
from tests.unit.api.test_client import Time

LOW, OTHER = "/v2/incidents", "/v2/users"
KEY, ENDPOINT = KEY_QUOTA, Quota(60)
ENDPOINTS_OWN = Limits(ENDPOINT, (KEY, ENDPOINT))
KEYS_OWN = Limits(KEY, (KEY,))


class Moving(Time):
    """Test time that no sleep may leave where it is, nor many: a gate would ask for one more for ever."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert self.now + seconds > self.now
        assert len(self.slept) < 10_000
        super().sleep(seconds)


def gate(at: Time, ceiling: int | None = None, **lower: int) -> Gate:
    """A gate; `low` is the limit of the endpoint LOW."""
    return Gate(ceiling, {LOW: lower["low"]} if lower else {}, clock=at.clock, sleep=at.sleep)


def taken(gate: Gate, at: Time, path: str, count: int) -> float:
    """Seconds that so many requests to `path` take."""
    start = at.now
    for _ in range(count):
        gate.wait(path)
    return at.now - start


def burst(gate: Gate, at: Time, path: str) -> int:
    """How many requests to `path` pass before one has to wait."""
    count, sleeps = 0, len(at.slept)
    while True:
        gate.wait(path)
        if len(at.slept) > sleeps:
            return count
        count += 1


def test_quota_allows_a_burst_and_then_refills() -> None:
    at = Moving()
    subject = gate(at)
    assert 0.98 * KEY.limit <= burst(subject, at, OTHER) < KEY.limit
    assert taken(subject, at, OTHER, 200) == pytest.approx(200 / KEY.rate)


def test_quota_refills_to_its_limit_and_no_further() -> None:
    at = Moving()
    subject = gate(at)
    first = burst(subject, at, OTHER)
    at.now += 1
    assert burst(subject, at, OTHER) == pytest.approx(KEY.rate, abs=1)
    at.now += 3600
    assert burst(subject, at, OTHER) == first


def test_wait_is_a_single_sleep() -> None:
    at = Moving()
    subject = gate(at, low=7)
    free = burst(subject, at, LOW)
    at.slept.clear()
    taken(subject, at, LOW, 100)
    assert free
    assert len(at.slept) == 100
    assert min(at.slept) > 8


@pytest.mark.parametrize("start", [0.1, 1e5 + 0.3, 1e9 + 1 / 3])
def test_wait_ends_despite_rounding_errors(start: float) -> None:
    at = Moving()
    at.now = start
    subject = gate(at, 7, low=11)
    assert taken(subject, at, LOW, 500) == pytest.approx(71 * 60, abs=61)
    for number in range(1, 100):
        subject.pause(LOW, number / 7, ENDPOINTS_OWN)
        subject.wait(LOW)


def test_endpoint_limit_only_slows_its_endpoint() -> None:
    at = Moving()
    subject = gate(at, low=60)
    assert 55 <= burst(subject, at, LOW) < 60
    assert taken(subject, at, OTHER, 1000) == 0
    assert taken(subject, at, LOW, 10) == pytest.approx(10)


def test_endpoint_limit_requests_also_count_for_the_key() -> None:
    at, alone = Moving(), Moving()
    subject = gate(at, low=60)
    assert taken(subject, at, LOW, 50) == 0
    assert burst(subject, at, OTHER) == burst(gate(alone), alone, OTHER) - 50


def test_requests_per_minute_holds_for_any_minute() -> None:
    at = Moving()
    subject = gate(at, 10)
    assert taken(subject, at, OTHER, 4) == 0
    at.now += 30
    assert taken(subject, at, LOW, 6) == 0
    assert taken(subject, at, OTHER, 4) == pytest.approx(30)
    assert taken(subject, at, OTHER, 6) == pytest.approx(30)
    assert taken(subject, at, OTHER, 100) == pytest.approx(600)


def test_requests_per_minute_does_not_raise_the_limits_of_the_api() -> None:
    at, alone = Moving(), Moving()
    assert burst(gate(at, 10**6), at, OTHER) == burst(gate(alone), alone, OTHER)


def test_passed_counts_requests() -> None:
    at = Moving()
    subject = gate(at, low=60)
    assert subject.passed == 0
    taken(subject, at, LOW, 3)
    taken(subject, at, OTHER, 4)
    assert subject.passed == 7


def test_passed_does_not_count_a_request_whose_wait_was_stopped() -> None:
    def stop(seconds: float) -> None:
        raise Stopped("stopped")

    subject = Gate(1, {}, clock=lambda: 0.0, sleep=stop)
    subject.wait(OTHER)
    with pytest.raises(Stopped):
        subject.wait(OTHER)
    assert subject.passed == 1


class Slow(float):
    """A moment that takes long to reckon with: other threads come in between looking and taking, if they can."""

    def __sub__(self, other: float) -> float:
        time.sleep(0.001)
        return float(self) - float(other)


def test_threads_share_one_limit() -> None:
    at, lock, times, limit = Time(), threading.Lock(), list[float](), 10

    def sleep(seconds: float) -> None:
        with lock:
            at.now += seconds

    subject = Gate(None, {LOW: limit}, clock=lambda: Slow(at.now), sleep=sleep)

    def ask(_: int) -> None:
        subject.wait(LOW)
        with lock:
            times.append(at.now)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(3 * limit)))
    assert len(times) == subject.passed == 3 * limit
    for number, moment in enumerate(sorted(times), 1):
        assert number <= limit * (1 + moment / 60) + 1e-3
