"""The rate gate after a 429: who waits, for how long, and how it goes on."""

from __future__ import annotations

import pytest

from tap_incident.api.rate import Limits
from tests.unit.api.test_rate import ENDPOINT, ENDPOINTS_OWN, KEY, KEYS_OWN, LOW, OTHER, Moving, burst, gate, taken


@pytest.mark.parametrize("limits", [ENDPOINTS_OWN, Limits()], ids=["told", "known before"])
def test_429_for_an_endpoint_limit_pauses_only_that_endpoint(limits: Limits) -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.pause(LOW, 30, limits)
    assert taken(subject, at, OTHER, 1) == 0
    assert taken(subject, at, LOW, 1) == pytest.approx(30)


def test_429_for_a_learned_endpoint_limit_pauses_only_that_endpoint() -> None:
    at = Moving()
    subject = gate(at)
    subject.learn(LOW, ENDPOINTS_OWN)
    subject.pause(LOW, 30, ENDPOINTS_OWN)
    assert taken(subject, at, OTHER, 1) == 0
    assert taken(subject, at, LOW, 1) == pytest.approx(30)


@pytest.mark.parametrize("limits", [KEYS_OWN, Limits()])
def test_429_for_the_key_limit_pauses_all_endpoints(limits: Limits) -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.pause(OTHER, 30, limits)
    assert taken(subject, at, LOW, 1) == pytest.approx(30)


def test_429_for_the_key_limit_from_an_endpoint_with_its_own_limit_pauses_all() -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.pause(LOW, 30, KEYS_OWN)
    assert taken(subject, at, OTHER, 1) == pytest.approx(30)


def test_429_with_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    at = Moving()
    subject = gate(at)
    assert subject.pause(OTHER, 30, KEYS_OWN) is True
    assert subject.pause(OTHER, 5, KEYS_OWN) is False
    assert subject.pause(OTHER, 30.5, KEYS_OWN) is False
    assert taken(subject, at, OTHER, 1) == pytest.approx(30.5)
    assert subject.pause(OTHER, 5, KEYS_OWN) is True


def test_429_pause_does_not_depend_on_remaining() -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.learn(LOW, Limits(ENDPOINT, (KEY, ENDPOINT), remaining=0))
    subject.pause(LOW, 30, ENDPOINTS_OWN)
    assert taken(subject, at, LOW, 1) == pytest.approx(30)


def test_429_pause_is_followed_by_one_request_and_then_the_refill() -> None:
    at = Moving()
    subject = gate(at, low=60)
    subject.pause(LOW, 30, ENDPOINTS_OWN)
    at.now += 30
    assert burst(subject, at, LOW) == 1
    assert taken(subject, at, LOW, 5) >= 5


def test_429_slows_down_and_answers_speed_up_again() -> None:
    at = Moving()
    subject = gate(at)
    for _ in range(3):
        subject.pause(OTHER, 10, KEYS_OWN)
        taken(subject, at, OTHER, 1)
    slow = taken(subject, at, OTHER, 100)
    assert 2 * 100 / KEY.rate < slow < 10 * 100 / KEY.rate
    for _ in range(100):
        subject.learn(OTHER, Limits(KEY, (KEY,), remaining=1000))
    assert taken(subject, at, OTHER, 100) == pytest.approx(100 / KEY.rate)


def test_429_repeated_slows_down_to_a_tenth_and_no_further() -> None:
    at = Moving()
    subject = gate(at)
    for _ in range(50):
        subject.pause(OTHER, 10, KEYS_OWN)
        taken(subject, at, OTHER, 1)
    assert taken(subject, at, OTHER, 10) == pytest.approx(10 * 10 / KEY.rate)


def test_429_in_several_threads_slows_down_once() -> None:
    at = Moving()
    subject = gate(at, low=60)
    for _ in range(16):
        subject.pause(LOW, 10, ENDPOINTS_OWN)
    taken(subject, at, LOW, 1)
    assert taken(subject, at, LOW, 10) < 2 * 10 / ENDPOINT.rate
