"""The transport: one GET request, its deadline, and the error for a request that got no answer.

A wrong CA bundle, certificate or proxy stays wrong, so it is not retried. No text holds the URL of a proxy, which can
have a password in it. Source: API documents, section "Making requests".
"""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema, ProxyError
from requests.utils import default_headers, get_environ_proxies
from urllib3.exceptions import MaxRetryError

from tap_incident.config import Config, is_loopback
from tap_incident.errors import BadData, BadEndpoint, NoConnection, PassingFault, SlowAnswer
from tap_incident.streams import Params

_PATH_PARAM = re.compile(r"{(\w+)}")
_CHUNK_BYTES = 16 * 1024
"""Most of a body that is read before the clock is looked at."""
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
_EXPIRED = (9, 10)
_BROKEN_RULES = range(76, 100)
"""X509_V_ERR_*: the certificate is trusted, but breaks a rule of RFC 5280 that only newer Python versions check."""


def is_unicode(text: str) -> bool:
    """False if the text has half of a surrogate pair, which JSON can hold, but no request and no file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def filled(request: str, path: str, params: Params) -> tuple[str, Params]:
    """The path with each `{name}` replaced by the parameter of that name, percent-encoded; and the other parameters.

    `request` names the request in errors. Raises BadData for a value that can't be sent, or would lead to another path.
    """
    if not all(is_unicode(value) for _, value in params):
        raise BadData(f"{request}: an id from the API is not valid Unicode, so it can't be sent")
    names = _PATH_PARAM.findall(path)
    values = {name: value for name, value in params if name in names}
    # A URL has no way to write these two: "." and ".." are removed from a path even when they are encoded.
    if any(values.get(name) in (None, "", ".", "..") for name in names):
        raise BadData(f"{request}: an id from the API can't be part of a path, so it can't be sent")
    target = _PATH_PARAM.sub(lambda found: quote(values[found[1]], safe=""), path)
    return target, tuple(pair for pair in params if pair[0] not in names)


class Transport:
    """Sends GET requests with the key, on one pool of connections for the run. Thread-safe."""

    def __init__(self, config: Config) -> None:
        """Raises BadEndpoint if the CA bundle of the environment can't be used."""
        self._endpoint = config.endpoint
        # Without a session, which would follow redirects, keep cookies, and replace the key by an entry of ~/.netrc.
        self._adapter = HTTPAdapter(pool_maxsize=config.max_concurrency)
        self._headers = {
            **default_headers(),
            "Accept": "application/json",
            "User-Agent": config.user_agent,
            "Authorization": f"Bearer {config.api_key}",
        }
        self._bundle = check_bundle() if config.endpoint.startswith("https:") else ""
        # A proxy elsewhere would not reach this machine, and would see the key of a plain http request.
        is_here = is_loopback(urlsplit(config.endpoint).hostname or "")
        self._proxies = {} if is_here else get_environ_proxies(config.endpoint)

    def get(
        self, request: str, path: str, params: Params, *, timeout: float, total: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the complete answer. `path` is filled. `request` names the request in errors.

        `timeout` is the time in seconds for a connection and for each part of the answer, `total` for the whole answer.
        Raises PassingFault if there is no complete answer, and BadEndpoint if the request can't be sent.
        """
        deadline = time.monotonic() + total
        try:
            prepared = requests.Request("GET", self._endpoint + path, self._headers, params=params).prepare()
            with self._adapter.send(
                prepared, stream=True, timeout=timeout, verify=self._bundle or True, proxies=self._proxies
            ) as response:
                chunks = []
                for chunk in response.iter_content(_CHUNK_BYTES):
                    chunks.append(chunk)
                    # The timeout never ends an answer that trickles.
                    if time.monotonic() > deadline:
                        raise SlowAnswer(f"{request}: the answer was not complete after {total:g} s")
                return response.status_code, response.headers, b"".join(chunks)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise self._unreachable(request, error, f"no answer within {timeout:g} s") from error
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise PassingFault(f"{request}: the answer was cut off") from error
        except InvalidHeader as error:
            raise PassingFault(f"{request}: the answer has headers that contradict each other") from error
        except (OSError, ValueError, TypeError) as error:
            # From requests and urllib3: an impossible host name or proxy, or none at all.
            # Some of their texts quote a URL, and the URL of a proxy can hold a password.
            quotes = isinstance(error, ValueError | TypeError) and not isinstance(error, InvalidSchema)
            why = type(error).__name__ if quotes else error
            also = f", and the URL of {_proxy()} (its scheme must be http or https)" if _first(_PROXIES) else ""
            raise BadEndpoint(f"{request}: the request can't be made ({why}): check endpoint{also}") from None

    def _unreachable(self, request: str, error: requests.RequestException, late: str) -> PassingFault | BadEndpoint:
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"can't be verified ({cause.verify_message}): {bad_certificate(cause)}"
            return BadEndpoint(f"{request}: the certificate of {self._endpoint} {why}")
        # requests reports a body that stops arriving as a ConnectionError.
        if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
            return (NoConnection if isinstance(error, requests.ConnectTimeout) else SlowAnswer)(f"{request}: {late}")
        if isinstance(cause, HTTPException) and not isinstance(cause, OSError):
            return PassingFault(f"{request}: the answer can't be read as HTTP ({type(cause).__name__})")
        why = (cause.strerror or str(cause)) if isinstance(cause, OSError) else type(cause).__name__
        way = ""
        if isinstance(error, ProxyError):
            refused = re.match(r"Tunnel connection failed: (4\d\d)", why)
            if refused and refused[1] not in ("408", "429"):
                advice = refused_by_proxy(int(refused[1]))
                return BadEndpoint(f"{request}: no connection to {self._endpoint} ({why}): {advice}")
            way = f" through {_proxy()}"
        # Else a connection was made, and broke.
        kind = NoConnection if isinstance(error.args[0] if error.args else None, MaxRetryError) else PassingFault
        return kind(f"{request}: no connection to {self._endpoint}{way} ({why})")


def check_bundle() -> str:
    """The path of the CA bundle of the environment, "" if there is none. Raises BadEndpoint that names the variable and
    the file if it can't be used."""
    name = _first(_BUNDLES)
    path = os.environ.get(name, "")
    if not name or Path(path).is_dir():
        return path
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise BadEndpoint(
            f"{name} names {path}, which can't be used as a CA bundle: it must be text with one or more whole "
            "certificates in PEM form (-----BEGIN CERTIFICATE-----). Convert a binary one (DER) with openssl x509"
        ) from None
    except OSError as error:
        raise BadEndpoint(f"{name} names {path}, which can't be read ({error.strerror}): check the variable") from None
    return path


def bad_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What to do about a certificate that can't be verified."""
    code = error.verify_code
    if code in _BROKEN_RULES:
        return (
            "the certificate breaks a rule that Python 3.13 and newer check. Ask its owner (behind a proxy that "
            "inspects traffic: who runs the proxy) for a new one, or use Python 3.12"
        )
    if code in _EXPIRED:
        return "check the clock of this machine; if it is right, the certificate must be renewed"
    if code not in _UNKNOWN_AUTHORITY:
        return "check endpoint"
    if name := _first(_BUNDLES):
        return f"check endpoint; {name} names {os.environ[name]}, which does not have the authority of this certificate"
    return "check endpoint; behind a proxy with its own certificate, set REQUESTS_CA_BUNDLE to its bundle"


def refused_by_proxy(status: int) -> str:
    """What to do if the proxy itself answers with this status."""
    if status == 407:
        return f"{_proxy()} wants a user and a password: put the right ones into its URL (http://USER:PASSWORD@HOST)"
    return f"{_proxy()} does not allow this connection: ask who runs it, or add the host to NO_PROXY"


def _proxy() -> str:
    """The proxy in the words of a message: by its variable."""
    return f"the proxy in {_first(_PROXIES) or 'the settings of this machine'}"


def _first(names: tuple[str, ...]) -> str:
    """The first of these variables that is set; "" if none is."""
    return next((name for name in names if os.environ.get(name)), "")
