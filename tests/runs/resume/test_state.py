"""What STATE messages hold, and which states the tap takes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.runs import Json, bare, cursor, only, there


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


STATES: list[tuple[Json, Json]] = [
    ({"currently_syncing": "alerts", "bookmarks": {}}, {"bookmarks": {}}),
    ({"bookmarks": {"other": "x"}, "mine": 1}, {"bookmarks": {"other": "x"}, "mine": 1}),
    ({"bookmarks": {"alerts": {"after": "01HK2ZFJM00001", "walk": "x"}, "other": 1}}, {"bookmarks": {"other": 1}}),
]


@pytest.mark.parametrize(("given", "left"), STATES, ids=["of version 1.0", "with unknown keys", "with an old cursor"])
def test_state_loses_what_is_over_and_keeps_what_the_tap_does_not_know(tap: Tap, given: Json, left: Json) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, catalog=only("severities"), state=given)
    assert (run.code, run.states()[-1]) == (0, left)
