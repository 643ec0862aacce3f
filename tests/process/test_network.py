"""Connections that are refused, cut off or slow."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import port_of
from tests.support.logs import retries
from tests.support.network import USERS, is_whole, through, with_long_names
from tests.support.relay import Torn, listening


def test_connection_refused_is_retried_until_the_server_is_up(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)
    with FakeApi(org) as gone:
        pass
    late: list[FakeApi] = []
    timer = threading.Timer(0.3, lambda: late.append(FakeApi(org, port=port_of(gone)).start()))
    timer.start()
    try:
        assert is_whole(tap(gone, catalog=USERS), org)
    finally:
        timer.join()
        late[0].stop()
    assert "refused" in retries(caplog)[0]


def test_timeout_of_an_answer_is_retried(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    slow = count()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(delay=2) if path == "/v2/users" and next(slow) == 0 else None

    org = organisation(3)
    with FakeApi(org, faults=faults) as fake:
        assert is_whole(tap(fake, catalog=USERS, settings={"request_timeout": 0.3}), org)
    (line, *_) = retries(caplog)
    assert "GET /v2/users: no answer within 0.3 s" in line


def test_timeout_in_a_body_is_retried(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org, stops = with_long_names(), [Torn(9000, pause=2), Torn(9000, pause=2)]
    with FakeApi(org) as fake, listening(through(fake, *stops)) as port:
        endpoint: dict[str, Any] = {"endpoint": f"http://127.0.0.1:{port}", "request_timeout": 0.3}
        assert is_whole(tap(fake, catalog=USERS, settings=endpoint), org)
    (line, *_) = retries(caplog)
    assert "no answer within 0.3 s" in line
