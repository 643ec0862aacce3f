"""Rate gate: who pauses after a 429, for how long, and how the speed recovers."""

from __future__ import annotations

import pytest

from tap_incident.api.rate import KEY_QUOTA, Limits
from tests.unit.api.rate_gates import (
    ENDPOINT_LIMITS,
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


def test_429_repeated_slows_down_to_a_tenth_and_no_further() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    for _ in range(50):
        gate.pause(OTHER, 10, KEY_LIMITS)
        seconds_for(gate, clock, OTHER, 1)
    assert seconds_for(gate, clock, OTHER, 10) == pytest.approx(10 * 10 / KEY_QUOTA.rate)
