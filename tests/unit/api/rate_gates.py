"""Rate gates with a fake clock, and how long requests have to wait at them."""

from __future__ import annotations

from tap_incident.api.rate import KEY_QUOTA, Gate, Limits, Quota
from tests.unit.api.fake_clock import FakeClock

LIMITED, OTHER = "/v2/incidents", "/v2/users"
"""Paths of an endpoint that may have a limit of its own, and of one that has none."""
ENDPOINT_QUOTA = Quota(60)
ENDPOINT_LIMITS = Limits(ENDPOINT_QUOTA, (KEY_QUOTA, ENDPOINT_QUOTA))
"""The endpoint's own limit was the first to be reached."""
KEY_LIMITS = Limits(KEY_QUOTA, (KEY_QUOTA,))


class GuardedClock(FakeClock):
    """A clock that fails if a sleep doesn't move it or if there are too many: a gate could loop forever."""

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        assert self.now + seconds > self.now
        assert len(self.slept) < 10_000
        super().sleep(seconds)


def make_gate(clock: FakeClock, requests_per_minute: int | None = None, *, limited: int | None = None) -> Gate:
    """A gate; `limited` is the known limit per minute of the endpoint LIMITED."""
    return Gate(requests_per_minute, {LIMITED: limited} if limited else {}, clock=clock.clock)


def passed(gate: Gate, clock: FakeClock, path: str) -> float:
    """Wait until the gate lets a request to `path` through; the time."""
    while delay := gate.take(path):
        clock.sleep(delay)
    return clock.now


def seconds_for(gate: Gate, clock: FakeClock, path: str, count: int) -> float:
    """Seconds that `count` requests to `path` take."""
    start = clock.now
    for _ in range(count):
        passed(gate, clock, path)
    return clock.now - start


def burst_size(gate: Gate, clock: FakeClock, path: str) -> int:
    """How many requests to `path` are allowed before one has to wait."""
    count, sleeps = 0, len(clock.slept)
    while True:
        passed(gate, clock, path)
        if len(clock.slept) > sleeps:
            return count
        count += 1
