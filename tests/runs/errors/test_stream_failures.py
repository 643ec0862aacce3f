"""A stream or a parent that can't be read: it ends there, the others are read, and the exit code is 1."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import after_first_page, at, port_of
from tests.support.logs import last_line
from tests.support.runs import bare, check, cursor, key_of, only, param_values, there


@pytest.mark.parametrize(("name", "status"), [("users", 404), ("actions", 422)])
def test_an_error_of_one_list_leaves_the_others(
    tap: Tap, caplog: pytest.LogCaptureFixture, name: str, status: int
) -> None:
    org = organisation(8)
    with FakeApi(org, faults=at(BY_NAME[name].path, Fault(status=status))) as fake:
        run = tap(fake, settings={"child_strategy": "list"})
    check(run)
    line = last_line(run, caplog)
    assert line.startswith(f"{name}: ")
    assert BY_NAME[name].path in line
    for other in ("incidents", "follow_ups", "severities", "alerts", "teams"):
        assert run.keys(other) == Counter(key_of(other, row) for row in there(org, other)), other
    assert run.records(name) == []


def test_bad_data_names_stream_and_row_but_no_value(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    org = organisation(8)
    listed = there(org, "incidents")
    bad = sorted(listed, key=lambda row: str(row["id"]))[3]
    bad["name"] = ["sesame"]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions", "severities")))
    check(run)
    assert last_line(run, caplog).startswith(f"incidents: row {bad['id']}: name should be of type string")
    assert "sesame" not in caplog.text + str(run.messages)
    assert bad["id"] not in {record["id"] for record in run.records("incidents")}
    # The stream ends there, but its children and the others are read.
    assert len(run.records("incidents")) < len(listed)
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))
    assert run.records("severities")


def test_bad_data_on_a_later_page_keeps_the_state_of_the_pages_before(tap: Tap) -> None:
    org, catalog, path = organisation(8), only("alerts", "severities"), BY_NAME["alerts"].path
    with FakeApi(org, faults=after_first_page(path, Fault(status=200, body='{"alerts": 5}'))) as fake:
        first, port = tap(fake, catalog=catalog), port_of(fake)
    place = cursor(first.states()[-1], "alerts")
    assert (first.code, len(first.records("alerts")), place) == (1, 50, org.rows[path][49]["id"])
    with FakeApi(org, faults=at(path, Fault(status=422)), port=port) as fake:
        second = tap(fake, catalog=catalog, state=first.states()[-1])
        # The cursor was refused, and so was the list without it: the next run starts over, and is not stuck.
        assert param_values(fake, path, "after") == [place, ""]
    assert (second.code, second.states()[-1]) == (1, {"bookmarks": {}})
    assert first.records("severities") and second.records("severities")


def test_nothing_that_can_be_read_is_a_failure(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    scopes = {stream.scope for stream in BY_NAME.values() if stream.scope}
    with FakeApi(organisation(3), denied=scopes) as fake:
        run = tap(fake, settings={"streams": ["users*", "alerts*", "incidents*", "actions*"]})
        assert (run.code, run.messages) == (1, [{"type": "STATE", "value": {"bookmarks": {}}}])
        assert caplog.messages[-1].startswith("Nothing could be read: the key lacks the permissions")
        assert tap(fake).code == 0  # A few of the default streams need no permission.


def test_run_that_ends_early_writes_its_last_state_once_more(tap: Tap) -> None:
    org = organisation(12, rows_per_page=5)
    last = there(org, "incidents")[-1]["id"]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if params.get("incident_id") == last else None

    settings = {"child_strategy": "per_incident", "max_concurrency": 1}
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=settings)
    assert [message["type"] for message in run.messages[-2:]] == ["RECORD", "STATE"]
    assert run.states()[-1] == run.states()[-2] != {"bookmarks": {}}


def test_404_of_a_deleted_parent_gives_no_rows(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    gone = there(org, "incidents")[3]["id"]

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=404) if params.get("incident_id") == gone else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, settings={"child_strategy": "per_incident"})
    check(run)
    assert run.code == 0
    record = next(record for record in run.records("incidents") if record["id"] == gone)
    assert record["attachments"] is record["updates"] is None
    assert not any(key[1] == gone for key in run.keys("actions"))
    assert [line for line in caplog.messages if line.startswith("incident_updates: 1 parent") and "deleted" in line]


@pytest.mark.parametrize(("parents", "code"), [(1, 0), (2, 0), (3, 1)])
def test_404_for_every_parent_is_an_error_if_there_are_three(
    tap: Tap, caplog: pytest.LogCaptureFixture, parents: int, code: int
) -> None:
    org = organisation(1)
    path = "/v2/schedules/{schedule_id}/replicas"
    org.rows["/v2/schedules"] = org.rows["/v2/schedules"][:parents]
    with FakeApi(org, faults=at(path, Fault(status=404))) as fake:
        run = tap(fake, catalog=only("schedule_replicas"), settings={"activate_version": True})
    assert run.code == code
    # Rows that exist may be missing all the same, so nothing is deleted.
    assert {message["type"] for message in run.messages} == {"SCHEMA", "STATE"}
    if code:
        line = last_line(run, caplog)
        assert line.startswith("schedule_replicas: ")
        assert path in line
        assert "the API no longer has this path" in line


def test_gateway_error_for_one_incident_or_on_a_first_page_loses_no_row(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    left = {"/v3/actions": [401, 403, 404], "/v2/users": [403], "/v1/severities": [404], "/v3/teams": [422]}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if not left.get(path):
            return None
        return Fault(status=left[path].pop(), body="<html>No</html>", content_type="text/html")

    org, names = organisation(5), ("incidents", "actions", "users", "severities", "teams")
    settings = {"child_strategy": "per_incident", "activate_version": True}
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=bare(only(*names)), settings=settings)
    check(run)
    assert (run.code, any(left.values())) == (0, False)
    for name in names:
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name)), name
    assert {message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"} == {*names}
    assert "a gateway or proxy answered, not the API. Retrying" in caplog.text
