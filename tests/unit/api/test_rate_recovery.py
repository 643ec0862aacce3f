"""The rate gate after 429s, with several requests in flight, a simulated API, and other users of the same key."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from math import ceil

import pytest

from tap_incident.api.rate import KEY_QUOTA, Gate, Limits

OTHER, LATENCY = "/v2/users", 0.2


@dataclass
class SimulatedApi:
    """Answers requests in simulated time from the key's bucket, of which others take tokens all the time."""

    in_flight: int
    others: float = 0.0
    headers: bool = False
    now: float = 0.0
    tokens: float = 0.0
    granted: int = 0
    refused: int = 0
    answers: list[tuple[float, float, int, int]] = field(default_factory=list)
    """Answers on their way: arrival, time of the request, seconds of Retry-After (0: granted), remaining tokens."""
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(None, {}, clock=lambda: self.now)

    def sleep(self, seconds: float) -> None:
        """Move the clock, and hand over the answers that arrive meanwhile."""
        end = self.now + seconds
        while self.answers and self.answers[0][0] <= end:
            arrival, sent, retry_after, remaining = heapq.heappop(self.answers)
            self._pass(arrival - self.now)
            limits = Limits(KEY_QUOTA, (KEY_QUOTA,), remaining) if self.headers else Limits()
            self.gate.learn(OTHER, limits, granted=not retry_after)
            if retry_after:
                self.gate.pause(OTHER, retry_after, limits, sent)
        self._pass(end - self.now)

    def _pass(self, seconds: float) -> None:
        self.tokens = min(KEY_QUOTA.limit, self.tokens + seconds * KEY_QUOTA.rate)
        self.tokens = max(0.0, self.tokens - seconds * self.others)
        self.now += seconds

    def request(self) -> None:
        """Send a request as soon as the gate and the number of requests in flight allow it."""
        if len(self.answers) == self.in_flight:
            self.sleep(self.answers[0][0] - self.now)
        while delay := self.gate.take(OTHER):
            self.sleep(delay)
        sent = self.now
        retry_after = ceil((1 - self.tokens) / KEY_QUOTA.rate) if self.tokens < 1 else 0
        if retry_after:
            self.refused += 1
        else:
            self.tokens -= 1
            self.granted += 1
        heapq.heappush(self.answers, (self.now + LATENCY, sent, retry_after, int(self.tokens)))

    def run(self, seconds: float) -> None:
        """Send as many requests as possible."""
        end = self.now + seconds
        while self.now < end:
            self.request()


@pytest.mark.parametrize("in_flight", [8, 32])
@pytest.mark.parametrize("headers", [False, True])
def test_after_eight_429s_the_rate_recovers_within_a_minute(headers: bool, in_flight: int) -> None:
    api = SimulatedApi(in_flight, headers=headers)
    for _ in range(8):
        api.gate.pause(OTHER, 10, Limits(), api.now)
        api.sleep(11)
    api.gate.learn(OTHER, Limits(KEY_QUOTA, (KEY_QUOTA,), remaining=0), granted=False)
    api.tokens = 0.0
    api.run(60)
    in_first_minute = api.granted
    api.run(60)
    assert (api.granted - in_first_minute) / 60 >= 0.98 * KEY_QUOTA.rate
    assert api.refused <= 0.001 * api.granted


@pytest.mark.parametrize(
    ("in_flight", "headers", "others"), [(32, True, 5), (8, False, 10), (32, False, 15), (8, True, 15)]
)
def test_with_other_users_at_most_one_answer_in_a_hundred_is_a_429(in_flight: int, headers: bool, others: int) -> None:
    api = SimulatedApi(in_flight, others, headers)
    api.run(1800)
    assert api.refused <= 0.01 * api.granted
    assert api.granted / 1800 >= 0.98 * (KEY_QUOTA.rate - others)
