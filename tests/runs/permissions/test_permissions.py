"""What a key may not do, whole runs: 401, 403 and other refusals."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tap_incident.streams import BY_NAME, PERMISSIONS, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import check, only, set_field, there

DEFAULT = {stream.name for stream in STREAMS if stream.selected_by_default}


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the CRITICAL lines."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]


def test_a_wrong_key_stops_the_run_with_one_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(5)) as fake:
        run = tap(fake, settings={"api_key": "wrong-key"})
    assert run.code == 1
    assert run.messages == []
    (line,) = critical(caplog)
    assert "401" in line
    assert "access_token_invalid" in line
    assert "api_key" in line
    assert "wrong-key" not in caplog.text


@pytest.mark.parametrize("scope", sorted({s.scope for s in STREAMS if s.scope and s.name in DEFAULT}))
def test_a_missing_permission_skips_its_streams_and_what_hangs_on_them(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    skipped = {stream.name for stream in STREAMS if stream.scope == scope}
    skipped |= {stream.name for stream in STREAMS if stream.parent.stream in skipped}
    with FakeApi(organisation(12), denied=[scope]) as fake:
        run = tap(fake)
    assert run.code == 0
    check(run)
    assert set(run.streams()) == DEFAULT - skipped
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING and scope in r.getMessage()]
    assert all(line.split(":")[0] for line in warnings)
    assert all(f'"{PERMISSIONS[scope]}"' in line for line in warnings)
    for name in skipped & DEFAULT:
        assert sum(name in line.split(":")[0] for line in warnings) == 1
    assert critical(caplog) == []


def test_a_missing_permission_for_what_was_asked_for_by_name_fails_at_the_end(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(12), denied=["custom_fields.view"]) as fake:
        run = tap(fake, catalog=only("custom_field_options", "severities"))
    assert run.code == 1
    assert run.streams() == ["severities"]
    assert run.states()[-1] == {"bookmarks": {}}
    (line,) = critical(caplog)
    assert "custom_field_options" in line
    assert "severities" not in line


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_children_that_are_denied_leave_their_siblings(tap: Tap, strategy: str) -> None:
    org = organisation(120)
    with FakeApi(org, denied=["actions.view"]) as fake:
        run = tap(fake, settings={"child_strategy": strategy, "max_concurrency": 1})
    check(run)
    assert "actions" not in run.streams()
    assert run.records("incident_updates")
    refused = [request for request in fake.requests if request.status == 403]
    # Those in flight when the first refusal came, with the list that was begun ahead, and not one for each incident.
    assert len(refused) <= 2 * 17 + 1 < len(there(org, "incidents"))


@pytest.mark.parametrize("named", [False, True])
def test_a_nested_part_that_is_denied_is_null(tap: Tap, caplog: pytest.LogCaptureFixture, named: bool) -> None:
    catalog = only("incidents")
    if named:
        set_field(catalog, "incidents", "properties", "attachments", selected=True)
    with FakeApi(organisation(12), denied=["attachments.view"]) as fake:
        run = tap(fake, catalog=catalog)
    assert run.code == (1 if named else 0)
    check(run) if not named else None
    assert {record["attachments"] for record in run.records("incidents")} == {None}
    assert all(record["updates"] for record in run.records("incidents") if record["updates"] != [])
    assert "incidents.attachments" in caplog.text


def test_any_other_refusal_stops_with_all_that_support_asks_for(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    body = (
        '{"type": "validation_error", "status": 422, "request_id": "req-77", "errors": '
        '[{"code": "invalid_value", "message": "is not\\nallowed", "source": {"field": "sort_by"}}]}'
    )

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422, body=body, content_type="application/json") if path == "/v2/users" else None

    with FakeApi(organisation(12), faults=faults) as fake:
        run = tap(fake)
    assert run.code == 1
    assert "users" not in run.streams()
    (line,) = critical(caplog)
    for part in ("GET", "/v2/users", "422", "validation_error", "invalid_value", "sort_by", "is not allowed", "req-77"):
        assert part in line
    assert caplog.records[-1].levelno == logging.CRITICAL
    assert "Traceback" not in caplog.text


def test_the_key_is_in_no_log_and_no_message(
    tap: Tap, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeApi(organisation(3), key="the-key-0815", denied=["users.view"]) as fake, caplog.at_level(logging.DEBUG):
        run = tap(fake, settings={"api_key": "the-key-0815"})
    assert run.code == 0
    assert caplog.records
    assert "the-key-0815" not in caplog.text
    assert "the-key-0815" not in str(run.messages)


def test_an_endpoint_that_is_no_api_is_said(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings={"endpoint": f"{fake.url}/elsewhere"})
    assert run.code == 1
    assert f"GET {BY_NAME['incidents'].path}: status 404" in critical(caplog)[0]
