"""The client: the only room that talks HTTP. Auth, timeouts, retries, pages.

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

from tap_incident.api.answers import Limited, Page, fail, page, parse, sent_at
from tap_incident.api.rate import Gate, read_limits
from tap_incident.config import Config
from tap_incident.errors import BadData, PassingFault, Rejected, Stopped
from tap_incident.streams import STREAMS, Params, Stream
from tap_incident.timestamps import stamp

LOGGER = logging.getLogger(__name__)

RETRY_SECONDS = 600
"""How long a fault may last before it ends the run."""
_LONGEST_BACKOFF = 60
_IDENTITY = "/v1/identity"
_IDENTITY_SECONDS = 10
_BETWEEN_WARNINGS = 5.0


class Client:
    """Reads lists page by page. Safe to use from several threads."""

    def __init__(
        self,
        config: Config,
        *,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`stop`, once set, lets no further request pass and ends every wait with Stopped."""
        self._config = config
        self._stop = stop
        self._clock = clock
        self._sleep = sleep or self._sleep_until_stop
        lower = {stream.path: stream.per_minute for stream in STREAMS if stream.per_minute}
        self._gate = Gate(config.requests_per_minute, lower, clock=clock, sleep=self._sleep)
        self._adapter = HTTPAdapter(pool_maxsize=config.max_concurrency)
        self._local = threading.local()
        self._timed: SimpleQueue[metrics.Point] = SimpleQueue()
        self._warnings = threading.Lock()
        self._quiet_until = clock()
        self._untold = 0
        self._began = now()
        self._began_there: datetime | None = None

    @property
    def began(self) -> str:
        """When this run began: by this machine's clock or by the API's, whichever is earlier."""
        return stamp(min(self._began, self._began_there or self._began))

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._gate.passed

    def timers(self) -> Iterator[metrics.Point]:
        """The timers of the requests that have ended since the last call, for the main thread to log."""
        while not self._timed.empty():
            yield self._timed.get()

    def identity(self) -> Iterator[Page]:
        """A page of one row: what the API says of the key. Asked for once and not for long, since it is no data.

        Raises what `get` raises. Source: API document, `GET /v1/identity`.
        """
        self._gate.wait(_IDENTITY)
        seconds = min(_IDENTITY_SECONDS, self._config.request_timeout)
        found = self._once(f"GET {_IDENTITY}", _IDENTITY, (), seconds).get("identity")
        yield Page([found] if isinstance(found, dict) else [])

    def pages(self, stream: Stream, params: Params, after: str | None = None) -> Iterator[Page]:
        """Pages of the list of `stream` under `params`, from the cursor `after` on; each is asked for when wanted.

        Raises BadData for an answer that is no such list and for a cursor that comes back a second time; for all
        else see `get`.
        """
        if stream.page_size is not None:
            params = (*params, ("page_size", str(stream.page_size)))
        seen = {after}
        params = _from(after, params, stream) if after else params
        while True:
            found = page(self.get(stream.path, params, stream.name), stream)
            if found.after in seen and found.after is not None:
                raise BadData(f"{stream.name}: {stream.path} gave one cursor twice: its list would never end")
            yield found
            if found.after is None:
                return
            after = found.after
            seen.add(after)
            params = _from(after, params, stream)

    def get(self, path: str, params: Params, name: str) -> dict[str, Any]:
        """The JSON object at `path`, after as many tries as it takes; `name` is whose it is, for what is told of it.

        Raises BadKey, MissingPermission, Gone, Rejected, PassingFault (one that lasted), Stopped.
        """
        pauses = backoff.expo(max_value=_LONGEST_BACKOFF)
        next(pauses)
        give_up: float | None = None
        while True:
            self._gate.wait(path)
            if self._stop.is_set():
                raise Stopped("stopped before a request")
            try:
                return self._once(f"{name}: GET {path}", path, params, self._config.request_timeout)
            except PassingFault as fault:
                if give_up is None:
                    give_up = self._clock() + RETRY_SECONDS
                named = fault.retry_after if isinstance(fault, Limited) else None
                seconds = named if named is not None else backoff.full_jitter(next(pauses))
                if self._clock() + seconds > give_up:
                    raise PassingFault(f"{fault}. It lasts for more than {RETRY_SECONDS // 60} minutes") from fault
                self._pause(path, fault, seconds)

    def _pause(self, path: str, fault: PassingFault, seconds: float) -> None:
        if self._stop.is_set():
            raise Stopped("stopped before a retry")
        if not isinstance(fault, Limited):
            self._warn(f"{fault}. Trying again in {seconds:.1f} s")
            self._sleep(seconds)
        # The gate holds back every thread that the limit is about, this one too: one warning for all of them.
        elif self._gate.pause(path, seconds, fault.limits):
            LOGGER.warning("%s. Waiting for %.1f s", fault, seconds)

    def _warn(self, text: str) -> None:
        """Log it, or count it if another one was told just now: in a storm every thread would at every try."""
        with self._warnings:
            now = self._clock()
            if now < self._quiet_until:
                self._untold += 1
                LOGGER.debug("%s", text)
                return
            more, self._untold, self._quiet_until = self._untold, 0, now + _BETWEEN_WARNINGS
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
            # As auth, not as a header: requests would let a ~/.netrc entry take the header's place.
            session.auth = self._authorize
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._config.api_key}"
        return request

    def _once(self, what: str, path: str, params: Params, timeout: float) -> dict[str, Any]:
        began = time.monotonic()
        status = 0
        try:
            response = self._send(what, path, params, timeout)
            status = response.status_code
        finally:
            self._timed.put(_point(path, status, time.monotonic() - began))
        self._gate.learn(path, read_limits(response.headers))
        self._began_there = self._began_there or sent_at(response.headers)
        body = parse(response.content, what)
        if status != 200:
            fail(what, status, response.headers, body if isinstance(body, dict) else {}, self._config.api_key)
        if not isinstance(body, dict):
            raise PassingFault(f"{what}: status 200, but the body is no JSON object")
        return body

    def _send(self, what: str, path: str, params: Params, timeout: float) -> requests.Response:
        url = self._config.endpoint + path
        try:
            return self._session().get(url, params=params, timeout=timeout, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise self._unreached(what, error) from error
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise PassingFault(f"{what}: the answer broke off") from error
        except (OSError, ValueError, TypeError) as error:
            # Of requests and urllib3: a bundle that isn't there, a host name or a proxy that can't be, or has no host.
            # What they say of a URL quotes it, and a proxy's can have a password.
            quotes = isinstance(error, ValueError | TypeError) and not isinstance(error, InvalidSchema)
            why = type(error).__name__ if quotes else error
            raise Rejected(
                f"{what}: no request can be made ({why}): check endpoint, REQUESTS_CA_BUNDLE and the proxy variables"
            ) from None

    def _unreached(self, what: str, error: requests.RequestException) -> PassingFault | Rejected:
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Rejected(
                f"{what}: the certificate of {self._config.endpoint} can't be verified ({cause.verify_message}): check "
                "endpoint; behind a proxy with a certificate of its own, name its bundle in REQUESTS_CA_BUNDLE"
            )
        # A body that stops coming is a ConnectionError to requests.
        if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
            return PassingFault(f"{what}: no answer within {self._config.request_timeout:g} s")
        why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else type(cause).__name__
        way = " through the proxy that the environment names" if isinstance(error, ProxyError) else ""
        return PassingFault(f"{what}: no connection to {self._config.endpoint}{way} ({why})")


def _from(after: str, params: Params, stream: Stream) -> Params:
    """The parameters of the page that begins at the cursor `after`."""
    return (*(pair for pair in params if pair[0] != stream.cursor_param), (stream.cursor_param, after))


def _point(path: str, status: int, seconds: float) -> metrics.Point:
    """The timer of one request as other taps log it; `status` is 0 where no answer came."""
    outcome = metrics.Status.succeeded if status == 200 else metrics.Status.failed
    tags = {metrics.Tag.endpoint: path, metrics.Tag.http_status_code: status, metrics.Tag.status: outcome}
    return metrics.Point("timer", metrics.Metric.http_request_duration, seconds, tags)
