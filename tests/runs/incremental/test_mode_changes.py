"""An incident that changes its mode, before or during a run: its actions come, though they did not change."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.fake_api.making import Row
from tests.support.incremental import INCREMENTAL, now, rfc3339
from tests.support.runs import bare, check, only

CATALOG = bare(only("incidents", "actions", "follow_ups"))


def change_mode(org: Organisation, incident: Row, mode: str, at: datetime | None = None) -> None:
    """Give an incident another mode at a time (default: now). Its actions do not change."""
    incident["mode"] = org.modes[incident["id"]] = mode
    incident["updated_at"] = rfc3339(at or now())
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
