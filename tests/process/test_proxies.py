"""Proxies from the environment: used, skipped for exempt hosts, and their password kept secret."""

from __future__ import annotations

import logging

import pytest
import trustme

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.errors import BadEndpoint, NoConnection, PassingFault, TapError
from tap_incident.streams import BY_NAME
from tests.conftest import Tap, tls
from tests.fake_api import FakeApi, organisation
from tests.support.faults import port_of
from tests.support.logs import critical
from tests.support.network import USERS, is_whole
from tests.support.relay import Proxy, listening
from tests.support.runs import KEY
from tests.unit.api.served import FakeClock

USER, PASSWORD = "proxy-user", "proxy-pass"
TOKEN = "cHJveHktdXNlcjpwcm94eS1wYXNz"
"""Both as a proxy is sent them."""
HOST = "api.example.com"
"""A host that only the proxy can reach."""


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that any library logs."""
    caplog.set_level(logging.DEBUG)
    return caplog


def hides(text: str) -> bool:
    """Whether none of the proxy's credentials is in the text."""
    return not any(secret in text for secret in (PASSWORD, USER, TOKEN))


def address(port: int) -> str:
    """A proxy's URL with its credentials."""
    return f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"


@pytest.mark.usefixtures("trusted")
def test_proxy_is_used_for_https_and_does_not_see_the_key(
    tap: Tap, debug_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    org, proxy = organisation(3), Proxy()
    with FakeApi(org, tls=tls(authority, HOST)) as fake, listening(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", address(port))
        run = tap(fake, catalog=USERS, settings={"endpoint": f"https://{HOST}:{port_of(fake)}"})
    assert is_whole(run, org)
    assert proxy.heads
    for head in proxy.heads:
        assert head.startswith(f"CONNECT {HOST}:{port_of(fake)} ")
        assert f"Basic {TOKEN}" in head
        assert KEY not in head
    assert any(record.name.startswith("urllib3") for record in debug_log.records)
    assert hides(debug_log.text + str(run.messages))


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
    debug_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    kind, said = REFUSALS[status]
    proxy = Proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    with listening(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", address(port))
        error = lasting("https://api.example.com")
    assert type(error) is kind
    assert said in str(error)
    assert f"(Tunnel connection failed: {status})" in str(error)
    assert (len(proxy.heads) == 1) == (kind is BadEndpoint)
    assert hides(debug_log.text + str(error))


UNUSABLE = {
    "http": (NoConnection, "through the proxy in HTTPS_PROXY (Connection refused)"),
    "socks5": (BadEndpoint, "the URL of the proxy in HTTPS_PROXY (its scheme must be http or https)"),
}


@pytest.mark.parametrize("scheme", UNUSABLE)
def test_proxy_that_is_not_there_is_logged(
    debug_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address(1).replace("http", scheme))
    error = lasting("https://api.example.com")
    assert type(error) is UNUSABLE[scheme][0]
    assert UNUSABLE[scheme][1] in str(error)
    assert hides(debug_log.text + str(error))


@pytest.mark.parametrize("end", ["@127.0.0.1:no-port", "/x@127.0.0.1:1", "@[::1:9"])
def test_proxy_with_an_invalid_url_is_logged_without_its_password(
    tap: Tap, debug_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:{PASSWORD}{end}")
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=USERS, settings={"endpoint": "https://api.example.invalid"})
    assert run.code == 1
    (line,) = critical(debug_log)
    assert "the request can't be made" in line
    assert "the proxy in HTTPS_PROXY" in line
    assert "Traceback" not in debug_log.text
    assert hides(debug_log.text)
