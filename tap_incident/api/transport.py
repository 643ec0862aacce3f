"""The transport: one GET request, its deadline, and the error for a request that got no answer.

Source: API documents, section "Making requests".
"""

from __future__ import annotations

import io
import ssl
import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema, ProxyError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from tap_incident.config import Config, is_loopback
from tap_incident.errors import BadData, BadEndpoint, PassingFault, SlowAnswer
from tap_incident.streams import PATH_PARAM, Params

_DEADLINE: ContextVar[float] = ContextVar("deadline")
"""Time of the monotonic clock at which the answer that this thread reads must be complete."""

_CHUNK_BYTES = 1024 * 1024
"""Most of a body that is read at once. The default of requests, 10 kB, takes more time and leaves holes in memory."""


@dataclass(frozen=True)
class Answer:
    """A complete answer, with any status."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    """The body, decoded if it was compressed."""


def filled(request: str, path: str, params: Params) -> tuple[str, Params]:
    """The path with each `{name}` replaced by the parameter of that name, percent-encoded; and the other parameters.

    `request` names the request in errors. Raises BadData for a value that would lead to another path.
    """
    names = PATH_PARAM.findall(path)
    if not names:
        return path, params
    values = {name: value for name, value in params if name in names}
    # A URL has no way to write these two: "." and ".." are removed from a path even when they are encoded.
    if any(values.get(name) in (None, "", ".", "..") for name in names):
        raise BadData(f"{request}: an id from the API can't be part of a path, so it can't be sent")
    target = PATH_PARAM.sub(lambda found: quote(values[found[1]], safe=""), path)
    return target, tuple(pair for pair in params if pair[0] not in names)


class Transport:
    """Sends GET requests with the key. Thread-safe: a pool of connections for the run, a session per thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._adapter = _Adapter(pool_maxsize=config.max_concurrency)
        self._local = threading.local()
        host = urlsplit(config.endpoint).hostname or ""
        # A proxy elsewhere would not reach this machine, and would see the key of a plain http request.
        self._proxies = {"no_proxy": host} if is_loopback(host) else None

    def get(self, request: str, path: str, params: Params, *, timeout: float, total: float) -> Answer:
        """The complete answer. `request` names the request in errors.

        `path` is filled, and `params` are parameters of the query.

        `timeout` is the time in seconds for a connection and for each part of the answer, `total` for the whole answer.
        Raises PassingFault if there is no complete answer, and BadEndpoint if the request can't be sent.
        """
        began = time.monotonic()
        _DEADLINE.set(began + total)
        try:
            response = self._session().get(
                self._config.endpoint + path,
                params=params,
                timeout=min(timeout, total),
                proxies=self._proxies,
                allow_redirects=False,
                stream=True,
            )
            content = b"".join(response.iter_content(_CHUNK_BYTES))
            return Answer(response.status_code, response.headers, content)
        except (requests.ConnectionError, requests.Timeout) as error:
            late = f"the answer was not complete after {total:g} s" if time.monotonic() >= began + total else ""
            raise self._unreachable(request, error, late or f"no answer within {timeout:g} s") from error
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise PassingFault(f"{request}: the answer was cut off") from error
        except InvalidHeader as error:
            raise PassingFault(f"{request}: the answer has headers that contradict each other") from error
        except (OSError, ValueError, TypeError) as error:
            # From requests and urllib3: a missing CA bundle, an impossible host name or proxy, or none at all.
            # Some of their texts quote a URL, and the URL of a proxy can hold a password.
            quotes = isinstance(error, ValueError | TypeError) and not isinstance(error, InvalidSchema)
            why = type(error).__name__ if quotes else error
            raise BadEndpoint(
                f"{request}: the request can't be made ({why}): "
                "check endpoint, REQUESTS_CA_BUNDLE and the proxy variables"
            ) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            session.headers.update({"Accept": "application/json", "User-Agent": self._config.user_agent})
            # As auth, not as a header: otherwise requests replaces the header by an entry of ~/.netrc.
            session.auth = self._authorize
            session.hooks["response"].append(_without_location)
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._config.api_key}"
        return request

    def _unreachable(self, request: str, error: requests.RequestException, late: str) -> PassingFault | BadEndpoint:
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
            fault = PassingFault if isinstance(error, requests.ConnectTimeout) else SlowAnswer
            return fault(f"{request}: {late}")
        if isinstance(cause, HTTPException) and not isinstance(cause, OSError):
            return PassingFault(f"{request}: the answer can't be read as HTTP ({type(cause).__name__})")
        why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else type(cause).__name__
        way = " through the proxy in the environment" if isinstance(error, ProxyError) else ""
        return PassingFault(f"{request}: no connection to {self._config.endpoint}{way} ({why})")


def _without_location(response: requests.Response, **_: Any) -> None:
    """Redirects are not followed, but requests would still parse this header, and fail on an odd one."""
    response.headers.pop("Location", None)


class _Reader(io.RawIOBase):
    """Reads from a connection until the deadline. The timeout of a socket never ends an answer that trickles."""

    def __init__(self, raw: io.RawIOBase, sock: Any, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        """True, as the buffer above it requires."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Raises TimeoutError if the deadline has passed, or passes while it waits."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer is not complete")
        if left < self._sock.gettimeout():
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the connection's file too."""
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # Status line, headers and body are all read from here, and so is every "100 Continue" before them.
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock, _DEADLINE.get()))


class _Connection(HTTPConnection):
    response_class = _Response


class _TlsConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager
