"""Rate gate against a simulated token bucket of the API, with and without other users of the same key."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import pytest

from tap_incident.api.rate import Gate, Limits, Quota
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.rate_gates import passed


@dataclass
class Server:
    """The API's token bucket. Other users of the key take `others` tokens per second."""

    clock: FakeClock
    capacity: float
    refill: float
    others: float = 0.0
    tokens: float = 0.0
    seen: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def ask(self) -> float | None:
        """None if a request is allowed, else Retry-After, which is in whole seconds."""
        passed, self.seen = self.clock.now - self.seen, self.clock.now
        self.tokens = min(self.capacity, self.tokens + passed * self.refill)
        self.tokens = max(0.0, self.tokens - passed * self.others)
        if self.tokens < 1:
            return ceil((1 - self.tokens) / self.refill)
        self.tokens -= 1
        return None

    def limits(self) -> Limits:
        """The limits in the headers of an answer."""
        quota = Quota(int(self.capacity), self.capacity / self.refill)
        return Limits(quota, (quota,), int(self.tokens))


def send_requests(server: Server, granted: int, latency: float) -> tuple[float, int]:
    """Seconds until `granted` requests were allowed, one after the other, and how many were refused."""
    clock, refused = server.clock, 0
    gate = Gate(None, {}, clock=clock.clock)
    while granted:
        passed(gate, clock, "/v2/alerts")
        clock.now += latency
        pause = server.ask()
        gate.learn("/v2/alerts", server.limits())
        if pause is None:
            granted -= 1
        else:
            refused += 1
            gate.pause("/v2/alerts", pause, server.limits())
    return clock.now, refused


@pytest.mark.parametrize("capacity", [60, 120, 1200])
def test_shared_key_without_other_users_gets_no_429(capacity: int) -> None:
    seconds, refused = send_requests(Server(FakeClock(), capacity, 20), 3000, latency=0.001)
    assert refused == 0
    assert seconds <= 1.05 * (3000 - capacity) / 20 + 1


@pytest.mark.parametrize("others", [5, 10, 15, 19])
def test_shared_key_with_other_users_gets_few_429s(others: int) -> None:
    seconds, refused = send_requests(Server(FakeClock(), 120, 20, others), 2000, latency=0.001)
    assert refused <= 0.25 * seconds
    assert seconds <= 1.5 * 2000 / (20 - others)


def test_shared_key_speeds_up_after_the_other_users_stop() -> None:
    clock = FakeClock()
    server = Server(clock, 120, 20, others=15)
    seconds_before, _ = send_requests(server, 500, latency=0.001)
    server.others = 0
    seconds, refused = send_requests(server, 1000, latency=0.001)
    assert refused <= 5
    assert seconds - seconds_before <= 1000 / 20 + 5
