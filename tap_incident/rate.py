"""The rate gate: every request of every thread passes it, and waits there for as long as the API's limits ask.

A token bucket for the key, and one for each endpoint with a lower limit of its own.
Source: API documents, section "Rate limits".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What an answer says of the limits, in requests a minute; None where it says nothing."""

    binding: float | None = None
    """The limit that will be reached first."""
    key: float | None = None
    """The highest of those named: the key's own."""
    remaining: float | None = None
    """Requests left of the binding one."""

    @property
    def of_endpoint(self) -> bool:
        """Whether the binding limit is the endpoint's own, lower than the key's."""
        return self.binding is not None and self.key is not None and self.binding < self.key


def read_limits(headers: Mapping[str, str]) -> Limits:
    """Limits from X-RateLimit-Limit (`60, 1200;window=60, 60;window=60`) and X-RateLimit-Remaining."""
    first, *windows = [part.strip() for part in headers.get("X-RateLimit-Limit", "").split(",")]
    rates = []
    for window in windows:
        found = re.fullmatch(r"(\d+)\s*;\s*window=(\d+)", window)
        if found and int(found[1]) and int(found[2]):
            rates.append(int(found[1]) * 60 / int(found[2]))
    remaining = headers.get("X-RateLimit-Remaining", "").strip()
    return Limits(
        binding=float(first) if first.isdecimal() and int(first) else None,
        key=max(rates, default=None),
        remaining=float(remaining) if remaining.isdecimal() else None,
    )


class _Bucket:
    """Tokens that refill evenly up to a minute's worth, and a time until which none is given."""

    def __init__(self, per_minute: float, now: float) -> None:
        self.per_minute = per_minute
        self.tokens = per_minute
        self.at = now
        self.paused_until = now

    def wait(self, now: float) -> float:
        """Seconds until a token can be had; none is taken."""
        self.tokens = min(self.per_minute, self.tokens + (now - self.at) * self.per_minute / 60)
        self.at = now
        # A hair below one is one: what is left out by rounding must not cost a sleep of nothing.
        lacking = max(0.0, 1 - self.tokens - 1e-9) * 60 / self.per_minute
        return max(lacking, self.paused_until - now)


class Gate:
    """`wait` lets a request through; `learn` and `pause` tell the gate what the API said."""

    def __init__(
        self,
        per_minute: float,
        lower: Mapping[str, float],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`per_minute`: ceiling for all requests. `lower`: by path, limits already known. `sleep` may raise."""
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._all = _Bucket(per_minute, clock())
        self._own = {path: _Bucket(min(limit, per_minute), clock()) for path, limit in lower.items()}

    def wait(self, path: str) -> None:
        """Return when a request to `path` may be sent, and count it."""
        while True:
            with self._lock:
                buckets = [self._all, *([self._own[path]] if path in self._own else [])]
                delay = max(bucket.wait(self._clock()) for bucket in buckets)
                if delay <= 0:
                    for bucket in buckets:
                        bucket.tokens -= 1
                    return
            self._sleep(delay)

    def learn(self, path: str, limits: Limits) -> None:
        """Take over a limit that is lower than what was known, and a quota that others have spent of."""
        with self._lock:
            now = self._clock()
            if limits.of_endpoint and limits.binding is not None:
                bucket = self._own.setdefault(path, _Bucket(limits.binding, now))
                bucket.per_minute = min(limits.binding, self._all.per_minute)
            else:
                bucket = self._all
                if limits.key is not None:
                    bucket.per_minute = min(bucket.per_minute, limits.key)
            if limits.remaining is not None:
                bucket.wait(now)
                bucket.tokens = min(bucket.tokens, limits.remaining)

    def pause(self, path: str, seconds: float, limits: Limits) -> bool:
        """No request for `seconds`: to this endpoint if the limit is its own, else to any.

        Returns whether this says more than an earlier pause did.
        """
        with self._lock:
            own = limits.of_endpoint or (limits.binding is None and path in self._own)
            bucket = self._own.setdefault(path, _Bucket(self._all.per_minute, self._clock())) if own else self._all
            until = self._clock() + seconds
            longer = until > bucket.paused_until + 1
            bucket.paused_until = max(bucket.paused_until, until)
            return longer
