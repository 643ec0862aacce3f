"""Rate gate: bursts, refills, limits per endpoint, the setting `requests_per_minute`, and what answers teach it."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_incident.api.rate import KEY_QUOTA, Gate, Limits, Quota, read_limits
from tests.unit.api.served import FakeClock

LIMITED, OTHER = "/v2/incidents", "/v2/users"
"""Paths of an endpoint that may have a limit of its own, and of one that has none."""
OWN = Quota(60)
OWN_LIMITS = Limits(OWN, (KEY_QUOTA, OWN))
"""The endpoint's own limit was the first to be reached."""
KEY_LIMITS = Limits(KEY_QUOTA, (KEY_QUOTA,))


class Gated:
    """A gate with a fake clock. `limited`: the known limit per minute of the endpoint LIMITED."""

    def __init__(self, ceiling: int | None = None, limited: int | None = None) -> None:
        self.clock = FakeClock()
        self.gate = Gate(ceiling, {LIMITED: limited} if limited else {}, clock=self.clock.clock)

    def request(self, path: str) -> None:
        """Wait until the gate lets a request to `path` through."""
        while delay := self.gate.take(path):
            self.clock.wait(delay)

    def seconds(self, path: str, count: int) -> float:
        """Seconds that `count` requests to `path` take."""
        start = self.clock.now
        for _ in range(count):
            self.request(path)
        return self.clock.now - start

    def burst(self, path: str) -> int:
        """Send requests to `path` until one has to wait; the number of the others."""
        count, sleeps = -1, len(self.clock.slept)
        while len(self.clock.slept) == sleeps:
            self.request(path)
            count += 1
        return count

    def pause(self, path: str, seconds: float, limits: Limits) -> bool:
        """A 429 for a request that was sent just now."""
        return self.gate.pause(path, seconds, limits, self.clock.now)


def test_quota_allows_a_burst_and_then_refills() -> None:
    gated = Gated()
    assert 0.98 * KEY_QUOTA.limit <= gated.burst(OTHER) < KEY_QUOTA.limit
    assert gated.gate.seconds_for(200) == pytest.approx(200 / KEY_QUOTA.rate)
    assert gated.seconds(OTHER, 200) == pytest.approx(200 / KEY_QUOTA.rate)


def test_wait_is_logged_once_for_all_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gated = Gated(ceiling=2)
    assert gated.seconds(OTHER, 2) == 0
    for _ in range(8):
        assert gated.gate.take(OTHER) > 59
        gated.clock.now += 0.001
    assert caplog.messages == [f"{OTHER}: waiting 60 s for the rate limit"]


def test_endpoint_limit_only_slows_its_endpoint_but_its_requests_count_for_the_key() -> None:
    gated = Gated(limited=60)
    assert 55 <= gated.burst(LIMITED) < 60
    assert gated.seconds(LIMITED, 10) == pytest.approx(10)
    gated, other = Gated(limited=60), Gated()
    assert gated.seconds(LIMITED, 50) == 0
    assert gated.burst(OTHER) == other.burst(OTHER) - 50


def test_requests_per_minute_holds_for_any_minute() -> None:
    gated = Gated(ceiling=10)
    assert gated.seconds(OTHER, 4) == 0
    gated.clock.now += 30
    assert gated.seconds(LIMITED, 6) == 0
    assert gated.seconds(OTHER, 4) == pytest.approx(30)
    assert gated.seconds(OTHER, 6) == pytest.approx(30)
    assert gated.gate.seconds_for(110) == pytest.approx(600)
    assert gated.seconds(OTHER, 100) == pytest.approx(600)


class SlowTime(float):
    """A time whose subtraction is slow, so that other threads can run between the check and the update."""

    def __sub__(self, other: float) -> float:
        time.sleep(0.001)
        return float(self) - float(other)


def test_threads_share_one_limit() -> None:
    now, lock, times, limit = 0.0, threading.Lock(), list[float](), 10
    gate = Gate(None, {LIMITED: limit}, clock=lambda: SlowTime(now))

    def ask(_: int) -> None:
        nonlocal now
        while delay := gate.take(LIMITED):
            with lock:
                now += delay
        with lock:
            times.append(now)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(3 * limit)))
    assert len(times) == gate.passed == 3 * limit
    for number, moment in enumerate(sorted(times), 1):
        assert number <= limit * (1 + moment / 60) + 1e-3


@pytest.mark.parametrize(
    ("path", "limits", "seconds_elsewhere"),
    [(LIMITED, OWN_LIMITS, 0), (LIMITED, Limits(), 0), (OTHER, KEY_LIMITS, 30), (OTHER, Limits(), 30)],
)
def test_429_pauses_the_endpoint_whose_limit_it_is_or_all(path: str, limits: Limits, seconds_elsewhere: float) -> None:
    gated = Gated(limited=60)
    gated.pause(path, 30, limits)
    assert gated.seconds(OTHER if path == LIMITED else LIMITED, 1) == pytest.approx(seconds_elsewhere)
    assert gated.seconds(path, 1) == pytest.approx(30 - seconds_elsewhere, abs=1)


def test_429_with_a_shorter_pause_does_not_shorten_a_longer_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gated = Gated()
    assert [gated.pause(OTHER, seconds, KEY_LIMITS) for seconds in (30, 5, 30.5)] == [True, False, False]
    assert gated.seconds(OTHER, 1) == pytest.approx(30.5)
    assert gated.pause(OTHER, 5, KEY_LIMITS) is True
    assert caplog.messages == []  # The caller logs the wait.


def test_429_pause_is_followed_by_one_request_and_then_the_refill() -> None:
    gated = Gated(limited=60)
    gated.pause(LIMITED, 30, OWN_LIMITS)
    gated.clock.now += 30
    assert gated.burst(LIMITED) == 1
    assert gated.seconds(LIMITED, 5) >= 5


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [
        ("60, 1200;window=60, 60;window=60", "59", Limits(OWN, (KEY_QUOTA, OWN), 59)),
        ("1200, 1200;window=60", "0", Limits(KEY_QUOTA, (KEY_QUOTA,), 0)),
        ("100,3000;window=300,100;window=60", " 7 ", Limits(Quota(100), (Quota(3000, 300), Quota(100)), 7)),
        ("60, 60 ; window=60", "", Limits(OWN, (OWN,))),
        ("70, 60;window=60", "12", Limits(None, (OWN,), 12)),
        (None, None, Limits()),
        ("1, 1;window=999999999", "0", Limits(None, (), 0)),
        ("many, lots;window=60, 60;window=soon, -5;window=60, 0;window=60, 60;window=0", "few", Limits()),
        ("1.5, 60;window=60;w=3", "1.5", Limits()),
        ("9, " + "9" * 5000 + ";window=60", "9" * 5000, Limits()),
    ],
)
def test_rate_limit_headers_are_parsed(limit: str | None, remaining: str | None, expected: Limits) -> None:
    headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining}
    assert read_limits({name: value for name, value in headers.items() if value is not None}) == expected


def test_rate_limit_is_learned_only_for_the_endpoint_that_sent_it_and_follows_the_latest_headers() -> None:
    gated = Gated()
    gated.gate.learn(LIMITED, OWN_LIMITS, granted=True)
    assert gated.burst(LIMITED) < 60
    assert gated.seconds(LIMITED, 5) == pytest.approx(5)
    assert gated.seconds(OTHER, 1000) == 0
    gated.gate.learn(LIMITED, Limits(None, (KEY_QUOTA, Quota(120))), granted=True)
    assert gated.seconds(LIMITED, 10) == pytest.approx(5)


def test_remaining_lowers_the_burst_of_the_limit_that_it_is_of_and_never_raises_it() -> None:
    gated = Gated(limited=60)
    gated.gate.learn(LIMITED, Limits(OWN, (KEY_QUOTA, OWN), remaining=5), granted=True)
    assert gated.seconds(OTHER, 1000) == 0
    assert 1 <= gated.burst(LIMITED) <= 5
    gated.gate.learn(LIMITED, Limits(OWN, (KEY_QUOTA, OWN), remaining=50), granted=True)
    assert gated.seconds(LIMITED, 1) == pytest.approx(1)
    gated = Gated()
    gated.gate.learn(OTHER, Limits(KEY_QUOTA, (KEY_QUOTA,), remaining=100), granted=True)
    assert 50 <= gated.burst(LIMITED) <= 100
