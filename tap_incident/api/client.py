"""HTTP client: authorization, timeouts, requests under way, what was measured.

Source: API documents, section "Making requests".
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_incident.api.answers import Page, RateLimited, Unusable, read, sent_at
from tap_incident.api.pages import page, read_pages
from tap_incident.api.rate import Gate, read_limits
from tap_incident.api.retries import Request, Retries
from tap_incident.api.transport import Transport, filled
from tap_incident.config import Config
from tap_incident.errors import PassingFault, Stopped, Unreadable
from tap_incident.streams import STREAMS, Params, Stream
from tap_incident.timestamps import rfc3339, rfc3339_exact

RETRY_SECONDS = 600
"""A path that fails for longer is given up; if nothing else answers, so is the run. An answer that takes longer to
arrive is requested again, even if it still arrives byte by byte."""
_CLOCK_AHEAD = timedelta(days=1)
_IDENTITY = "/v1/identity"
_IDENTITY_SECONDS = 10


@dataclass
class Timing:
    """The requests to one path."""

    number: int = 0
    seconds: float = 0.0
    failed: dict[int, int] = field(default_factory=dict)
    """Number of answers by status other than 200; 0: no answer."""


class Client:
    """Reads lists page by page. Thread-safe: any number of threads may wait here."""

    def __init__(
        self,
        config: Config,
        *,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Once `stop` is set, no more requests are sent and every wait ends with Stopped.

        A path may fail for `retry_seconds`. One whole answer may take as long, or request_timeout if that is longer.
        Raises BadEndpoint if the CA bundle of the environment can't be used.
        """
        self._config = config
        self._stop = stop
        self._clock = clock
        lower = {stream.path: stream.requests_per_minute for stream in STREAMS if stream.requests_per_minute}
        self._gate = Gate(config.requests_per_minute, lower, clock=clock)
        self._under_way = threading.Semaphore(config.max_concurrency)
        self._retries = Retries(retry_seconds, self._gate, clock, self._sleep, self._api_answers)
        self._transport = Transport(config)
        self._answer_seconds = max(retry_seconds, config.request_timeout)
        self._page_sizes: dict[str, int] = {}
        self.headers: dict[str, Mapping[str, str]] = {}
        """Headers of the last answer, by unfilled path."""
        self._lock = threading.Lock()
        self._timings: defaultdict[str, Timing] = defaultdict(Timing)
        self._began = datetime.now(timezone.utc)
        self._first_date: datetime | None = None
        """By the API's clock: of its first answer that has one."""

    @property
    def began(self) -> str:
        """Start of the run (RFC 3339) by this machine's clock or by the API's, whichever is earlier.

        If no answer has the API's time, this machine's clock may be ahead: a day earlier.
        """
        return rfc3339(min(self._began, self._first_date or self._began - _CLOCK_AHEAD))

    @property
    def sent(self) -> int:
        """Number of requests sent."""
        return self._gate.passed

    def seconds_for(self, requests: float) -> float:
        """Seconds that the rate limit of the key takes for this number of further requests."""
        return self._gate.seconds_for(requests)

    def timings(self) -> dict[str, Timing]:
        """What was measured so far, by unfilled path."""
        with self._lock:
            return {path: replace(each, failed=dict(each.failed)) for path, each in self._timings.items()}

    def identity(self) -> dict[str, Any]:
        """What the API says of the key; {} if nothing. Raises what `get` raises, but PassingFault after 30 seconds, and
        SlowAnswer at once if no answer comes within ten seconds.

        Source: API document, `GET /v1/identity`.
        """
        identity = self._repeated(_identity()).get("identity")
        return identity if isinstance(identity, dict) else {}

    def first_page(self, stream: Stream, params: Params, rows: int) -> Page:
        """The first page of a list, with `rows` rows if the endpoint has a page size. Raises what `get` raises."""
        return self.page(stream, (*params, ("page_size", str(rows))) if stream.page_size else params)

    def pages(self, stream: Stream, params: Params, after: str | None = None) -> Iterator[Page]:
        """Pages of the list of `stream`, starting at the cursor `after`. Raises what `read_pages` raises."""
        return read_pages(self.page, stream, params, after, self._page_sizes)

    def page(self, stream: Stream, params: Params, tries_if_slow: int | None = None) -> Page:
        """One page of the list of `stream`, with the time at which it came. Raises what `get` raises."""
        found = page(self.get(stream.path, params, stream.name, tries_if_slow), stream)
        return replace(found, extracted=rfc3339_exact(datetime.now(timezone.utc)))

    def get(self, path: str, params: Params, name: str, tries_if_slow: int | None = None) -> dict[str, Any]:
        """The JSON object at `path`, with retries. `name` is the stream, for log lines and errors.

        `params` are those of the query and of the path, whose limits, timings and log lines are by the unfilled `path`.
        Raises SlowAnswer after `tries_if_slow` slow answers in a row. Otherwise raises Unreadable if only this path or
        list can't be read; BadEndpoint, BadKey, PassingFault or Stopped if the run can't continue.
        """
        request = f"{name}: GET {path}"
        target, query = filled(request, path, params)
        return self._repeated(Request(request, path, target, query, tries_if_slow))

    def _repeated(self, request: Request) -> dict[str, Any]:
        """The answer to a request, which is repeated while its faults may pass."""
        while True:
            try:
                return self._send(request)
            except (PassingFault, Unusable) as fault:
                self._retries.wait(request, fault)

    def _send(self, request: Request) -> dict[str, Any]:
        """The answer to this one request, sent when the rate limits let it through. Raises PassingFault too.

        It holds one of the max_concurrency places for requests under way, but not while it waits for the limits.
        """
        while True:
            with self._under_way:
                self._sleep(0)
                delay = self._gate.take(request.path)
                if not delay:
                    return self._answer(request)
            self._sleep(delay)

    def _sleep(self, seconds: float) -> None:
        """Wait. Raises Stopped as soon as the run stops."""
        if self._stop.wait(seconds):
            raise Stopped("stopped before a request")

    def _answer(self, request: Request) -> dict[str, Any]:
        timeout, total = self._config.request_timeout, self._answer_seconds
        if request.is_short:
            timeout = total = min(_IDENTITY_SECONDS, timeout)
        request.sent, status = self._clock(), 0
        try:
            status, headers, content = self._transport.get(
                request.name, request.target, request.query, timeout=timeout, total=total
            )
        finally:
            self._measure(request.path, status, self._clock() - request.sent)
        request.limits = read_limits(headers)
        self._gate.learn(request.path, request.limits, granted=status != 429)
        with self._lock:
            self._first_date = self._first_date or sent_at(headers)
            self.headers[request.path] = headers
        try:
            found = read(request.name, status, headers, content, self._config.api_key)
        except (RateLimited, Unreadable) as fault:
            self._retries.answered(None if isinstance(fault, RateLimited) else request.path)
            raise
        self._retries.answered(request.path)
        return found

    def _measure(self, path: str, status: int, seconds: float) -> None:
        with self._lock:
            timing = self._timings[path]
            timing.number += 1
            timing.seconds += seconds
            if status != 200:
                timing.failed[status] = timing.failed.get(status, 0) + 1

    def _api_answers(self) -> bool:
        """Ask for the identity once. False if there is no proper answer."""
        try:
            with suppress(Unreadable):
                self._send(_identity())
        except PassingFault:
            return False
        return True


def _identity() -> Request:
    return Request(f"API key: GET {_IDENTITY}", _IDENTITY, _IDENTITY, (), tries_if_slow=1, is_short=True)
