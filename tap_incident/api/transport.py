"""The transport: one GET request, its deadline, and the error for a request that got no answer.

Source: API documents, section "Making requests".
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema, ProxyError
from urllib3.exceptions import MaxRetryError

from tap_incident.api.surroundings import bad_certificate, check_bundle, proxy, proxy_url, refusal, refused_by_proxy
from tap_incident.config import Config, is_loopback
from tap_incident.errors import BadData, BadEndpoint, NoConnection, PassingFault, SlowAnswer
from tap_incident.streams import Params

_PATH_PARAM = re.compile(r"{(\w+)}")
_CHUNK_BYTES = 16 * 1024
"""Most of a body that is read before the clock is looked at."""


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
    names = _PATH_PARAM.findall(path)
    if not names:
        return path, params
    values = {name: value for name, value in params if name in names}
    # A URL has no way to write these two: "." and ".." are removed from a path even when they are encoded.
    if any(values.get(name) in (None, "", ".", "..") for name in names):
        raise BadData(f"{request}: an id from the API can't be part of a path, so it can't be sent")
    target = _PATH_PARAM.sub(lambda found: quote(values[found[1]], safe=""), path)
    return target, tuple(pair for pair in params if pair[0] not in names)


class Transport:
    """Sends GET requests with the key. Thread-safe: a pool of connections for the run, a session per thread."""

    def __init__(self, config: Config) -> None:
        """Raises BadEndpoint if the CA bundle of the environment can't be used."""
        self._config = config
        self._adapter = HTTPAdapter(pool_maxsize=config.max_concurrency)
        self._local = threading.local()
        if config.endpoint.startswith("https:"):
            check_bundle()
        host = urlsplit(config.endpoint).hostname or ""
        # A proxy elsewhere would not reach this machine, and would see the key of a plain http request.
        self._proxies = {"no_proxy": host} if is_loopback(host) else None

    def get(self, request: str, path: str, params: Params, *, timeout: float, total: float) -> Answer:
        """The complete answer. `request` names the request in errors.

        `path` is filled, and `params` are parameters of the query.

        `timeout` is the time in seconds for a connection and for each part of the answer, `total` for the whole answer.
        Raises PassingFault if there is no complete answer, and BadEndpoint if the request can't be sent.
        """
        deadline = time.monotonic() + total
        try:
            with self._session().get(
                self._config.endpoint + path,
                params=params,
                timeout=min(timeout, total),
                proxies=self._proxies,
                allow_redirects=False,
                stream=True,
            ) as response:
                chunks = []
                for chunk in response.iter_content(_CHUNK_BYTES):
                    chunks.append(chunk)
                    # The timeout never ends an answer that trickles.
                    if time.monotonic() > deadline:
                        raise SlowAnswer(f"{request}: the answer was not complete after {total:g} s")
                return Answer(response.status_code, response.headers, b"".join(chunks))
        except (requests.ConnectionError, requests.Timeout) as error:
            raise self._unreachable(request, error, f"no answer within {min(timeout, total):g} s") from error
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise PassingFault(f"{request}: the answer was cut off") from error
        except InvalidHeader as error:
            raise PassingFault(f"{request}: the answer has headers that contradict each other") from error
        except (OSError, ValueError, TypeError) as error:
            # From requests and urllib3: an impossible host name or proxy, or none at all.
            # Some of their texts quote a URL, and the URL of a proxy can hold a password.
            quotes = isinstance(error, ValueError | TypeError) and not isinstance(error, InvalidSchema)
            why = type(error).__name__ if quotes else error
            raise BadEndpoint(f"{request}: the request can't be made ({why}): check endpoint{proxy_url()}") from None

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
        endpoint = self._config.endpoint
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"can't be verified ({cause.verify_message}): {bad_certificate(cause)}"
            return BadEndpoint(f"{request}: the certificate of {endpoint} {why}")
        # requests reports a body that stops arriving as a ConnectionError.
        if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
            return (NoConnection if isinstance(error, requests.ConnectTimeout) else SlowAnswer)(f"{request}: {late}")
        if isinstance(cause, HTTPException) and not isinstance(cause, OSError):
            return PassingFault(f"{request}: the answer can't be read as HTTP ({type(cause).__name__})")
        why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else type(cause).__name__
        if isinstance(error, ProxyError) and (status := refusal(why)):
            return BadEndpoint(f"{request}: no connection to {endpoint} ({why}): {refused_by_proxy(status)}")
        way = f" through {proxy()}" if isinstance(error, ProxyError) else ""
        # Else a connection was made, and broke.
        kind = NoConnection if isinstance(error.args[0] if error.args else None, MaxRetryError) else PassingFault
        return kind(f"{request}: no connection to {endpoint}{way} ({why})")


def _without_location(response: requests.Response, **_: Any) -> None:
    """Redirects are not followed, but requests would still parse this header, and fail on an odd one."""
    response.headers.pop("Location", None)
