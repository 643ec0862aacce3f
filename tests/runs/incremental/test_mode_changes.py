"""An incident that changes its mode, before or during a run: its actions come, though they did not change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.making import Row
from tests.support.runs import bare, check, only, there

INCREMENTAL = {"replication_method": "INCREMENTAL"}
CATALOG = bare(only("incidents", "actions", "follow_ups"))


def change_mode(org: Organisation, incident: Row, mode: str, at: datetime | None = None) -> None:
    """Give an incident another mode at a time (default: now). Its actions do not change."""
    incident["mode"] = org.modes[incident["id"]] = mode
    incident["updated_at"] = (at or datetime.now(timezone.utc)).isoformat(timespec="seconds").replace("+00:00", "Z")
    # The stand-in keeps the views of a list until the list's length changes.
    org.rows["/v2/incidents"] = list(org.rows["/v2/incidents"])
    for path in ("/v3/actions", "/v3/follow_ups"):
        org.rows[path] = list(org.rows[path])


def incident_with_actions(org: Organisation, mode: str, number: int = 0) -> tuple[Row, set[str]]:
    """An incident of a mode that has actions, and their ids."""
    found = []
    for incident in org.rows["/v2/incidents"]:
        ids = {row["id"] for row in org.rows["/v3/actions"] if row["incident_id"] == incident["id"]}
        if incident["mode"] == mode and ids:
            found.append((incident, ids))
    return found[number]


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_mode_change_brings_the_actions_that_were_not_visible_before(tap: Tap, strategy: str) -> None:
    org = organisation(60)
    settings = {**INCREMENTAL, "child_strategy": strategy}
    incident, ids = incident_with_actions(org, "test")
    with FakeApi(org) as fake:
        first = tap(fake, catalog=CATALOG, settings=settings)
        change_mode(org, incident, "standard")
        second = tap(fake, catalog=CATALOG, settings=settings, state=first.states()[-1])
    check(second)
    assert not ids & {record["id"] for record in first.records("actions")}
    assert ids <= {record["id"] for record in second.records("actions")}
    assert incident["id"] in {record["id"] for record in second.records("incidents")}
    others = {record["id"] for record in second.records("actions")} - ids
    assert len(others) < len(first.records("actions")) / 2  # It is no full refresh.


def test_mode_change_brings_the_actions_though_the_incidents_are_not_selected(tap: Tap) -> None:
    org = organisation(60)
    incident, ids = incident_with_actions(org, "test")
    with FakeApi(org) as fake:
        first = tap(fake, catalog=only("actions"), settings=INCREMENTAL)
        change_mode(org, incident, "standard")
        second = tap(fake, catalog=only("actions"), settings=INCREMENTAL, state=first.states()[-1])
        third = tap(fake, catalog=only("actions"), settings=INCREMENTAL, state=second.states()[-1])
    assert ids <= {record["id"] for record in second.records("actions")}
    assert third.code == 0
    assert second.streams() == ["actions"]


def test_second_look_costs_one_request_per_step_where_nothing_changed(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        first = tap(fake, catalog=CATALOG, settings=INCREMENTAL)
        fake.requests.clear()
        far = {
            "bookmarks": {name: mark | {"updated_at": "2030-01-01T00:00:00Z"} for name, mark in marks(first).items()}
        }
        second = tap(fake, catalog=CATALOG, settings=INCREMENTAL, state=far)
        paths = [request.path for request in fake.requests]
    assert second.code == 0
    assert paths.count("/v2/incidents") == 3  # Its own list, and one for actions and follow_ups each.
    assert paths.count("/v3/actions") == paths.count("/v3/follow_ups") == 3


def marks(run: object) -> dict[str, dict[str, str]]:
    """The bookmarks at the end of a run."""
    found: dict[str, dict[str, str]] = run.states()[-1]["bookmarks"]  # type: ignore[attr-defined]
    return found


class Moving:
    """Changes an incident's mode at the n-th request to the actions, and counts those requests."""

    def __init__(self, org: Organisation, incident: Row, mode: str, at: int) -> None:
        self.org, self.incident, self.mode, self.at = org, incident, mode, at
        self.requests = 0

    def __call__(self, number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions":
            self.requests += 1
            if self.requests == self.at:
                change_mode(self.org, self.incident, self.mode, datetime.now(timezone.utc) + timedelta(seconds=1))
        return None


@pytest.mark.parametrize(("old", "new"), [("retrospective", "standard"), ("standard", "retrospective")])
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_mode_change_between_the_lists_loses_no_action(tap: Tap, method: str, at: int, old: str, new: str) -> None:
    org = organisation(60)
    incident, ids = incident_with_actions(org, old)
    settings = {"replication_method": method, "child_strategy": "list", "max_concurrency": 1}
    state = {}
    if method == "INCREMENTAL":
        with FakeApi(org) as fake:
            state, port = tap(fake, catalog=CATALOG, settings=settings).states()[-1], int(fake.url.rsplit(":", 1)[1])
        for row in org.rows["/v3/actions"]:
            if row["id"] in ids:
                row["updated_at"] = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    else:
        port = 0
    moving = Moving(org, incident, new, at)
    with FakeApi(org, port=port, faults=moving) as fake:
        run = tap(fake, catalog=CATALOG, settings=settings, state=state)
    assert run.code == 0
    assert moving.requests >= at
    assert ids <= {record["id"] for record in run.records("actions")}


def test_mode_change_during_a_full_refresh_deletes_no_action(tap: Tap) -> None:
    org = organisation(60)
    settings = {"activate_version": True, "max_concurrency": 1}
    for number in range(3):
        incident, ids = incident_with_actions(org, "standard", number)
        with FakeApi(org, faults=Moving(org, incident, "retrospective", at=1)) as fake:
            run = tap(fake, catalog=CATALOG, settings=settings)
        assert run.code == 0
        versions = {
            m["record"]["id"]: m["version"] for m in run.messages if m["type"] == "RECORD" and m["stream"] == "actions"
        }
        activated = {m["stream"]: m["version"] for m in run.messages if m["type"] == "ACTIVATE_VERSION"}
        assert {versions.get(each) for each in ids} == {activated["actions"]}


def test_second_look_repeats_no_row_where_nothing_changed(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=CATALOG)
        looks = [dict(request.params) for request in fake.requests if request.path == "/v2/incidents"]
    check(run)
    assert len(run.records("incidents")) == len(there(org, "incidents"))
    assert [params.get("updated_at[gte]") is not None for params in looks] == [False, True, True][: len(looks)]
    assert len(looks) <= 3  # One look for actions and one for follow-ups.
