"""A server that is not up yet."""

from __future__ import annotations

import logging

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import port_of
from tests.support.logs import retries
from tests.support.network import USERS, is_whole


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
