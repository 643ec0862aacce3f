"""Servers that are not up yet, TLS, and proxies from the environment, whose password is kept secret."""

from __future__ import annotations

import logging
import re
import ssl
from itertools import count
from pathlib import Path
from socket import socket

import pytest
import trustme

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.errors import BadEndpoint, NoConnection, PassingFault, TapError
from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.faults import port_of
from tests.support.logs import last_line, retries
from tests.support.relay import Proxy, join, listening
from tests.support.runs import KEY, Run, check, key_of, only
from tests.unit.api.served import FakeClock

USERS = only("users")


def is_whole(run: Run, org: Organisation) -> bool:
    """Whether a run of USERS read each of them once."""
    check(run)
    return run.code == 0 and [key_of("users", row) for row in org.rows["/v2/users"]] == list(run.keys("users"))


def test_connection_refused_is_retried_until_the_server_is_up(
    tap: Tap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = organisation(3)
    with FakeApi(org) as gone:
        pass
    late: list[FakeApi] = []

    class Starts(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "Retrying" in record.getMessage() and not late:
                late.append(FakeApi(org, port=port_of(gone)).start())

    monkeypatch.setattr(logging.getLogger("tap_incident"), "handlers", [Starts()])
    try:
        assert is_whole(tap(gone, catalog=USERS), org)
    finally:
        late[0].stop()
    assert "refused" in retries(caplog)[0]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody trusts yet."""
    return trustme.CA()


def tls(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    """TLS of a server with the authority's certificate for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, whose certificates the tap accepts."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return authority


def refused(tap: Tap, caplog: pytest.LogCaptureFixture, server: ssl.SSLContext) -> str:
    """The one line of a run that a certificate ends at once."""
    with FakeApi(organisation(1), tls=server) as fake:
        run = tap(fake, catalog=USERS)
    assert (run.messages, fake.requests, retries(caplog)) == ([], [], [])
    line = last_line(run, caplog)
    assert fake.url in line
    return line


def test_certificate_of_an_untrusted_authority_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA
) -> None:
    assert re.search("local issuer.*set REQUESTS_CA_BUNDLE to its bundle", refused(tap, caplog, tls(authority)))


def test_certificate_of_another_host_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, trusted: trustme.CA
) -> None:
    line = refused(tap, caplog, tls(trusted, "127.0.0.2"))
    assert re.search("not valid for '127.0.0.1'.*check endpoint", line)


# The bytes of the answer that arrive, and what comes instead of the others.
TEARS = {
    "no TLS": (0, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "in the handshake": (100, b""),
    "garbage in the body": (9000, b"no record of TLS" * 4096),
}


@pytest.mark.parametrize(("most", "instead"), TEARS.values(), ids=TEARS.keys())
def test_connection_that_is_cut_off_is_made_again(
    tap: Tap, caplog: pytest.LogCaptureFixture, trusted: trustme.CA, most: int, instead: bytes
) -> None:
    org, connections = organisation(3), count()
    org.rows["/v2/users"] = [row | {"name": "long " * 1000} for row in org.rows["/v2/users"]]

    def serve(client: socket) -> None:
        # The first may only be that for the identity.
        if next(connections) < 2:
            join(client, port_of(fake), most, instead)
        else:
            join(client, port_of(fake))

    with FakeApi(org, tls=tls(trusted)) as fake, listening(serve) as port:
        run = tap(fake, catalog=USERS, settings={"endpoint": f"https://127.0.0.1:{port}"})
    assert is_whole(run, org)
    assert retries(caplog)


USER, PASSWORD = "proxy-user", "proxy-pass"
TOKEN = "cHJveHktdXNlcjpwcm94eS1wYXNz"
"""Both as a proxy is sent them."""
HOST = "api.example.com"
"""A host that only the proxy can reach."""


def hides(text: str) -> bool:
    """Whether none of the proxy's credentials is in the text."""
    return not any(secret in text for secret in (PASSWORD, USER, TOKEN))


def address(port: int) -> str:
    """A proxy's URL with its credentials."""
    return f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"


def test_proxy_is_used_for_https_and_does_not_see_the_key(
    tap: Tap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, trusted: trustme.CA
) -> None:
    caplog.set_level(logging.DEBUG)
    org, proxy = organisation(3), Proxy()
    with FakeApi(org, tls=tls(trusted, HOST)) as fake, listening(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", address(port))
        run = tap(fake, catalog=USERS, settings={"endpoint": f"https://{HOST}:{port_of(fake)}"})
    assert is_whole(run, org)
    assert proxy.heads
    for head in proxy.heads:
        assert head.startswith(f"CONNECT {HOST}:{port_of(fake)} ")
        assert f"Basic {TOKEN}" in head
        assert KEY not in head
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert hides(caplog.text + str(run.messages))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_proxy_is_not_used_for_an_endpoint_on_this_machine(
    tap: Tap, monkeypatch: pytest.MonkeyPatch, host: str, variable: str
) -> None:
    org, proxy = organisation(3), Proxy()
    with FakeApi(org) as fake, listening(proxy) as port:
        monkeypatch.setenv(variable, address(port))
        run = tap(fake, catalog=USERS, settings={"endpoint": f"http://{host}:{port_of(fake)}"})
    assert is_whole(run, org)
    assert proxy.heads == []


def lasting(url: str) -> TapError:
    """The fault that a request to this endpoint ends in, whose retries take no time."""
    clock = FakeClock()
    config = configs.load([], {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": url})
    client = Client(config, stop=clock, clock=clock.clock)
    with pytest.raises((PassingFault, BadEndpoint)) as caught:
        list(client.pages(BY_NAME["users"], ()))
    return caught.value


@pytest.mark.parametrize("exempt", ["api.example.invalid", "*", "example.com,.example.invalid"])
def test_proxy_is_not_used_for_a_host_in_no_proxy(monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    proxy = Proxy()
    with listening(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", address(port))
        monkeypatch.setenv("NO_PROXY", exempt)
        error = lasting("https://api.example.invalid")
    assert "no connection to https://api.example.invalid (" in str(error)
    assert proxy.heads == []


REFUSALS = {
    "407 Proxy Authentication Required": (BadEndpoint, "the proxy in HTTPS_PROXY wants a user and a password"),
    "403 Forbidden": (BadEndpoint, "the proxy in HTTPS_PROXY does not allow this connection"),
    "502 Bad Gateway": (NoConnection, "no connection to https://api.example.com through the proxy in HTTPS_PROXY ("),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_proxy_that_refuses_https_ends_the_run_at_once_unless_it_may_pass(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, said = REFUSALS[status]
    proxy = Proxy(status)
    with listening(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", address(port))
        error = lasting(f"https://{HOST}")
    assert type(error) is kind
    assert said in str(error)
    assert f"(Tunnel connection failed: {status})" in str(error)
    assert (len(proxy.heads) == 1) == (kind is BadEndpoint)
    assert hides(caplog.text + str(error))


UNUSABLE = {
    address(1): (NoConnection, "through the proxy in HTTPS_PROXY (Connection refused)"),
    address(1).replace("http", "socks5"): (BadEndpoint, "the URL of the proxy in HTTPS_PROXY (its scheme must be"),
    f"http://{USER}:{PASSWORD}@127.0.0.1:no-port": (BadEndpoint, "the request can't be made"),
    f"http://{USER}:{PASSWORD}/x@127.0.0.1:1": (BadEndpoint, "the request can't be made"),
    f"http://{USER}:{PASSWORD}@[::1:9": (BadEndpoint, "the request can't be made"),
}


@pytest.mark.parametrize("url", UNUSABLE)
def test_proxy_that_cant_be_used_is_named_without_its_password(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HTTPS_PROXY", url)
    error = lasting(f"https://{HOST}")
    kind, said = UNUSABLE[url]
    assert type(error) is kind
    assert said in str(error)
    assert "the proxy in HTTPS_PROXY" in str(error)
    assert hides(caplog.text + str(error))
