"""What lies between the tap and the API: the CA bundle, the certificate, the proxy; and what to say if one is wrong.

A fault in these does not pass, so it is not retried. No text holds the URL of a proxy, which can have a password in it.
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

from tap_incident.errors import BadEndpoint

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
_BROKEN_RULES = range(76, 100)
"""X509_V_ERR_*: the certificate is trusted, but breaks a rule of RFC 5280 that only newer Python versions check."""
_EXPIRED = (9, 10)


def _first(names: tuple[str, ...]) -> str:
    """The first of these variables that is set; "" if none is."""
    return next((name for name in names if os.environ.get(name)), "")


def check_bundle() -> None:
    """Load the CA bundle of the environment. Raises BadEndpoint that names the variable and the file."""
    name = _first(_BUNDLES)
    path = os.environ.get(name, "")
    if not name or Path(path).is_dir():
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise BadEndpoint(
            f"{name} names {path}, which can't be used as a CA bundle: it must be text with one or more whole "
            "certificates in PEM form (-----BEGIN CERTIFICATE-----). Convert a binary one (DER) with openssl x509"
        ) from None
    except OSError as error:
        raise BadEndpoint(f"{name} names {path}, which can't be read ({error.strerror}): check the variable") from None


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


def proxy() -> str:
    """The proxy in the words of a message: by its variable."""
    return f"the proxy in {_first(_PROXIES) or 'the settings of this machine'}"


def proxy_url() -> str:
    """What to check besides the endpoint if no request can be made; "" if there is no proxy."""
    return f", and the URL of {proxy()} (its scheme must be http or https)" if _first(_PROXIES) else ""


def refused_by_proxy(status: int) -> str:
    """What to do if the proxy itself answers with this status."""
    if status == 407:
        return f"{proxy()} wants a user and a password: put the right ones into its URL (http://USER:PASSWORD@HOST)"
    return f"{proxy()} does not allow this connection: ask who runs it, or add the host to NO_PROXY"


def refusal(text: str) -> int | None:
    """The status (4xx) with which a proxy refused a tunnel for ever, from the error's text; None if it may pass."""
    found = re.match(r"Tunnel connection failed: (4\d\d)", text)
    return int(found[1]) if found and found[1] not in ("408", "429") else None
