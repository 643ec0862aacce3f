"""A 403 for one parent after others were answered: only that parent's rows are missing, and the run says so."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.server import Faults
from tests.support.runs import bare, check, key_of, only, set_field, there

INCREMENTAL = {"replication_method": "INCREMENTAL"}


PER_INCIDENT = {"child_strategy": "per_incident"}


def refusing(path: str, *parents: str) -> Faults:
    """The API's own 403 for the lists of these parents."""

    def faults(number: int, asked: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if asked == path and params.get("incident_id") in parents else None

    return faults


def incident_ids(org: Organisation) -> list[str]:
    """Ids of the listed incidents, oldest first."""
    return [row["id"] for row in there(org, "incidents")]


def test_403_for_one_incident_only_loses_the_rows_of_that_incident(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    private = incident_ids(org)[3]
    with FakeApi(org, faults=refusing("/v3/actions", private)) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=PER_INCIDENT)
    check(run)
    assert run.code == 1
    expected = {key_of("actions", row) for row in there(org, "actions") if row["incident_id"] != private}
    assert set(run.keys("actions")) == expected
    assert len(run.records("incidents")) == len(there(org, "incidents"))
    assert f"actions: 1 of {len(there(org, 'incidents'))} requests were refused (status 403)" in caplog.messages[-1]


def test_403_for_one_incident_deletes_nothing_of_that_stream(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org, faults=refusing("/v3/actions", incident_ids(org)[3])) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings={**PER_INCIDENT, "activate_version": True})
    activated = [message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"]
    assert activated == ["incidents"]


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
    assert caplog.messages[-1].startswith("incident_updates: GET /v2/incident_updates: status 403")
    assert not [line for line in caplog.messages if "the rows of one parent" in line]


def test_403_for_the_first_incident_skips_the_stream(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org, faults=refusing("/v3/actions", *incident_ids(org))) as fake:
        run = tap(fake, catalog=bare(only("incidents", "severities")))
        assert run.code == 0
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=PER_INCIDENT)
    assert run.code == 1  # The catalog selects actions explicitly.
    assert run.streams() == ["incidents"]


def test_403_for_a_nested_part_of_one_incident_leaves_null_and_the_bookmark(tap: Tap) -> None:
    org = organisation(12)
    private = incident_ids(org)[3]
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=False)
    with FakeApi(org, faults=refusing("/v1/incident_attachments", private)) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=catalog)
        endpoint = fake.url
    assert first.code == 1
    attachments = {record["id"]: record["attachments"] for record in first.records("incidents")}
    assert attachments[private] is None
    assert all(rows is not None for incident, rows in attachments.items() if incident != private)
    with FakeApi(org, port=int(endpoint.rsplit(":", 1)[1])) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=first.states()[-1])
    assert second.code == 0
    assert {record["id"]: record["attachments"] for record in second.records("incidents")}[private] is not None


def test_a_nested_part_that_was_denied_is_read_again_once_the_permission_is_back(tap: Tap) -> None:
    org = organisation(12)
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=False)
    with FakeApi(org, denied=["attachments.view"]) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=catalog)
        port = int(fake.url.rsplit(":", 1)[1])
    assert first.code == 0
    assert {record["attachments"] is None for record in first.records("incidents")} == {True}
    state, loaded = first.states()[-1], {record["id"]: record for record in first.records("incidents")}
    for _ in range(2):  # The first run learns that the permission is back, the second reads the older incidents again.
        with FakeApi(org, port=port) as fake:
            run = tap(fake, settings=INCREMENTAL, catalog=catalog, state=state)
        check(run)
        state = run.states()[-1]
        loaded |= {record["id"]: record for record in run.records("incidents")}
    assert all(record["attachments"] is not None for record in loaded.values())
    with FakeApi(org, port=port) as fake:
        last = tap(fake, settings=INCREMENTAL, catalog=catalog, state=state)
    assert len(last.records("incidents")) < len(loaded)  # And it is done once.


def test_a_nested_part_that_was_deselected_is_read_for_all_rows_once_it_is_selected_again(tap: Tap) -> None:
    org = organisation(12)
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=False)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=bare(only("incidents")))
        assert not any("attachments" in record for record in first.records("incidents"))
        second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=first.states()[-1])
        third = tap(fake, settings=INCREMENTAL, catalog=catalog, state=second.states()[-1])
    assert {record["id"] for record in second.records("incidents")} == set(incident_ids(org))
    assert all(record["attachments"] is not None for record in second.records("incidents"))
    assert len(third.records("incidents")) < len(second.records("incidents"))
