"""Whole runs against servers that send an answer byte by byte, for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from socket import socket

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import port_of
from tests.support.relay import join, listening
from tests.support.runs import key_of, only


def trickling_identity(fake: FakeApi) -> Callable[[socket], None]:
    """The stand-in, but the answer about the key comes a byte at a time for a long time."""

    def serve(client: socket) -> None:
        head = client.recv(65536)
        if b"GET /v1/identity " not in head:
            join(client, port_of(fake), first=head)
            return
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(2000):
            client.sendall(b" ")
            time.sleep(0.01)

    return serve


def test_identity_that_trickles_gets_its_seconds_in_all_and_holds_nothing_up(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    org = organisation(3)
    began = time.monotonic()
    with FakeApi(org) as fake, listening(trickling_identity(fake)) as port:
        settings = {"endpoint": f"http://127.0.0.1:{port}", "request_timeout": 0.5}
        run = tap(fake, catalog=only("severities"), settings=settings)
    assert time.monotonic() - began < 5
    assert run.code == 0
    assert set(run.keys("severities")) == {key_of("severities", row) for row in org.rows["/v1/severities"]}
    assert "GET /v1/identity: the answer was not complete after 0.5 s" in caplog.text
