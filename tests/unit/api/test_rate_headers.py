"""Rate gate: limits and remaining requests from the headers of answers."""

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


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [
        ("60, 1200;window=60, 60;window=60", "59", Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), 59)),
        ("60, 60;window=60, 1200;window=60", "59", Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), 59)),
        ("1200, 1200;window=60", "0", Limits(KEY_QUOTA, (KEY_QUOTA,), 0)),
        ("100,3000;window=300,100;window=60", " 7 ", Limits(Quota(100), (Quota(3000, 300), Quota(100)), 7)),
        ("60, 60 ; window=60", "", Limits(ENDPOINT_QUOTA, (ENDPOINT_QUOTA,))),
        ("60", "12", Limits(None, (), 12)),
        ("70, 60;window=60", "12", Limits(None, (ENDPOINT_QUOTA,), 12)),
        (None, "5", Limits(None, (), 5)),
        (None, None, Limits()),
        ("", "", Limits()),
        ("many, lots;window=60, 60;window=soon, -5;window=60, 0;window=60, 60;window=0", "few", Limits()),
        ("1.5, 60;window=60;w=3", "1.5", Limits()),
        ("9, " + "9" * 5000 + ";window=60", "9" * 5000, Limits()),
    ],
)
def test_rate_limit_headers_are_parsed(limit: str | None, remaining: str | None, expected: Limits) -> None:
    headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining}
    assert read_limits({name: value for name, value in headers.items() if value is not None}) == expected


@pytest.mark.parametrize(
    ("limits", "of_endpoint"),
    [(ENDPOINT_LIMITS, True), (KEY_LIMITS, False), (Limits(None, (KEY_QUOTA,)), False), (Limits(), False)],
)
def test_rate_limit_belongs_to_the_endpoint_if_it_is_not_the_highest(limits: Limits, of_endpoint: bool) -> None:
    assert limits.of_endpoint is of_endpoint


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
    gate.learn(LIMITED, Limits(None, (Quota(1200, 600), Quota(60, 600))))
    assert seconds_for(gate, clock, LIMITED, 2) == pytest.approx(20)
    clock.now += 3600
    burst_size(gate, clock, OTHER)
    assert seconds_for(gate, clock, OTHER, 10) == pytest.approx(5)


def test_rate_limit_below_one_per_minute_allows_one_request_at_a_time() -> None:
    clock = GuardedClock()
    gate = make_gate(clock)
    gate.learn(LIMITED, Limits(None, (KEY_QUOTA, Quota(1, 600))))
    assert seconds_for(gate, clock, LIMITED, 4) == pytest.approx(1800)


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


def test_remaining_includes_earlier_refills() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    burst_size(gate, clock, LIMITED)
    clock.now += 30
    gate.learn(LIMITED, Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA), remaining=3))
    assert burst_size(gate, clock, LIMITED) <= 3


def test_remaining_without_a_limit_is_ignored() -> None:
    clock = GuardedClock()
    gate = make_gate(clock, limited=60)
    gate.learn(LIMITED, Limits(remaining=0))
    assert seconds_for(gate, clock, LIMITED, 50) == 0
