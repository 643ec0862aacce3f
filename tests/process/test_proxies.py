"""Proxies from the environment: used, skipped for exempt hosts, and their password kept secret."""

from __future__ import annotations

import logging

import pytest
import trustme

from tests.conftest import Tap, tls
from tests.fake_api import FakeApi, organisation
from tests.support.faults import port_of
from tests.support.logs import critical
from tests.support.network import USERS, is_whole
from tests.support.relay import Proxy, listening
from tests.support.runs import (
    KEY,
)

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


@pytest.mark.parametrize(("host", "variable"), [("127.0.0.1", "HTTP_PROXY"), ("localhost", "ALL_PROXY")])
def test_proxy_is_not_used_for_an_endpoint_on_this_machine(
    tap: Tap, monkeypatch: pytest.MonkeyPatch, host: str, variable: str
) -> None:
    org, proxy = organisation(3), Proxy()
    with FakeApi(org) as fake, listening(proxy) as port:
        monkeypatch.setenv(variable, address(port))
        run = tap(fake, catalog=USERS, settings={"endpoint": f"http://{host}:{port_of(fake)}"})
    assert is_whole(run, org)
    assert proxy.heads == []


@pytest.mark.parametrize("end", ["@127.0.0.1:no-port", "/x@127.0.0.1:1"])
def test_proxy_with_an_invalid_url_is_logged_without_its_password(
    tap: Tap, debug_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:{PASSWORD}{end}")
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=USERS, settings={"endpoint": "https://api.example.invalid"})
    assert run.code == 1
    (line,) = critical(debug_log)
    assert "proxy" in line
    assert "Traceback" not in debug_log.text
    assert hides(debug_log.text)
