"""A 403 for one parent after others were answered: only that parent's rows are missing, and the run says so."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.support.logs import last_line
from tests.support.runs import bare, check, key_of, only, set_field, there

INCREMENTAL = {"replication_method": "INCREMENTAL"}


def refusing(path: str, *parents: str) -> Faults:
    """The API's own 403 for the lists of these parents."""

    def faults(number: int, asked: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if asked == path and params.get("incident_id") in parents else None

    return faults


def test_403_for_one_incident_only_loses_its_rows_and_deletes_none(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    incidents = [row["id"] for row in there(org, "incidents")]
    settings = {"child_strategy": "per_incident", "activate_version": True}
    with FakeApi(org, faults=refusing("/v3/actions", incidents[3])) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=settings)
    check(run)
    expected = {key_of("actions", row) for row in there(org, "actions") if row["incident_id"] != incidents[3]}
    assert set(run.keys("actions")) == expected
    assert len(run.records("incidents")) == len(incidents)
    assert last_line(run, caplog).startswith(
        f"actions: the rows of 1 of {len(incidents)} parents are missing ({incidents[3]})"
    )
    assert [message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"] == ["incidents"]


def test_403_on_a_later_page_of_a_list_leaves_null_in_every_parent(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if path == "/v2/incident_updates" and "after" in params else None

    org = organisation(12, rows_per_page=5)
    catalog = set_field(only("incidents", "incident_updates"), "incidents", "properties", "attachments", selected=False)
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=catalog, settings={"child_strategy": "list"})
    check(run)
    assert run.code == 1
    assert len(run.records("incidents")) == len(there(org, "incidents"))
    assert {json.dumps(record["updates"]) for record in run.records("incidents")} == {"null"}
    assert last_line(run, caplog).startswith("incident_updates: GET /v2/incident_updates: status 403")
