"""A clock for the client and the rate gate that only moves when they sleep."""

from __future__ import annotations


class FakeClock:
    """Seconds since the start of the test; sleeping adds to them and takes no real time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock. Fails if that could go on forever."""
        assert self.now + seconds > self.now
        assert len(self.slept) < 10_000
        self.slept.append(seconds)
        self.now += seconds
