"""The rate gate, and what answers say of the limits."""

from __future__ import annotations

import pytest

from tap_incident.api.rate import Limits, Quota, read_limits
from tests.unit.api.test_rate import ENDPOINT, ENDPOINTS_OWN, KEY, KEYS_OWN, LOW, OTHER, Moving, burst, gate, taken


@pytest.mark.parametrize(
    ("limit", "remaining", "read"),
    [
        ("60, 1200;window=60, 60;window=60", "59", Limits(ENDPOINT, (KEY, ENDPOINT), 59)),
        ("60, 60;window=60, 1200;window=60", "59", Limits(ENDPOINT, (KEY, ENDPOINT), 59)),
        ("1200, 1200;window=60", "0", Limits(KEY, (KEY,), 0)),
        ("100,3000;window=300,100;window=60", " 7 ", Limits(Quota(100), (Quota(3000, 300), Quota(100)), 7)),
        ("60, 60 ; window=60", "", Limits(ENDPOINT, (ENDPOINT,))),
        ("60", "12", Limits(None, (), 12)),
        ("70, 60;window=60", "12", Limits(None, (ENDPOINT,), 12)),
        (None, "5", Limits(None, (), 5)),
        (None, None, Limits()),
        ("", "", Limits()),
        ("many, lots;window=60, 60;window=soon, -5;window=60, 0;window=60, 60;window=0", "few", Limits()),
        ("1.5, 60;window=60;w=3", "1.5", Limits()),
        ("9, " + "9" * 5000 + ";window=60", "9" * 5000, Limits()),
    ],
)
def test_rate_limit_headers_are_parsed(limit: str | None, remaining: str | None, read: Limits) -> None:
    named = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining}
    assert read_limits({name: value for name, value in named.items() if value is not None}) == read


@pytest.mark.parametrize(
    ("limits", "own"),
    [(ENDPOINTS_OWN, True), (KEYS_OWN, False), (Limits(None, (KEY,)), False), (Limits(), False)],
)
def test_rate_limit_belongs_to_the_endpoint_if_it_is_not_the_highest(limits: Limits, own: bool) -> None:
    assert limits.of_endpoint is own


def test_rate_limit_is_learned_only_for_the_endpoint_that_sent_it() -> None:
    at = Moving()
    subject = gate(at)
    subject.learn(LOW, ENDPOINTS_OWN)
    assert burst(subject, at, LOW) < 60
    assert taken(subject, at, LOW, 5) == pytest.approx(5)
    assert taken(subject, at, OTHER, 1000) == 0


def test_rate_limit_follows_the_latest_headers() -> None:
    at = Moving()
    subject = gate(at, low=60)
    burst(subject, at, LOW)
    subject.learn(LOW, Limits(None, (KEY, Quota(120))))
    assert taken(subject, at, LOW, 10) == pytest.approx(5)
    subject.learn(LOW, Limits(None, (Quota(1200, 600), Quota(60, 600))))
    assert taken(subject, at, LOW, 2) == pytest.approx(20)
    at.now += 3600
    burst(subject, at, OTHER)
    assert taken(subject, at, OTHER, 10) == pytest.approx(5)


def test_rate_limit_below_one_per_minute_allows_one_request_at_a_time() -> None:
    at = Moving()
    subject = gate(at)
    subject.learn(LOW, Limits(None, (KEY, Quota(1, 600))))
    assert taken(subject, at, LOW, 4) == pytest.approx(1800)


def test_remaining_of_the_endpoint_only_slows_the_endpoint() -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.learn(LOW, Limits(ENDPOINT, (KEY, ENDPOINT), remaining=5))
    assert taken(subject, at, OTHER, 1000) == 0
    assert 1 <= burst(subject, at, LOW) <= 5


def test_remaining_of_the_key_slows_all_endpoints() -> None:
    at = Moving()
    subject = gate(at)
    subject.learn(OTHER, Limits(KEY, (KEY,), remaining=100))
    assert 50 <= burst(subject, at, LOW) <= 100


def test_remaining_above_our_own_count_adds_nothing() -> None:
    at = Moving()
    subject = gate(at, low=60)
    burst(subject, at, LOW)
    subject.learn(LOW, Limits(ENDPOINT, (KEY, ENDPOINT), remaining=50))
    assert taken(subject, at, LOW, 1) == pytest.approx(1)


def test_remaining_includes_earlier_refills() -> None:
    at = Moving()
    subject = gate(at, low=60)
    burst(subject, at, LOW)
    at.now += 30
    subject.learn(LOW, Limits(ENDPOINT, (KEY, ENDPOINT), remaining=3))
    assert burst(subject, at, LOW) <= 3


def test_remaining_without_a_limit_is_ignored() -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.learn(LOW, Limits(remaining=0))
    assert taken(subject, at, LOW, 50) == 0
