"""HTTP client: authorization, timeouts, retries, pagination.

Source: API documents, sections "Making requests" and "Pagination".
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from queue import SimpleQueue
from typing import Any

import backoff
from singer import metrics

from tap_incident.api.answers import Page, RateLimited, is_unicode, page, read, sent_at
from tap_incident.api.body import Unusable
from tap_incident.api.pages import read_pages
from tap_incident.api.rate import Gate, read_limits
from tap_incident.api.transport import Transport, filled
from tap_incident.config import Config
from tap_incident.errors import BadData, PassingFault, SlowAnswer, Stopped
from tap_incident.streams import STREAMS, Params, Stream
from tap_incident.timestamps import rfc3339, rfc3339_exact

LOGGER = logging.getLogger(__name__)

RETRY_SECONDS = 600
"""A fault that lasts longer ends the run."""
ANSWER_SECONDS = 600
"""An answer that takes longer to arrive is requested again, even if it still arrives byte by byte."""
_LONGEST_BACKOFF_SECONDS = 60
_TRIES_IF_UNUSABLE = 3
_IDENTITY = "/v1/identity"
_IDENTITY_SECONDS = 10
_SECONDS_BETWEEN_WARNINGS = 5.0


class Client:
    """Reads lists page by page. Thread-safe."""

    def __init__(
        self,
        config: Config,
        *,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        answer_seconds: float = ANSWER_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Once `stop` is set, no more requests are sent and every wait ends with Stopped.

        `answer_seconds` is the time for one whole answer, or request_timeout if that is longer. A fault that lasts for
        `retry_seconds` ends the run.
        """
        self._config = config
        self._stop = stop
        self._clock = clock
        self._sleep = sleep or self._sleep_until_stop
        lower = {stream.path: stream.requests_per_minute for stream in STREAMS if stream.requests_per_minute}
        self._gate = Gate(config.requests_per_minute, lower, clock=clock, sleep=self._sleep)
        self._transport = Transport(config)
        self._answer_seconds = max(answer_seconds, config.request_timeout)
        self._retry_seconds = retry_seconds
        self._timed: SimpleQueue[metrics.Point] = SimpleQueue()
        self._warnings = threading.Lock()
        self._quiet_until = clock()
        self._suppressed = 0
        self._page_sizes: dict[str, int] = {}
        self._now = now
        self._began = now()
        self._began_by_api: datetime | None = None

    @property
    def began(self) -> str:
        """Start of the run (RFC 3339) by this machine's clock or by the API's, whichever is earlier."""
        return rfc3339(min(self._began, self._began_by_api or self._began))

    @property
    def knows_api_time(self) -> bool:
        """True if an answer had the API's time, so that `began` does not depend only on this machine's clock."""
        return self._began_by_api is not None

    @property
    def sent(self) -> int:
        """Number of requests sent."""
        return self._gate.passed

    def seconds_for(self, requests: float) -> float:
        """Seconds that the rate limit of the key takes for this number of further requests."""
        return self._gate.seconds_for(requests)

    def timers(self) -> Iterator[metrics.Point]:
        """Timers of the requests that ended since the last call. The main thread logs them."""
        while not self._timed.empty():
            yield self._timed.get()

    def identity(self) -> Iterator[Page]:
        """A page of one row that describes the key. Requested once, for at most ten seconds, because it is not data.

        Raises what `get` raises. Source: API document, `GET /v1/identity`.
        """
        self._gate.wait(_IDENTITY)
        seconds = min(_IDENTITY_SECONDS, self._config.request_timeout)
        found = self._request(f"GET {_IDENTITY}", _IDENTITY, _IDENTITY, (), timeout=seconds, total=seconds).get(
            "identity"
        )
        yield Page([found] if isinstance(found, dict) else [])

    def key(self) -> Page:
        """The page of `identity`, with the retries of other requests."""
        found = self.get(_IDENTITY, (), "API key").get("identity")
        return Page([found] if isinstance(found, dict) else [])

    def first_page(self, stream: Stream, params: Params, rows: int) -> Page:
        """The first page of a list, with `rows` rows if the endpoint has a page size. Raises what `get` raises."""
        size = (("page_size", str(rows)),) if stream.page_size else ()
        found = page(self.get(stream.path, (*params, *size), stream.name), stream)
        return replace(found, extracted=rfc3339_exact(self._now()))

    def pages(self, stream: Stream, params: Params, after: str | None = None) -> Iterator[Page]:
        """Pages of the list of `stream`, starting at the cursor `after`. Raises what `read_pages` raises."""
        return read_pages(self.get, stream, params, after, self._page_sizes, now=self._now)

    def get(self, path: str, params: Params, name: str, tries_if_slow: int | None = None) -> dict[str, Any]:
        """The JSON object at `path`, with retries. `name` is the stream, for log lines and errors.

        `params` are those of the query and of the path, whose limits, timers and log lines are by the unfilled `path`.
        Raises SlowAnswer after `tries_if_slow` slow answers in a row. Otherwise raises
        BadEndpoint, BadKey, MissingPermission, Gone, Rejected, BadData, PassingFault (if it lasted too long),
        Stopped.
        """
        if not all(is_unicode(value) for _, value in params):
            raise BadData(f"{name}: GET {path}: an id from the API is not valid Unicode, so it can't be sent")
        filled_path, query = filled(f"{name}: GET {path}", path, params)
        pauses = backoff.expo(max_value=_LONGEST_BACKOFF_SECONDS)
        next(pauses)
        give_up, tries, slow = None, itertools.count(1), 0
        while True:
            # Before the gate, which counts what it lets through, and logs long waits.
            if self._stop.is_set():
                raise Stopped("stopped before a request")
            sent = self._gate.wait(path)
            try:
                return self._request(
                    f"{name}: GET {path}",
                    path,
                    filled_path,
                    query,
                    timeout=self._config.request_timeout,
                    total=self._answer_seconds,
                )
            except (PassingFault, Unusable) as fault:
                slow = slow + 1 if isinstance(fault, SlowAnswer) else 0
                if slow and slow == tries_if_slow:
                    raise
                if isinstance(fault, Unusable) and next(tries) >= _TRIES_IF_UNUSABLE:
                    raise
                if give_up is None:
                    give_up = self._clock() + self._retry_seconds
                requested = fault.retry_after if isinstance(fault, RateLimited) else None
                if requested is not None and requested > self._retry_seconds:
                    raise _too_long(fault, requested, self._retry_seconds) from fault
                seconds = requested if requested is not None else backoff.full_jitter(next(pauses))
                if self._clock() + seconds > give_up:
                    raise PassingFault(f"{fault}. It has lasted for more than {_limit(self._retry_seconds)}") from fault
                self._pause(path, fault, seconds, sent)

    def _pause(self, path: str, fault: PassingFault | Unusable, seconds: float, sent: float) -> None:
        if self._stop.is_set():
            raise Stopped("stopped before a retry")
        if not isinstance(fault, RateLimited):
            self._warn(f"{fault}. Retrying in {seconds:.1f} s")
            self._sleep(seconds)
        # The gate pauses every thread that the limit concerns, including this one: one warning for all of them.
        elif self._gate.pause(path, seconds, fault.limits, sent):
            LOGGER.warning("%s. Waiting %.1f s", fault, seconds)

    def _warn(self, text: str) -> None:
        """Log a WARNING, or only count it if one was logged just now: during an outage every thread retries."""
        with self._warnings:
            now = self._clock()
            if now < self._quiet_until:
                self._suppressed += 1
                LOGGER.debug("%s", text)
                return
            more, self._suppressed, self._quiet_until = self._suppressed, 0, now + _SECONDS_BETWEEN_WARNINGS
        LOGGER.warning("%s%s", text, f" (and {more} more since the last such warning)" if more else "")

    def _sleep_until_stop(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped("stopped while waiting")

    def _request(
        self, request: str, path: str, filled_path: str, query: Params, *, timeout: float, total: float
    ) -> dict[str, Any]:
        began = time.monotonic()
        status = 0
        try:
            answer = self._transport.get(request, filled_path, query, timeout=timeout, total=total)
            status = answer.status
        finally:
            self._timed.put(_point(path, status, time.monotonic() - began))
        self._gate.learn(path, read_limits(answer.headers), granted=status != 429)
        self._began_by_api = self._began_by_api or sent_at(answer.headers)
        return read(request, status, answer.headers, answer.content, self._config.api_key)


def _too_long(fault: Exception, requested: float, most: float) -> PassingFault:
    return PassingFault(
        f"{fault}. The API asks to wait {requested:,.0f} s, but the tap waits for at most {_limit(most)}",
        advice="Run again after that, with the last state",
    )


def _limit(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _point(path: str, status: int, seconds: float) -> metrics.Point:
    """The timer of one request, in the form of singer-python. `status` is 0 if no answer came."""
    outcome = metrics.Status.succeeded if status == 200 else metrics.Status.failed
    tags = {metrics.Tag.endpoint: path, metrics.Tag.http_status_code: status, metrics.Tag.status: outcome}
    return metrics.Point("timer", metrics.Metric.http_request_duration, seconds, tags)
