"""Rate limits: a token bucket for the key, and one for /v2/incidents alone."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from math import ceil
from threading import Lock
from time import monotonic, time

from .problems import Problem


@dataclass
class Bucket:
    """A token bucket: it starts full. `paths` are those it counts; None means all."""

    name: str
    limit: float
    refill: float
    paths: frozenset[str] | None = None
    tokens: float = 0.0
    filled: float = 0.0

    def __post_init__(self) -> None:
        self.tokens, self.filled = self.limit, monotonic()

    def wait(self, now: float) -> float:
        """Seconds until it has a token, after filling it up to `now`."""
        self.tokens = min(self.limit, self.tokens + (now - self.filled) * self.refill)
        self.filled = now
        return max(0.0, (1.0 - self.tokens) / self.refill)


class Limits:
    """The buckets of one key, for all threads."""

    def __init__(
        self, per_minute: float | None, refill_per_second: float | None, incidents_per_minute: float | None
    ) -> None:
        self._lock = Lock()
        self._buckets: list[Bucket] = []
        if per_minute is not None:
            self._buckets.append(Bucket("api_key", per_minute, refill_per_second or per_minute / 60))
        if incidents_per_minute is not None:
            refill = incidents_per_minute / 60
            self._buckets.append(Bucket("incidents", incidents_per_minute, refill, frozenset({"/v2/incidents"})))

    def take(self, path: str, *, spend: bool = True) -> tuple[dict[str, str], Problem | None]:
        """Takes a token of each bucket that counts `path`, all or none (with `spend` off: only looks).

        Out: the headers to answer with, and the refusal if any.
        """
        with self._lock:
            now = monotonic()
            buckets = [bucket for bucket in self._buckets if bucket.paths is None or path in bucket.paths]
            if not buckets:
                return {}, None
            waits = [bucket.wait(now) for bucket in buckets]
            refused = spend and any(wait > 0 for wait in waits)
            for bucket in buckets if spend and not refused else ():
                bucket.tokens -= 1
            binding = min(buckets, key=lambda bucket: bucket.tokens)
            windows = ", ".join(f"{int(b.limit)};window={round(b.limit / b.refill)}" for b in buckets)
            headers = {
                "X-RateLimit-Limit": f"{int(binding.limit)}, {windows}",
                "X-RateLimit-Remaining": str(max(0, int(binding.tokens))),
            }
            return headers, _refusal(buckets[waits.index(max(waits))], max(waits)) if refused else None


def _refusal(bucket: Bucket, wait: float) -> Problem:
    seconds = max(1, ceil(wait))
    problem = Problem(429, "too_many_requests", "Slow down.")
    problem.headers["Retry-After"] = str(seconds)
    retry_after = formatdate(time() + seconds, usegmt=True)
    problem.beside["rate_limit"] = {
        "name": bucket.name,
        "limit": int(bucket.limit),
        "remaining": 0,
        "retry_after": retry_after,
    }
    return problem
