"""A stream or a parent that can't be read: it ends there, the others are read, and the exit code is 1."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import after_first_page, at
from tests.support.logs import last_line
from tests.support.runs import bare, catalog_with, check, cursor, key_of, only, there


@pytest.mark.parametrize(("name", "status"), [("users", 400), ("users", 404), ("actions", 404), ("actions", 422)])
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


def test_a_row_that_fits_no_record_ends_its_stream_but_not_its_children(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(8)
    listed = there(org, "incidents")
    bad = sorted(listed, key=lambda row: str(row["id"]))[3]
    bad["name"] = ["not a text"]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions", "severities")))
    check(run)
    assert last_line(run, caplog).startswith(f"incidents: row {bad['id']}: name should be of type string")
    assert bad["id"] not in {record["id"] for record in run.records("incidents")}
    assert len(run.records("incidents")) < len(listed)
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))
    assert run.records("severities")


def test_a_stream_that_fails_after_some_pages_resumes_there_and_is_never_stuck(tap: Tap) -> None:
    seen: list[str] = []

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v2/alerts":
            seen.append(params.get("after", ""))
        return Fault(status=422) if path == "/v2/alerts" and len(seen) > 2 else None

    catalog = only("alerts", "severities")
    with FakeApi(organisation(120), faults=faults) as fake:
        first = tap(fake, catalog=catalog)
        place = cursor(first.states()[-1], "alerts")
        second = tap(fake, catalog=catalog, state=first.states()[-1])
        assert seen[-2:] == [place, ""]  # The cursor was refused, and so was the list without it.
        # No progress: the next run starts over, and so reads what has changed on the first pages.
        assert (first.code, second.code, second.states()[-1]) == (1, 1, {"bookmarks": {}})
        seen.clear()
        third = tap(fake, catalog=catalog, state=second.states()[-1])
    assert third.records("alerts")
    assert first.records("severities") and second.records("severities")


def test_nothing_that_can_be_read_is_a_failure(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    by_default = catalog_with(
        lambda name, about: about.update({"selected-by-default": name in ("users", "alerts", "incidents", "actions")})
    )
    scopes = {stream.scope for stream in BY_NAME.values() if stream.scope}
    with FakeApi(organisation(3), denied=scopes) as fake:
        run = tap(fake, catalog=by_default)
        assert (run.code, run.messages) == (1, [{"type": "STATE", "value": {"bookmarks": {}}}])
        assert caplog.messages[-1].startswith("Nothing could be read: the key lacks the permissions")
        assert tap(fake).code == 0  # A few of the default streams need no permission.


def test_bad_data_on_a_later_page_keeps_the_state_of_the_pages_before(tap: Tap) -> None:
    org = organisation(8)
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=200, body='{"alerts": 5}'))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert (run.code, len(run.records("alerts"))) == (1, 50)
    assert cursor(run.states()[-1], "alerts") == org.rows["/v2/alerts"][49]["id"]


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


def test_gateway_error_for_one_incident_loses_no_row(tap: Tap) -> None:
    html, text = "text/html", "<html>No</html>"
    left = [Fault(status=status, body=text, content_type=html) for status in (401, 403, 404)]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return left.pop() if path == "/v3/actions" and number > 4 and left else None

    org, settings = organisation(5), {"child_strategy": "per_incident", "activate_version": True}
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=only("incidents", "actions"), settings=settings)
    check(run)
    assert (run.code, left) == (0, [])
    assert set(run.keys("actions")) == {key_of("actions", row) for row in there(org, "actions")}
    assert "actions" in {m["stream"] for m in run.messages if m["type"] == "ACTIVATE_VERSION"}


def test_bad_data_names_stream_and_row_but_no_value(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    org = organisation(3)
    org.rows["/v2/users"][0] |= {"id": "01ROW", "name": {"sesame": 1}, "email": "sesame"}
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("users", "severities"))
    assert last_line(run, caplog).startswith("users: row 01ROW: name should be of type string, but")
    assert "sesame" not in caplog.text
    assert json.dumps(run.states()[-1]) == '{"bookmarks": {}}'
