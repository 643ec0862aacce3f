"""Streams whose requests have the parent's id in the path, and rows of children that say whose they are."""

from __future__ import annotations

import json
import logging
from collections import Counter

import pytest

from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.logs import last_line, logged
from tests.support.runs import check, key_of, only, there

IN_PATH = [stream.name for stream in STREAMS if stream.path_params]
ODD = "odd/id?with=&more#signs %41+ü€ 'x'"


def test_some_streams_have_the_parent_in_the_path() -> None:
    assert {"postmortem_contents", "schedule_replicas", "status_page_response_incidents"} <= set(IN_PATH)


@pytest.mark.parametrize("name", ["schedule_replicas", "schedule_sync_rules"])
def test_odd_id_of_a_parent_arrives_as_it_is(tap: Tap, name: str) -> None:
    org = organisation(1)
    path = BY_NAME[name].path
    known = org.rows[path][0]["schedule_id"]
    for rows in (org.rows["/v2/schedules"], org.rows[path]):
        rows[:] = [row | {key: ODD for key, value in row.items() if value == known} for row in rows]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(name))
    assert run.code == 0
    check(run)
    assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name))
    assert ODD in {record["schedule_id"] for record in run.records(name)}


def test_id_that_no_path_can_hold_ends_the_stream(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    org.rows["/v2/schedules"][1] = org.rows["/v2/schedules"][1] | {"id": ".."}
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_replicas", "severities"))
    line = last_line(run, caplog)
    assert "schedule_replicas: GET /v2/schedules/{schedule_id}/replicas: an id from the API can't be part" in line
    assert run.records("severities")
    assert "/v2/replicas" not in {request.path for request in fake.requests}


def test_metrics_of_all_parents_are_under_one_endpoint(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(1)) as fake, caplog.at_level(logging.DEBUG):
        tap(fake, catalog=only("schedule_replicas"))
    lines = [
        line
        for line in logged(caplog, logging.DEBUG)
        if line.startswith("METRIC: ") and "http_request_duration" in line
    ]
    found = {json.loads(line.removeprefix("METRIC: "))["tags"]["endpoint"] for line in lines}
    assert found == {"/v1/identity", "/v2/schedules", "/v2/schedules/{schedule_id}/replicas"}
    assert len({request.path for request in fake.requests}) > len(found)


def test_rows_of_a_work_stream_keep_its_incident_id(tap: Tap) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("incident_timeline_items", "incident_activity_log_entries"))
    assert run.code == 0
    for name in ("incident_timeline_items", "incident_activity_log_entries"):
        work_streams = {known for known, mode in org.modes.items() if mode == "stream"}
        assert work_streams & {record["incident_id"] for record in run.records(name)}
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name))


def test_participants_come_with_the_list_that_they_are_in(tap: Tap) -> None:
    with FakeApi(organisation(30)) as fake:
        run = tap(fake, catalog=only("incident_participants"))
    assert {record["participation"] for record in run.records("incident_participants")} == {"active", "passive"}


def test_content_of_a_log_entry_comes_as_it_is(tap: Tap) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("incident_activity_log_entries"))
    sent = {row["id"]: row.get("content") for row in there(org, "incident_activity_log_entries")}
    assert {record["id"]: record["content"] for record in run.records("incident_activity_log_entries")} == sent
    assert any(sent.values())
