"""The rate gate: every request of every thread passes it, and waits there until the API's rate limits allow it.

There is a token bucket for the key, one per endpoint with a lower limit, and the user's own limit.
Source: API documents, section "Rate limits".
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quota:
    """A burst of `limit` requests, refilled evenly within `period` seconds."""

    limit: int
    period: float = 60

    @property
    def rate(self) -> float:
        """Requests per second that it allows in the long run."""
        return self.limit / self.period


KEY_QUOTA = Quota(1200)
"""The API's default quota per key. Its answers may give another one."""

_EPSILON = 1e-6
_LONGEST_PERIOD = 3600
_LONG_WAIT = 30
_STEP = 0.0005
"""With other users who take up to three quarters of the quota, less than 1 % of the answers are then 429."""
_STEP_IF_QUIET = 0.01
_QUIET = 45
"""Seconds without a 429, after which nobody else seems to use the quota: a minute after some 429s, the rate is full."""


@dataclass(frozen=True)
class Limits:
    """Rate limits in the headers of an answer; None for what is not there."""

    binding: Quota | None = None
    """The limit that will be reached first."""
    quotas: tuple[Quota, ...] = ()
    """All limits that count this request. The key's own, the highest, comes first."""
    remaining: int | None = None
    """Requests left in the binding limit."""


def read_limits(headers: Mapping[str, str]) -> Limits:
    """Limits from X-RateLimit-Limit (`60, 1200;window=60, 60;window=60`) and X-RateLimit-Remaining."""
    first, *rest = [part.strip() for part in headers.get("X-RateLimit-Limit", "").split(",")]
    matches = [re.fullmatch(r"(\d{1,9})\s*;\s*window=(\d{1,9})", part) for part in rest]
    pairs = [(int(found[1]), int(found[2])) for found in matches if found]
    quotas = [Quota(limit, period) for limit, period in pairs if limit and 0 < period <= _LONGEST_PERIOD]
    ordered = tuple(sorted(quotas, key=lambda quota: quota.rate, reverse=True))
    binding = next((quota for quota in reversed(ordered) if str(quota.limit) == first), None)
    remaining = headers.get("X-RateLimit-Remaining", "").strip()
    return Limits(binding, ordered, int(remaining) if re.fullmatch(r"\d{1,9}", remaining) else None)


@dataclass
class _Bucket:
    """Token bucket for one quota, with a small reserve, and a time until which it is paused."""

    quota: Quota
    refilled_at: float
    tokens: float = inf
    paused_until: float = -inf
    share: float = 1.0
    """Share of the rate to use: less than 1 while others use the same quota."""
    slowed_at: float = -inf

    @property
    def reserve(self) -> int:
        """Tokens that nobody gets: requests do not arrive as evenly as they are sent, and some would be too early."""
        return ceil(self.quota.limit / 100)

    def wait(self, now: float, requests: float = 1) -> float:
        """Seconds until there are tokens for this number of requests, at most 0 if there are now. Takes none."""
        rate = self.quota.rate * self.share
        new = max(0.0, now - self.refilled_at) * rate
        self.tokens = min(max(1, self.quota.limit - self.reserve), self.tokens + new)
        self.refilled_at = max(self.refilled_at, now)
        return max((requests - self.tokens) / rate, self.paused_until - now)

    def learn(self, remaining: int, now: float) -> None:
        """Lower the tokens to `remaining`, which the API reported: others may use the same quota."""
        self.wait(now)
        self.tokens = min(self.tokens, remaining - self.reserve)

    def speed_up(self, now: float) -> None:
        """Use a little more of the rate after an answer other than 429."""
        step = _STEP_IF_QUIET if now - self.slowed_at > _QUIET else _STEP
        self.share = min(1.0, self.share + step)

    def pause(self, until: float, sent: float, now: float) -> bool:
        """Give no token before `until`, and then one. Returns whether this is longer than an earlier pause.

        `sent` is when the refused request was sent. Requests that were sent before the share was last lowered do not
        lower it again.
        """
        if sent > self.slowed_at:
            self.share, self.slowed_at = max(0.1, self.share * 0.7), now
        longer = until > self.paused_until + 1
        if until > self.paused_until:
            # The API says when one request will succeed. Refilling starts again at that time.
            self.paused_until, self.refilled_at, self.tokens = until, until, 1.0
        return longer


class Gate:
    """`take` lets a request through; `learn` and `pause` pass on what the API answered."""

    def __init__(self, ceiling: int | None, lower: Mapping[str, int], *, clock: Callable[[], float]) -> None:
        """`ceiling`: most requests in any minute, None for only the API's limits. `lower`: requests per minute by path,
        for endpoints whose lower limit is known."""
        self._clock = clock
        self._lock = threading.Lock()
        self._key = _Bucket(KEY_QUOTA, clock())
        self._own = {path: _Bucket(Quota(limit), clock()) for path, limit in lower.items()}
        self._ceiling = ceiling
        self._recent: deque[float] = deque(maxlen=ceiling or 1)
        self._logged_until = -inf
        """End of the longest wait that was logged. Other threads wait for the same."""
        self.passed = 0
        """Number of requests let through."""

    def take(self, path: str) -> float:
        """0 if a request to `path` may be sent now: it is counted, so send it. Else seconds to wait before asking."""
        with self._lock:
            now = self._clock()
            buckets = self._buckets(path)
            delay = max(self._ceiling_wait(now), *(bucket.wait(now) for bucket in buckets))
            # Ignore rounding errors: they could cause an endless loop of zero-length sleeps.
            if delay < _EPSILON:
                for bucket in buckets:
                    bucket.tokens -= 1
                self._recent.append(now)
                self.passed += 1
                return 0.0
            if delay > _LONG_WAIT and now + delay > self._logged_until + _LONG_WAIT:
                self._logged_until = now + delay
                LOGGER.info("%s: waiting %.0f s for the rate limit", path, delay)
            return delay

    def seconds_for(self, requests: float) -> float:
        """Seconds until this number of further requests is let through, if no endpoint has a lower limit."""
        with self._lock:
            seconds = max(0.0, self._key.wait(self._clock(), requests))
        return seconds if self._ceiling is None else max(seconds, 60 * (requests / self._ceiling - 1))

    def _buckets(self, path: str) -> list[_Bucket]:
        return [self._key, self._own[path]] if path in self._own else [self._key]

    def _binding(self, path: str, limits: Limits) -> _Bucket:
        """The bucket of the limit that is reached first: the key's if the answer says so, or if there is no other."""
        return self._key if limits.binding in limits.quotas[:1] else self._own.get(path, self._key)

    def _ceiling_wait(self, now: float) -> float:
        """Seconds until one more request is within the ceiling of the last 60 seconds."""
        if self._ceiling is None or len(self._recent) < self._ceiling:
            return 0.0
        return self._recent[0] + 60 - now

    def learn(self, path: str, limits: Limits, *, granted: bool) -> None:
        """Use the limits in an answer from `path`, and how much of the binding one is left. A 429 is not `granted`."""
        with self._lock:
            now = self._clock()
            for quota in limits.quotas[:1]:
                self._key.quota = quota
            for quota in limits.quotas[1:]:
                self._own.setdefault(path, _Bucket(quota, now)).quota = quota
            if limits.remaining is not None and limits.binding is not None:
                self._binding(path, limits).learn(limits.remaining, now)
            if granted:
                for bucket in self._buckets(path):
                    bucket.speed_up(now)

    def pause(self, path: str, seconds: float, limits: Limits, sent: float) -> bool:
        """Send nothing for `seconds`: to this endpoint if the limit is its own, else to any.

        `sent` is when the request that was refused was sent. Returns whether this is longer than an earlier pause.
        """
        with self._lock:
            now = self._clock()
            # The caller logs this wait.
            self._logged_until = max(self._logged_until, now + seconds)
            return self._binding(path, limits).pause(now + seconds, sent, now)
