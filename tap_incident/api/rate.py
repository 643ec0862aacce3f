"""The rate gate: every request of every thread passes it, and waits there for as long as the API's limits ask.

A token bucket for the key, one for each endpoint with a lower limit of its own, and the user's own ceiling.
Source: API documents, section "Rate limits".
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quota:
    """So many requests at once, and as many again in `window` seconds, evenly."""

    limit: int
    window: float = 60

    @property
    def rate(self) -> float:
        """Requests a second that it allows for ever."""
        return self.limit / self.window


KEY_QUOTA = Quota(1200)
"""What the API grants a key, until its answers say otherwise."""

_HAIR = 1e-6
_LONGEST_WINDOW = 3600
_LONG_WAIT = 30


@dataclass(frozen=True)
class Limits:
    """What an answer says of the limits; None where it says nothing."""

    binding: Quota | None = None
    """The one that will be reached first."""
    named: tuple[Quota, ...] = ()
    """All that count this request, the key's own, which is the highest, first."""
    remaining: int | None = None
    """Requests left of the binding one."""

    @property
    def of_endpoint(self) -> bool:
        """Whether the binding limit is the endpoint's own, lower than the key's."""
        return self.binding is not None and self.binding not in self.named[:1]


def read_limits(headers: Mapping[str, str]) -> Limits:
    """Limits from X-RateLimit-Limit (`60, 1200;window=60, 60;window=60`) and X-RateLimit-Remaining."""
    first, *rest = [part.strip() for part in headers.get("X-RateLimit-Limit", "").split(",")]
    matches = [re.fullmatch(r"(\d{1,9})\s*;\s*window=(\d{1,9})", part) for part in rest]
    pairs = [(int(found[1]), int(found[2])) for found in matches if found]
    quotas = [Quota(limit, window) for limit, window in pairs if limit and 0 < window <= _LONGEST_WINDOW]
    named = tuple(sorted(quotas, key=lambda quota: quota.rate, reverse=True))
    binding = next((quota for quota in reversed(named) if str(quota.limit) == first), None)
    remaining = headers.get("X-RateLimit-Remaining", "").strip()
    return Limits(binding, named, int(remaining) if re.fullmatch(r"\d{1,9}", remaining) else None)


class _Bucket:
    """Tokens of one quota, a little fewer than it has, and a time until which none is given."""

    def __init__(self, quota: Quota, now: float) -> None:
        self.at = now
        self.paused_until = now
        self.share = 1.0
        """How much of the rate is ours: less while others spend the same quota."""
        self.adopt(quota)
        self.tokens = self.most

    def adopt(self, quota: Quota) -> None:
        """Go on under this quota."""
        self.quota = quota
        # Requests don't arrive as evenly as they leave: without something in reserve, some would come too early.
        self.reserve = ceil(quota.limit / 100)
        self.most = float(max(1, quota.limit - self.reserve))

    def wait(self, now: float) -> float:
        """Seconds until a token can be had, not above 0 if at once; none is taken."""
        rate = self.quota.rate * self.share
        if now > self.at:
            self.tokens = min(self.most, self.tokens + (now - self.at) * rate)
            self.at = now
        return max((1 - self.tokens) / rate, self.paused_until - now)

    def told(self, remaining: int, now: float) -> None:
        """Take over what the API says is left, if others have spent of it."""
        self.wait(now)
        self.tokens = min(self.tokens, remaining - self.reserve)
        self.share = min(1.0, self.share + 0.01)

    def pause(self, until: float) -> bool:
        """Give nothing before `until`, and then one token; returns whether this says more than an earlier pause."""
        longer = until > self.paused_until + 1
        if longer:
            self.share = max(0.1, self.share * 0.7)
        if until > self.paused_until:
            # The API says when one request will succeed: refilling starts over there.
            self.paused_until, self.at, self.tokens = until, until, 1.0
        return longer


class Gate:
    """`wait` lets a request through; `learn` and `pause` tell the gate what the API said."""

    def __init__(
        self,
        ceiling: int | None,
        lower: Mapping[str, int],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`ceiling`: the most requests in any minute, None for no limit but the API's. `lower`: requests a minute by
        path, where the API's own limit is already known. `sleep` may raise, and no request is counted then."""
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._key = _Bucket(KEY_QUOTA, clock())
        self._own = {path: _Bucket(Quota(limit), clock()) for path, limit in lower.items()}
        self._recent: deque[float] | None = deque(maxlen=ceiling) if ceiling is not None else None
        self.passed = 0
        """Requests let through so far."""

    def wait(self, path: str) -> None:
        """Return when a request to `path` may be sent, and count it."""
        while True:
            with self._lock:
                now = self._clock()
                buckets = [self._key, *([self._own[path]] if path in self._own else [])]
                delay = max(*(bucket.wait(now) for bucket in buckets), self._ceiling_wait(now))
                # A hair is nothing: what is left over by rounding must not make a sleep that moves no clock.
                if delay < _HAIR:
                    for bucket in buckets:
                        bucket.tokens -= 1
                    if self._recent is not None:
                        self._recent.append(now)
                    self.passed += 1
                    return
            if delay > _LONG_WAIT:
                LOGGER.info("%s: waiting %.0f s for the limit of requests", path, delay)
            self._sleep(delay)

    def _ceiling_wait(self, now: float) -> float:
        """Seconds until one more request is within the ceiling of the last 60 seconds."""
        if self._recent is None or len(self._recent) < (self._recent.maxlen or 0):
            return 0.0
        return self._recent[0] + 60 - now

    def learn(self, path: str, limits: Limits) -> None:
        """Take over the limits that an answer from `path` names, and how much of the binding one is left."""
        with self._lock:
            now = self._clock()
            for quota in limits.named[:1]:
                self._key.adopt(quota)
            for quota in limits.named[1:]:
                self._own.setdefault(path, _Bucket(quota, now)).adopt(quota)
            if limits.remaining is not None and limits.binding is not None:
                (self._own[path] if limits.of_endpoint else self._key).told(limits.remaining, now)

    def pause(self, path: str, seconds: float, limits: Limits) -> bool:
        """No request for `seconds`: to this endpoint if the limit is its own, else to any.

        Returns whether this says more than an earlier pause did.
        """
        with self._lock:
            own = limits.of_endpoint or (limits.binding is None and path in self._own)
            bucket = self._own.get(path, self._key) if own else self._key
            return bucket.pause(self._clock() + seconds)
