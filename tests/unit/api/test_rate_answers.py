"""Rate gate: what it learns from answers: limits in their headers, and who pauses after a 429, for how long."""

from __future__ import annotations

import pytest

from tap_incident.api.rate import KEY_QUOTA, Limits, Quota, read_limits
from tests.unit.api.rate_gates import (
    ENDPOINT_LIMITS,
    ENDPOINT_QUOTA,
    KEY_LIMITS,
    LIMITED,
    OTHER,
    GuardedClock,
    burst_size,
    make_gate,
    seconds_for,
)


@pytest.mark.parametrize("limits", [ENDPOINT_LIMITS, Limits()], ids=["in the answer", "known before"])
def test_429_for_an_endpoint_limit_pauses_only_that_endpoint(limits: Limits) -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    gate.pause(LIMITED, 30, limits)
    assert seconds_for(gate, clock, OTHER, 1) == 0
    assert seconds_for(gate, clock, LIMITED, 1) == pytest.approx(30)


@pytest.mark.parametrize("limits", [KEY_LIMITS, Limits()])
def test_429_for_the_key_limit_pauses_all_endpoints(limits: Limits) -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    gate.pause(OTHER, 30, limits)
    assert seconds_for(gate, clock, LIMITED, 1) == pytest.approx(30)


def test_429_with_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    assert gate.pause(OTHER, 30, KEY_LIMITS) is True
    assert gate.pause(OTHER, 5, KEY_LIMITS) is False
    assert gate.pause(OTHER, 30.5, KEY_LIMITS) is False
    assert seconds_for(gate, clock, OTHER, 1) == pytest.approx(30.5)
    assert gate.pause(OTHER, 5, KEY_LIMITS) is True


def test_429_pause_is_followed_by_one_request_and_then_the_refill() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    gate.pause(LIMITED, 30, ENDPOINT_LIMITS)
    clock.now += 30
    assert burst_size(gate, clock, LIMITED) == 1
    assert seconds_for(gate, clock, LIMITED, 5) >= 5


def test_429_slows_down_and_answers_speed_up_again() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    for _ in range(3):
        gate.pause(OTHER, 10, KEY_LIMITS)
        seconds_for(gate, clock, OTHER, 1)
    slow = seconds_for(gate, clock, OTHER, 100)
    assert 2 * 100 / KEY_QUOTA.rate < slow < 10 * 100 / KEY_QUOTA.rate
    for _ in range(100):
        gate.learn(OTHER, Limits(KEY_QUOTA, (KEY_QUOTA,), remaining=1000))
    assert seconds_for(gate, clock, OTHER, 100) == pytest.approx(100 / KEY_QUOTA.rate)


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [
        ("60, 1200;window=60, 60;window=60", "59", Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), 59)),
        ("1200, 1200;window=60", "0", Limits(KEY_QUOTA, (KEY_QUOTA,), 0)),
        ("100,3000;window=300,100;window=60", " 7 ", Limits(Quota(100), (Quota(3000, 300), Quota(100)), 7)),
        ("60, 60 ; window=60", "", Limits(ENDPOINT_QUOTA, (ENDPOINT_QUOTA,))),
        ("70, 60;window=60", "12", Limits(None, (ENDPOINT_QUOTA,), 12)),
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


def test_rate_limit_is_learned_only_for_the_endpoint_that_sent_it() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    gate.learn(LIMITED, ENDPOINT_LIMITS)
    assert burst_size(gate, clock, LIMITED) < 60
    assert seconds_for(gate, clock, LIMITED, 5) == pytest.approx(5)
    assert seconds_for(gate, clock, OTHER, 1000) == 0


def test_rate_limit_follows_the_latest_headers() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    burst_size(gate, clock, LIMITED)
    gate.learn(LIMITED, Limits(None, (KEY_QUOTA, Quota(120))))
    assert seconds_for(gate, clock, LIMITED, 10) == pytest.approx(5)


def test_remaining_of_the_endpoint_only_slows_the_endpoint() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    gate.learn(LIMITED, Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), remaining=5))
    assert seconds_for(gate, clock, OTHER, 1000) == 0
    assert 1 <= burst_size(gate, clock, LIMITED) <= 5


def test_remaining_of_the_key_slows_all_endpoints() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    gate.learn(OTHER, Limits(KEY_QUOTA, (KEY_QUOTA,), remaining=100))
    assert 50 <= burst_size(gate, clock, LIMITED) <= 100


def test_remaining_above_our_own_count_adds_nothing() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    burst_size(gate, clock, LIMITED)
    gate.learn(LIMITED, Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), remaining=50))
    assert seconds_for(gate, clock, LIMITED, 1) == pytest.approx(1)
