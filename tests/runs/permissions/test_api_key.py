"""What happens when the API does not accept the key, or does not say whose key it is."""

from __future__ import annotations

import json
import logging

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import at
from tests.support.logs import last_line
from tests.support.runs import (
    asked,
    check,
    only,
)

IDENTITY = "/v1/identity"


def answered(identity: object) -> Fault:
    """200 with this identity."""
    return Fault(status=200, body=json.dumps({"identity": identity}), content_type="application/json")


def test_identity_name_and_roles_are_logged_once(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(3)) as fake, caplog.at_level(logging.INFO):
        check(tap(fake))
    line = 'API key "Stand-in key", roles: viewer, catalog_viewer, catalog_editor (in its teams)'
    assert [r.getMessage() for r in caplog.records if "Stand-in key" in r.getMessage()] == [line]
    assert [request.path for request in fake.requests].count(IDENTITY) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=403),
        Fault(status=422),
        Fault(status=500),
        Fault(delay=30),
        Fault(status=200, body="<html>", content_type="text/html"),
        answered(None),
        answered({"name": 5, "roles": 7, "team_roles": None}),
        answered({"name": "a\nCRITICAL b", "roles": [{"x": 1}, None], "team_roles": [1]}),
    ],
)
def test_identity_failure_does_not_stop_the_run(tap: Tap, caplog: pytest.LogCaptureFixture, fault: Fault) -> None:
    with FakeApi(organisation(3), faults=at(IDENTITY, fault)) as fake:
        run = tap(fake, catalog=only("severities"), settings={"request_timeout": 2})
    assert [path for path in asked(fake) if path != IDENTITY] == ["/v1/severities"]
    assert run.code == 0
    check(run)
    assert len(run.records("severities")) == 4
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_wrong_api_key_ends_the_run_with_one_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(5)) as fake:
        run = tap(fake, settings={"api_key": "wrong-key"})
    line = last_line(run, caplog)
    assert run.messages == []
    assert IDENTITY in [request.path for request in fake.requests]
    assert all(part in line for part in ("401", "access_token_invalid", "api_key"))
    assert "wrong-key" not in caplog.text
