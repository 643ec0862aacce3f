"""The streams that nobody reads unless they are selected, whole runs: what is irregular about each."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Fault, organisation
from tests.fake_api.making import instant
from tests.support.runs import KEY, catalog_with, check, key_of, only, there

OPTIONAL = [stream for stream in STREAMS if not stream.selected_by_default]
EVERYTHING = catalog_with(lambda _, about: about.update(selected=True))


def asked(fake: FakeApi, path: str, name: str) -> list[str]:
    """The values that a parameter had in the requests for a path, in order."""
    return [dict(request.params).get(name, "") for request in fake.requests if request.path == path]


def test_a_parent_of_several_children_is_walked_once(tap: Tap) -> None:
    org = organisation(20)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=EVERYTHING)
    assert run.code == 0
    for parent in {stream.parent.stream for stream in STREAMS if stream.parent.stream}:
        path = BY_NAME[parent].path
        cursors = asked(fake, path, "after")
        assert len(set(cursors)) == len(cursors), f"{path} was read twice"


@pytest.mark.parametrize("scope", sorted({stream.scope for stream in OPTIONAL if stream.scope}))
def test_a_missing_permission_for_an_optional_stream_fails_at_the_end(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    mine = [stream.name for stream in OPTIONAL if stream.scope == scope]
    with FakeApi(organisation(4), denied=[scope]) as fake:
        run = tap(fake, catalog=only(*mine, "severities"))
    assert run.code == 1
    assert run.streams() == ["severities"]
    last = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(last) == 1
    assert all(name in last[0] for name in mine)


def test_a_relationship_comes_for_both_of_its_incidents(tap: Tap) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("incident_relationships"), settings={"incident_modes": ["standard"]})
    sides = Counter(record["id"] for record in run.records("incident_relationships"))
    assert set(sides.values()) == {1, 2}, "some of the others are no standard incidents"
    for record in run.records("incident_relationships"):
        assert record["incident"]["id"] != record["incident_id"]


def test_notes_on_groups_of_alerts_are_found_and_each_group_is_asked_for_once(tap: Tap) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alert_notes"))
    groups = Counter(value for value in asked(fake, "/v1/alert_notes", "alert_group_id") if value)
    named = Counter(group for alert in org.rows["/v2/alerts"] for group in alert.get("alert_group_ids") or ())
    assert groups == Counter(named.keys())
    assert max(named.values()) > 1
    noted = {record["alert_group_id"] for record in run.records("alert_notes")} - {None}
    assert noted
    assert noted <= named.keys()


def test_an_alert_that_is_gone_does_not_take_the_notes_on_its_group_along(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
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


@pytest.mark.parametrize(("settings", "days"), [({}, 14), ({"schedule_window_days": 3}, 3)], ids=str)
def test_shifts_come_from_a_window_around_the_start_of_the_run(tap: Tap, settings: dict[str, int], days: int) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"), settings=settings)
    check(run)
    path = "/v2/schedule_entries"
    first = Counter(value for value in asked(fake, path, "entry_window_start") if not value.startswith("cursor:"))
    span = [(NOW + timedelta(days=sign * days)).strftime("%Y-%m-%dT%H:%M:%SZ") for sign in (-1, 1)]
    assert first == {span[0]: len(org.rows["/v2/schedules"])}
    assert set(asked(fake, path, "entry_window_end")) == {span[1]}
    expected = there(org, "schedule_entries", days=days)
    assert run.keys("schedule_entries") == Counter(key_of("schedule_entries", row) for row in expected)
    assert {record["entry_type"] for record in run.records("schedule_entries")} == {"final", "overrides", "scheduled"}
    assert 0 < len(expected) < len(org.rows[path])


def test_a_shift_over_the_border_of_two_pages_comes_once(tap: Tap) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"))
    cursors = [value for value in asked(fake, "/v2/schedule_entries", "entry_window_start") if "cursor" in value]
    assert len(set(cursors)) == 3, "the stand-in has a page a week"
    border = NOW.replace(microsecond=0) - timedelta(days=7)
    over = [row for row in there(org, "schedule_entries") if begins(row) < border < ends(row)]
    assert over
    assert {run.keys("schedule_entries")[key_of("schedule_entries", row)] for row in over} == {1}


def begins(row: dict[str, Any]) -> Any:
    """The start of a shift."""
    return instant(row["start_at"])[0]


def ends(row: dict[str, Any]) -> Any:
    """The end of a shift."""
    return instant(row["end_at"])[0]


def test_an_interrupted_walk_goes_on_in_a_window_that_has_moved(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    catalog = only("schedules", "schedule_entries")
    schedules = [row["id"] for row in org.rows["/v2/schedules"]]

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("schedule_id") == schedules[27] and stopping else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        stopping = True
        first = tap(fake, catalog=catalog)
        stopping = False
        resumed = tap(fake, catalog=catalog, state=first.states()[-1], now=NOW + timedelta(days=1))
        other = tap(fake, catalog=catalog, state=first.states()[-1], settings={"schedule_window_days": 3})
    assert (first.code, resumed.code, other.code) == (1, 0, 0)
    assert [record["id"] for record in resumed.records("schedules")] == schedules[25:]
    assert {record["schedule_id"] for record in resumed.records("schedule_entries")} == {schedules[27]}
    assert [record["id"] for record in other.records("schedules")] == schedules
    assert "the selection or the settings have changed" in caplog.text


def test_the_length_of_the_window_does_not_matter_to_a_walk_without_one(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(1)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if "after" in params and stopping else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        stopping = True
        first = tap(fake, catalog=only("schedules"))
        stopping = False
        tap(fake, catalog=only("schedules"), state=first.states()[-1], settings={"schedule_window_days": 3})
    assert "schedules: resuming where the interrupted run stopped" in caplog.text


def test_runs_of_workflows_start_over_where_the_cursor_has_gone(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if "after" in params and stopping else None

    with FakeApi(org, faults=faults) as fake:
        stopping = True
        first = tap(fake, catalog=only("workflow_runs"))
        stopping = False
        state = first.states()[-1]
        org.rows["/v2/workflow_runs"] = [
            row for row in org.rows["/v2/workflow_runs"] if row["id"] != state["bookmarks"]["workflow_runs"]["after"]
        ]
        second = tap(fake, catalog=only("workflow_runs"), state=state)
    assert second.code == 0
    assert len(second.records("workflow_runs")) == 119
    assert "workflow_runs: the API does not accept the cursor of the state: starting over" in caplog.text


def test_no_credential_leaves(tap: Tap) -> None:
    org = organisation(20)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=EVERYTHING)
    leaky = [path for path, rows in org.rows.items() if "do-not-leak" in json.dumps(rows)]
    assert sorted(leaky) == ["/v1/alert_notes", "/v2/alert_sources", "/v2/workflow_runs"]
    assert "do-not-leak" not in json.dumps(run.messages)


def test_the_clock_is_asked_once_a_run(tmp_path: Path) -> None:
    times = iter([NOW])
    with FakeApi(organisation(1)) as fake:
        for name, content in {
            "config": {"api_key": KEY, "endpoint": fake.url},
            "catalog": only("schedule_entries"),
        }.items():
            (tmp_path / name).write_text(json.dumps(content))
        arguments = ["--config", str(tmp_path / "config"), "--catalog", str(tmp_path / "catalog")]
        assert main(arguments, clock=lambda: next(times)) == 0
