"""Status 404: a parent that was deleted, or a path that no longer exists."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import at
from tests.support.logs import last_line
from tests.support.runs import check, only, there


def test_404_of_a_deleted_parent_gives_no_rows(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    gone = there(org, "incidents")[3]["id"]

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=404) if params.get("incident_id") == gone else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, settings={"child_strategy": "per_incident"})
    assert run.code == 0
    check(run)
    record = next(record for record in run.records("incidents") if record["id"] == gone)
    assert record["attachments"] is record["updates"] is None
    assert not any(key[1] == gone for key in run.keys("actions"))
    assert "incident_updates: 1 parents were deleted during the run" in caplog.text


def test_404_of_an_alert_keeps_the_notes_on_its_group(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    note = next(row for row in org.rows["/v1/alert_notes"] if row.get("alert_group_id"))
    group = note["alert_group_id"]
    gone = {alert["id"] for alert in org.rows["/v2/alerts"] if group in (alert.get("alert_group_ids") or ())}

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=404) if params.get("alert_id") in gone else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, catalog=only("alert_notes"))
    assert run.code == 0
    assert note["id"] in {record["id"] for record in run.records("alert_notes")}
    assert f"alert_notes: {len(gone)} parents were deleted during the run" in caplog.text


def test_404_for_every_parent_is_an_error(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    path = "/v1/custom_field_options"
    with FakeApi(organisation(3), faults=at(path, Fault(status=404))) as fake:
        run = tap(fake, catalog=only("custom_field_options"))
    assert f"requests to {path} was answered with 404" in last_line(run, caplog)


@pytest.mark.parametrize(("parents", "code"), [(1, 0), (2, 0), (3, 1)])
def test_404_for_every_parent_of_a_few_only_means_that_they_were_deleted(
    tap: Tap, caplog: pytest.LogCaptureFixture, parents: int, code: int
) -> None:
    org = organisation(1)
    path = "/v2/schedules/{schedule_id}/replicas"
    org.rows["/v2/schedules"] = org.rows["/v2/schedules"][:parents]
    with FakeApi(org, faults=at(path, Fault(status=404))) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, catalog=only("schedule_replicas"), settings={"activate_version": True})
    assert run.code == code
    assert (f"schedule_replicas: {parents} parents were deleted during the run" in caplog.text) == (code == 0)
    # Rows that exist may be missing all the same, so nothing is deleted.
    assert {message["type"] for message in run.messages} == {"SCHEMA", "STATE"}
    if code:
        assert caplog.messages[-1].startswith(
            f"schedule_replicas: every one of 3 requests to {path} was answered with 404. "
        )
        assert "the API no longer has this path" in caplog.messages[-1]


@pytest.mark.parametrize("name", ["glossary_entries", "users"])
def test_404_of_a_list_says_that_the_api_no_longer_has_the_path(
    tap: Tap, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with FakeApi(organisation(1), faults=at(f"/v2/{name}", Fault(status=404))) as fake:
        run = tap(fake, catalog=only(name, "severities"))
    line = last_line(run, caplog)
    assert f"{name}: GET /v2/{name}: status 404" in line
    assert "the API no longer has this path" in line
    assert run.records("severities")


def test_404_of_an_organisation_wide_list_is_an_error(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(12), faults=at("/v3/actions", Fault(status=404))) as fake:
        run = tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert "/v3/actions" in last_line(run, caplog)
