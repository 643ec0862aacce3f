"""What is asked and answered: requests, what to get wrong, errors, and rate limits (a token bucket for the key, and one
for /v2/incidents alone)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from math import ceil
from threading import Lock
from time import monotonic, time
from typing import Any

from .making import VALUES

# A request's parameters by name; those that may be repeated have several values.
Query = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Fault:
    """What to answer instead.

    With a `status` or a `body`: that (a status alone gets an error body in JSON). With `reset`: nothing, the
    connection is closed. With `truncate`: the announced length, half the body, and the connection is closed. `delay`
    (seconds) goes first; alone, or with `truncate`, what follows is the real answer. `headers` come on top.
    """

    status: int | None = None
    body: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    truncate: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Logged:
    """One request: `number` counts from 0, `at` is time.monotonic() at its arrival, `status` 0 if it got no answer."""

    number: int
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    at: float
    user_agent: str
    authorization_ok: bool
    status: int = 0


@dataclass(frozen=True)
class Answer:
    """What goes over the wire: of the body only the first `sent` bytes if that is given; nothing for status 0."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None


class Problem(Exception):
    """An answer that is not the one asked for: its status, code and words, and the parameter at fault.

    `beside` is what else the body holds, `headers` what else the answer says.
    """

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field, self.metadata = status, code, message, field, metadata
        self.beside: dict[str, Any] = {}
        self.headers: dict[str, str] = {}

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON object of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field:
            error["source"] = {"field": self.field, "pointer": f"/{self.field}"}
        if self.metadata:
            error["metadata"] = dict(self.metadata)
        kind = VALUES["error_types"].get(str(self.status), "api_error")
        return {"type": kind, "status": self.status, "request_id": request_id, "errors": [error], **self.beside}


def invalid(field: str, message: str, code: str = "invalid_value") -> Problem:
    """The 422 for one parameter."""
    return Problem(422, code, message, field=field)


class Bucket:
    """A token bucket that starts full, and refills within a minute. `path` is the one that it counts; empty: all."""

    def __init__(self, name: str, limit: float, path: str = "") -> None:
        self.name, self.limit, self.path = name, limit, path
        self.tokens, self._filled = limit, monotonic()

    def wait(self) -> float:
        """Seconds until it has a token, after filling it up to now."""
        now, per_second = monotonic(), self.limit / 60
        self.tokens = min(self.limit, self.tokens + (now - self._filled) * per_second)
        self._filled = now
        return max(0.0, (1.0 - self.tokens) / per_second)

    def refusal(self, wait: float) -> Problem:
        """What a request gets that comes `wait` seconds too early."""
        seconds = max(1, ceil(wait))
        problem = Problem(429, "too_many_requests", "Slow down.")
        problem.headers["Retry-After"] = str(seconds)
        again = formatdate(time() + seconds, usegmt=True)
        limit = {"name": self.name, "limit": int(self.limit), "remaining": 0, "retry_after": again}
        problem.beside["rate_limit"] = limit
        return problem


class Limits:
    """The buckets of one key, for all threads."""

    def __init__(self, per_minute: float | None, incidents_per_minute: float | None) -> None:
        self._lock = Lock()
        self._buckets = [Bucket("api_key", per_minute)] if per_minute else []
        if incidents_per_minute:
            self._buckets.append(Bucket("incidents", incidents_per_minute, "/v2/incidents"))

    def take(self, path: str) -> tuple[dict[str, str], Problem | None]:
        """Takes a token of each bucket that counts `path`, all or none: the headers, and the refusal if any."""
        with self._lock:
            buckets = [bucket for bucket in self._buckets if bucket.path in ("", path)]
            if not buckets:
                return {}, None
            wait, slowest = max(((bucket.wait(), bucket) for bucket in buckets), key=lambda found: found[0])
            if not wait:
                for bucket in buckets:
                    bucket.tokens -= 1
            binding = min(buckets, key=lambda bucket: bucket.tokens)
            windows = ", ".join(f"{int(bucket.limit)};window=60" for bucket in buckets)
            headers = {
                "X-RateLimit-Limit": f"{int(binding.limit)}, {windows}",
                "X-RateLimit-Remaining": str(max(0, int(binding.tokens))),
            }
            return headers, slowest.refusal(wait) if wait else None
