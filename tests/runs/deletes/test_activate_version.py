"""ACTIVATE_VERSION: what tells a target to remove the rows that are no more; whole runs."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.runs.resume.test_resume import failing_at, last_state, port_of
from tests.support.runs import Json, Run, bare, check, only

VERSIONED = {"activate_version": True}
DEFAULT = {stream.name for stream in STREAMS if stream.selected_by_default}


def activated(run: Run) -> dict[str, int]:
    """Versions by stream; each may be activated once."""
    found = [(m["stream"], m["version"]) for m in run.messages if m["type"] == "ACTIVATE_VERSION"]
    assert len(dict(found)) == len(found)
    return dict(found)


def versions(run: Run, stream: str) -> set[int | None]:
    """Versions that the stream's records carry."""
    return {m.get("version") for m in run.messages if m["type"] == "RECORD" and m["stream"] == stream}


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_each_stream_that_is_read_whole_has_one_version_and_ends_with_it(tap: Tap, strategy: str) -> None:
    with FakeApi(organisation(30)) as fake:
        run = tap(fake, settings={**VERSIONED, "child_strategy": strategy})
    check(run)
    assert set(activated(run)) == DEFAULT
    for name, version in activated(run).items():
        assert versions(run, name) == {version}
        kinds = [m["type"] for m in run.messages if m.get("stream") == name]
        assert kinds == ["SCHEMA", *["RECORD"] * len(run.records(name)), "ACTIVATE_VERSION"]


def test_nobody_gets_versions_unasked(tap: Tap) -> None:
    with FakeApi(organisation(5)) as fake:
        run = tap(fake)
    assert activated(run) == {}
    assert all("version" not in message for message in run.messages)


def test_incremental_streams_carry_none(tap: Tap) -> None:
    with FakeApi(organisation(10)) as fake:
        run = tap(fake, settings={**VERSIONED, "replication_method": "INCREMENTAL"})
    check(run)
    assert set(activated(run)) == {s.name for s in STREAMS if s.selected_by_default and not s.replication_key}
    assert versions(run, "incidents") == versions(run, "actions") == {None}


def test_a_later_run_has_a_higher_version(tap: Tap) -> None:
    with FakeApi(organisation(1)) as fake:
        first, second = (tap(fake, settings=VERSIONED, catalog=only("severities")) for _ in range(2))
    assert activated(first)["severities"] < activated(second)["severities"]


def test_a_stream_without_rows_is_activated_too(tap: Tap) -> None:
    org = organisation(1)
    org.rows["/v1/severities"] = []
    with FakeApi(org) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("severities"))
    assert set(activated(run)) == {"severities"}


@pytest.mark.parametrize("number", range(1, 6))
def test_an_interrupted_run_goes_on_with_its_version(tap: Tap, number: int) -> None:
    org = organisation(700)
    catalog = bare(only("incidents", "alerts"))
    with failing_at(org, number) as fake:
        first = tap(fake, settings=VERSIONED, catalog=catalog)
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(first))
    syncing = last_state(first).get("currently_syncing")
    assert syncing not in activated(first)
    assert set(activated(second)) == {"incidents", "alerts"}
    for name in ("incidents", "alerts"):
        (version,) = versions(second, name) or {activated(second)[name]}
        assert activated(second)[name] == version
        if name == syncing:
            assert versions(first, name) <= {version}
        elif name in activated(first):
            # Read from its beginning again: what has gone in between must go.
            assert activated(first)[name] < version


def test_work_streams_belong_to_the_same_version(tap: Tap) -> None:
    org = organisation(30)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=faults) as fake:
        first = tap(fake, settings=VERSIONED, catalog=only("actions"))
        port = port_of(fake)
    assert activated(first) == {}
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=only("actions"), state=last_state(first))
    assert versions(first, "actions") == versions(second, "actions") == {activated(second)["actions"]}


def test_a_walk_that_starts_over_does_so_with_a_new_version(tap: Tap) -> None:
    org = organisation(700)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents", "users")), state=last_state(first))
        third = tap(fake, settings=VERSIONED, catalog=bare(only("incidents", "actions")), state=last_state(first))
    (version,) = versions(first, "incidents")
    assert activated(second)["incidents"] == version
    assert activated(third)["incidents"] != version


def test_a_run_without_versions_is_none_to_go_on_with(tap: Tap) -> None:
    org = organisation(700)
    with failing_at(org, 2) as fake:
        first = tap(fake, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")), state=last_state(first))
    assert set(first.keys("incidents")) < set(second.keys("incidents"))
    assert set(activated(second)) == {"incidents"}


@pytest.mark.parametrize("catalog", [None, only("incidents", "actions", "severities")])
def test_what_is_skipped_is_not_activated(tap: Tap, catalog: Json | None) -> None:
    org = organisation(30)
    files = {"catalog": catalog} if catalog else {}
    with FakeApi(org, denied=["actions.view", "users.view"]) as fake:
        run = tap(fake, settings=VERSIONED, **files)
    assert "incidents" in activated(run)
    assert not {"actions", "follow_ups", "users"} & set(activated(run))


def test_a_stream_that_is_refused_half_way_is_not_activated(tap: Tap) -> None:
    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=403) if path == "/v2/alerts" and "after" in params else None

    with FakeApi(organisation(120), faults=faults) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("alerts", "severities"))
    assert run.records("alerts")
    assert set(activated(run)) == {"severities"}


def test_what_an_interrupted_run_had_to_skip_is_not_activated(tap: Tap) -> None:
    org = organisation(700)
    catalog = bare(only("incidents", "actions", "follow_ups"))
    pages: list[str] = []

    def at_the_third_page(number: int, path: str, params: Any) -> Fault | None:
        if path == "/v2/incidents":
            pages.append(path)
            return Fault(status=422) if len(pages) > 2 else None
        return Fault(status=403) if path == "/v3/actions" else None

    def at_the_work_streams(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=at_the_third_page) as fake:
        first = tap(fake, settings=VERSIONED, catalog=catalog)
        port = port_of(fake)
    with FakeApi(org, faults=at_the_work_streams, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(first))
    for run in (first, second):
        assert last_state(run)["bookmarks"]["incidents"]["skipped"] == ["actions"]
    with FakeApi(org, port=port) as fake:
        third = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(second))
    # The key may read actions by now, and those of the first page are out nowhere.
    assert second.records("actions")
    assert third.records("actions")
    assert set(activated(third)) == {"incidents", "follow_ups"}
    assert last_state(third) == {"bookmarks": {}}


def test_a_path_that_has_gone_for_every_parent_empties_no_table(tap: Tap) -> None:
    def faults(number: int, path: str, params: Any) -> Fault | None:
        of_one = path == "/v1/custom_field_options" and params["custom_field_id"] == one
        return Fault(status=404) if path == "/v2/incident_updates" or of_one else None

    org = organisation(3)
    one = org.rows["/v2/custom_fields"][0]["id"]
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("incident_updates", "custom_field_options"))
    assert run.code == 0
    assert set(activated(run)) == {"custom_field_options"}


def test_what_leaves_a_moving_window_is_not_gone(tap: Tap) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings=VERSIONED, catalog=only("schedule_entries", "schedule_overrides"))
    check(run)
    assert run.records("schedule_entries")
    assert versions(run, "schedule_entries") == {None}
    assert set(activated(run)) == {"schedule_overrides"}


def test_children_of_a_list_that_was_denied_to_another_step_are_not_activated(tap: Tap) -> None:
    settings = {**VERSIONED, "replication_method": "INCREMENTAL"}
    with FakeApi(organisation(10), denied=["incidents.view"]) as fake:
        run = tap(fake, settings=settings, catalog=bare(only("incidents", "incident_updates", "severities")))
    assert run.code == 1
    assert run.streams() == ["severities"]
    assert set(activated(run)) == {"severities"}
