"""ACTIVATE_VERSION: which streams tell the target to remove deleted rows."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.runs import Json, bare, check, only
from tests.support.versions import VERSIONED, activated, versions


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_activate_version_ends_each_full_refresh_stream(tap: Tap, strategy: str) -> None:
    with FakeApi(organisation(12)) as fake:
        run = tap(fake, settings={**VERSIONED, "child_strategy": strategy})
    check(run)
    assert set(activated(run)) == DEFAULT
    for name, version in activated(run).items():
        assert versions(run, name) == {version}
        kinds = [m["type"] for m in run.messages if m.get("stream") == name]
        assert kinds == ["SCHEMA", *["RECORD"] * len(run.records(name)), "ACTIVATE_VERSION"]


def test_activate_version_is_off_by_default(tap: Tap) -> None:
    with FakeApi(organisation(5)) as fake:
        run = tap(fake)
    assert activated(run) == {}
    assert all("version" not in message for message in run.messages)


def test_activate_version_is_not_sent_for_incremental_streams(tap: Tap) -> None:
    with FakeApi(organisation(12)) as fake:
        run = tap(fake, settings={**VERSIONED, "replication_method": "INCREMENTAL"})
    check(run)
    assert set(activated(run)) == {s.name for s in STREAMS if s.selected_by_default and not s.replication_key}
    assert versions(run, "incidents") == versions(run, "actions") == {None}


def test_activate_version_is_higher_in_a_later_run(tap: Tap) -> None:
    with FakeApi(organisation(1)) as fake:
        first, second = (tap(fake, settings=VERSIONED, catalog=only("severities")) for _ in range(2))
    assert activated(first)["severities"] < activated(second)["severities"]


def test_activate_version_is_sent_for_a_stream_without_rows(tap: Tap) -> None:
    org = organisation(1)
    org.rows["/v1/severities"] = []
    with FakeApi(org) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("severities"))
    assert set(activated(run)) == {"severities"}


@pytest.mark.parametrize("catalog", [None, only("incidents", "actions", "severities")])
def test_activate_version_is_not_sent_for_skipped_streams(tap: Tap, catalog: Json | None) -> None:
    org = organisation(12)
    files = {"catalog": catalog} if catalog else {}
    with FakeApi(org, denied=["actions.view", "users.view"]) as fake:
        run = tap(fake, settings=VERSIONED, **files)
    assert "incidents" in activated(run)
    assert not {"actions", "follow_ups", "users"} & set(activated(run))


def test_activate_version_is_not_sent_when_a_later_page_is_denied(tap: Tap) -> None:
    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=403) if path == "/v2/alerts" and "after" in params else None

    with FakeApi(organisation(120), faults=faults) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("alerts", "severities"))
    assert run.records("alerts")
    assert set(activated(run)) == {"severities"}


def test_activate_version_is_not_sent_when_every_parent_is_answered_404(tap: Tap) -> None:
    def faults(number: int, path: str, params: Any) -> Fault | None:
        of_one = path == "/v1/custom_field_options" and params["custom_field_id"] == one
        return Fault(status=404) if path == "/v2/incident_updates" or of_one else None

    org = organisation(3)
    one = org.rows["/v2/custom_fields"][0]["id"]
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("incident_updates", "custom_field_options"))
    assert run.code == 1
    assert set(activated(run)) == {"custom_field_options"}


def test_activate_version_is_not_sent_for_a_moving_window(tap: Tap) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("schedule_entries", "schedule_overrides"))
    check(run)
    assert run.records("schedule_entries")
    assert versions(run, "schedule_entries") == {None}
    assert set(activated(run)) == {"schedule_overrides"}


def test_activate_version_is_not_sent_for_children_of_a_denied_list(tap: Tap) -> None:
    settings = {**VERSIONED, "replication_method": "INCREMENTAL"}
    with FakeApi(organisation(12), denied=["incidents.view"]) as fake:
        run = tap(fake, settings=settings, catalog=bare(only("incidents", "incident_updates", "severities")))
    assert run.code == 1
    assert set(activated(run)) == {"severities"}
