"""What STATE messages hold, and which states the tap takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import bare, cursor, only, there


def test_state_of_version_1_0_is_accepted_and_its_currently_syncing_removed(tap: Tap) -> None:
    state = {"currently_syncing": "alerts", "bookmarks": {}}
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, catalog=only("incidents", "severities", "alerts"), state=state)
    assert run.code == 0
    assert all("currently_syncing" not in each for each in run.states())


def test_state_keeps_keys_that_the_tap_does_not_know(tap: Tap) -> None:
    state = {"bookmarks": {"other": "x"}, "mine": 1}
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only("severities"), state=state)
    assert run.states() == [state]


def test_state_of_a_finished_run_has_no_cursor_of_an_earlier_run(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org) as fake:
        left = {"bookmarks": {"alerts": {"after": org.rows["/v2/alerts"][99]["id"], "walk": "x"}, "other": 1}}
        run = tap(fake, catalog=only("severities"), state=left)
    assert run.states()[-1] == {"bookmarks": {"other": 1}}


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_state_is_written_after_the_records_it_covers(tap: Tap, strategy: str) -> None:
    org = organisation(32, rows_per_page=25)
    names = ("incidents", "incident_updates")
    with FakeApi(org) as fake:
        run = tap(fake, catalog=bare(only(*names)), settings={"child_strategy": strategy})
    order = [record["id"] for record in run.records("incidents")]
    out: list[str] = []
    updates: Counter[str] = Counter()
    cursors = 0
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "incidents":
            out.append(message["record"]["id"])
        elif message["type"] == "RECORD":
            updates[message["record"]["incident_id"]] += 1
        elif message["type"] == "STATE" and cursor(message["value"], "incidents"):
            cursors += 1
            # The stand-in's cursor is the id of a page's last row, so a state says what must be out.
            covered = set(order[: order.index(cursor(message["value"], "incidents")) + 1])
            assert covered <= set(out)
            if strategy == "per_incident":
                rows = (row["incident_id"] for row in there(org, "incident_updates"))
                assert Counter(found for found in rows if found in covered) <= updates
    assert cursors == len(order) // 25


def test_last_state_is_written_again_after_a_failure_in_the_middle_of_a_page(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    ids = [row["id"] for row in sorted(there(org, "incidents"), key=lambda row: str(row["id"]))]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if path == "/v3/actions" and params.get("incident_id") == ids[-1] else None

    with FakeApi(org, faults=faults) as fake:
        settings = {"child_strategy": "per_incident", "max_concurrency": 1}
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=settings)
    assert run.code == 1
    assert [message["type"] for message in run.messages][-1] == "STATE"
    assert cursor(run.states()[-1], "incidents")
