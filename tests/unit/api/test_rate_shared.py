"""The rate gate against a bucket as the API keeps it, in simulated time; alone, and with others on the same key."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import pytest

from tap_incident.api.rate import Gate, Limits, Quota
from tests.unit.api.test_client import Time


@dataclass
class Server:
    """The API's bucket, of which somebody else takes `others` tokens a second; `at` is its own clock too."""

    at: Time
    capacity: float
    refill: float
    others: float = 0.0
    tokens: float = 0.0
    seen: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def ask(self) -> float | None:
        """One request: None if it is granted, else the seconds of Retry-After, which are whole."""
        passed, self.seen = self.at.now - self.seen, self.at.now
        self.tokens = min(self.capacity, self.tokens + passed * self.refill)
        self.tokens = max(0.0, self.tokens - passed * self.others)
        if self.tokens < 1:
            return ceil((1 - self.tokens) / self.refill)
        self.tokens -= 1
        return None

    def limits(self) -> Limits:
        """What the headers of its answer say."""
        quota = Quota(int(self.capacity), self.capacity / self.refill)
        return Limits(quota, (quota,), int(self.tokens))


def sent(server: Server, granted: int, latency: float) -> tuple[float, int]:
    """Seconds until so many requests were granted one after the other, and how often the API refused one."""
    at, refused = server.at, 0
    gate = Gate(None, {}, clock=at.clock, sleep=at.sleep)
    while granted:
        gate.wait("/v2/alerts")
        at.now += latency
        pause = server.ask()
        gate.learn("/v2/alerts", server.limits())
        if pause is None:
            granted -= 1
        else:
            refused += 1
            gate.pause("/v2/alerts", pause, server.limits())
    return at.now, refused


@pytest.mark.parametrize("capacity", [60, 120, 1200])
def test_shared_key_without_other_users_gets_no_429(capacity: int) -> None:
    seconds, refused = sent(Server(Time(), capacity, 20), 3000, latency=0.001)
    assert refused == 0
    assert seconds <= 1.05 * (3000 - capacity) / 20 + 1


@pytest.mark.parametrize("others", [5, 10, 15, 19])
def test_shared_key_with_other_users_gets_few_429s(others: int) -> None:
    seconds, refused = sent(Server(Time(), 120, 20, others), 2000, latency=0.001)
    assert refused <= 0.25 * seconds
    assert seconds <= 1.5 * 2000 / (20 - others)


def test_shared_key_speeds_up_after_the_other_users_stop() -> None:
    at = Time()
    server = Server(at, 120, 20, others=15)
    gate_seconds, _ = sent(server, 500, latency=0.001)
    server.others = 0
    seconds, refused = sent(server, 1000, latency=0.001)
    assert refused <= 5
    assert seconds - gate_seconds <= 1000 / 20 + 5
