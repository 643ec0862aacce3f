"""HTTP client: authorization, timeouts, retries, pagination.

Source: API documents, sections "Making requests" and "Pagination".
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from queue import SimpleQueue
from typing import Any

import backoff
import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidSchema, ProxyError
from singer import metrics

from tap_incident.api.answers import Page, RateLimited, fail, page, parse_body, sent_at
from tap_incident.api.rate import Gate, read_limits
from tap_incident.config import Config
from tap_incident.errors import BadData, BadEndpoint, PassingFault, Stopped
from tap_incident.streams import STREAMS, Params, Stream
from tap_incident.timestamps import rfc3339

LOGGER = logging.getLogger(__name__)

RETRY_SECONDS = 600
"""A fault that lasts longer ends the run."""
_LONGEST_BACKOFF_SECONDS = 60
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
    ) -> None:
        """Once `stop` is set, no more requests are sent and every wait ends with Stopped."""
        self._config = config
        self._stop = stop
        self._clock = clock
        self._sleep = sleep or self._sleep_until_stop
        lower = {stream.path: stream.requests_per_minute for stream in STREAMS if stream.requests_per_minute}
        self._gate = Gate(config.requests_per_minute, lower, clock=clock, sleep=self._sleep)
        self._adapter = HTTPAdapter(pool_maxsize=config.max_concurrency)
        self._local = threading.local()
        self._timed: SimpleQueue[metrics.Point] = SimpleQueue()
        self._warnings = threading.Lock()
        self._quiet_until = clock()
        self._suppressed = 0
        self._began = now()
        self._began_by_api: datetime | None = None

    @property
    def began(self) -> str:
        """Start of the run (RFC 3339) by this machine's clock or by the API's, whichever is earlier."""
        return rfc3339(min(self._began, self._began_by_api or self._began))

    @property
    def knows_api_time(self) -> bool:
        """True if an answer had the API's time, so that `began` does not depend on this machine's clock alone."""
        return self._began_by_api is not None

    @property
    def sent(self) -> int:
        """Number of requests sent."""
        return self._gate.passed

    def timers(self) -> Iterator[metrics.Point]:
        """Timers of the requests that ended since the last call. The main thread logs them."""
        while not self._timed.empty():
            yield self._timed.get()

    def identity(self) -> Iterator[Page]:
        """A page of one row that describes the key. Requested once and with a short timeout, because it is not data.

        Raises what `get` raises. Source: API document, `GET /v1/identity`.
        """
        self._gate.wait(_IDENTITY)
        seconds = min(_IDENTITY_SECONDS, self._config.request_timeout)
        found = self._request(f"GET {_IDENTITY}", _IDENTITY, (), seconds).get("identity")
        yield Page([found] if isinstance(found, dict) else [])

    def pages(self, stream: Stream, params: Params, after: str | None = None) -> Iterator[Page]:
        """Pages of the list of `stream` with `params`, from the cursor `after` on. Each is requested when needed.

        Raises BadData for an answer without the list, and for a cursor that comes a second time; otherwise what `get`
        raises.
        """
        if stream.page_size is not None:
            params = (*params, ("page_size", str(stream.page_size)))
        seen = {after}
        params = _from(after, params, stream) if after else params
        while True:
            found = page(self.get(stream.path, params, stream.name), stream)
            if found.after in seen and found.after is not None:
                raise BadData(f"{stream.name}: {stream.path} returned the same cursor twice: the list would never end")
            yield found
            if found.after is None:
                return
            after = found.after
            seen.add(after)
            params = _from(after, params, stream)

    def get(self, path: str, params: Params, name: str) -> dict[str, Any]:
        """The JSON object at `path`, with retries. `name` is the stream, for log lines and errors.

        Raises BadEndpoint, BadKey, MissingPermission, Gone, Rejected, PassingFault (if it lasted too long), Stopped.
        """
        pauses = backoff.expo(max_value=_LONGEST_BACKOFF_SECONDS)
        next(pauses)
        give_up: float | None = None
        while True:
            self._gate.wait(path)
            if self._stop.is_set():
                raise Stopped("stopped before a request")
            try:
                return self._request(f"{name}: GET {path}", path, params, self._config.request_timeout)
            except PassingFault as fault:
                if give_up is None:
                    give_up = self._clock() + RETRY_SECONDS
                requested = fault.retry_after if isinstance(fault, RateLimited) else None
                seconds = requested if requested is not None else backoff.full_jitter(next(pauses))
                if self._clock() + seconds > give_up:
                    raise PassingFault(f"{fault}. It has lasted for more than {RETRY_SECONDS // 60} minutes") from fault
                self._pause(path, fault, seconds)

    def _pause(self, path: str, fault: PassingFault, seconds: float) -> None:
        if self._stop.is_set():
            raise Stopped("stopped before a retry")
        if not isinstance(fault, RateLimited):
            self._warn(f"{fault}. Retrying in {seconds:.1f} s")
            self._sleep(seconds)
        # The gate pauses every thread that the limit concerns, including this one: one warning for all of them.
        elif self._gate.pause(path, seconds, fault.limits):
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

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            session.headers.update({"Accept": "application/json", "User-Agent": self._config.user_agent})
            # As auth, not as a header: otherwise requests replaces the header by an entry of ~/.netrc.
            session.auth = self._authorize
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._config.api_key}"
        return request

    def _request(self, request: str, path: str, params: Params, timeout: float) -> dict[str, Any]:
        began = time.monotonic()
        status = 0
        try:
            response = self._send(request, path, params, timeout)
            status = response.status_code
        finally:
            self._timed.put(_point(path, status, time.monotonic() - began))
        self._gate.learn(path, read_limits(response.headers))
        self._began_by_api = self._began_by_api or sent_at(response.headers)
        body = parse_body(response.content, request)
        if status != 200:
            fail(request, status, response.headers, body if isinstance(body, dict) else {}, self._config.api_key)
        if not isinstance(body, dict):
            raise PassingFault(f"{request}: status 200, but the body is not a JSON object")
        return body

    def _send(self, request: str, path: str, params: Params, timeout: float) -> requests.Response:
        url = self._config.endpoint + path
        try:
            return self._session().get(url, params=params, timeout=timeout, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise self._unreachable(request, error) from error
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise PassingFault(f"{request}: the answer was cut off") from error
        except (OSError, ValueError, TypeError) as error:
            # From requests and urllib3: a missing CA bundle, an impossible host name or proxy, or none at all.
            # Some of their texts quote the URL, and that of a proxy may hold a password.
            quotes = isinstance(error, ValueError | TypeError) and not isinstance(error, InvalidSchema)
            why = type(error).__name__ if quotes else error
            raise BadEndpoint(
                f"{request}: the request can't be made ({why}): "
                "check endpoint, REQUESTS_CA_BUNDLE and the proxy variables"
            ) from None

    def _unreachable(self, request: str, error: requests.RequestException) -> PassingFault | BadEndpoint:
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BadEndpoint(
                f"{request}: the certificate of {self._config.endpoint} can't be verified ({cause.verify_message}): "
                "check endpoint; behind a proxy with its own certificate, set REQUESTS_CA_BUNDLE to its bundle"
            )
        # requests reports a body that stops arriving as a ConnectionError.
        if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
            return PassingFault(f"{request}: no answer within {self._config.request_timeout:g} s")
        why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else type(cause).__name__
        way = " through the proxy in the environment" if isinstance(error, ProxyError) else ""
        return PassingFault(f"{request}: no connection to {self._config.endpoint}{way} ({why})")


def _from(after: str, params: Params, stream: Stream) -> Params:
    """`params` for the page at the cursor `after`."""
    return (*(pair for pair in params if pair[0] != stream.cursor_param), (stream.cursor_param, after))


def _point(path: str, status: int, seconds: float) -> metrics.Point:
    """The timer of one request, in the form of singer-python. `status` is 0 if no answer came."""
    outcome = metrics.Status.succeeded if status == 200 else metrics.Status.failed
    tags = {metrics.Tag.endpoint: path, metrics.Tag.http_status_code: status, metrics.Tag.status: outcome}
    return metrics.Point("timer", metrics.Metric.http_request_duration, seconds, tags)
