"""What STATE messages hold, and which states the tap takes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.runs import bare, only, there


def test_state_is_written_after_the_records_it_covers(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    with FakeApi(org) as fake:
        settings = {"child_strategy": "per_incident"}
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=settings)
    order = [record["id"] for record in run.records("incidents")]
    out: list[str] = []
    actions: Counter[str] = Counter()
    seen = 0
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "incidents":
            out.append(message["record"]["id"])
        elif message["type"] == "RECORD":
            actions[message["record"]["incident_id"]] += 1
        elif message["type"] == "STATE" and "incidents" in message["value"]["bookmarks"]:
            seen += 1
            # The stand-in's cursor is the id of a page's last row, so a state says what must be out; none is all.
            after = message["value"]["bookmarks"]["incidents"].get("after")
            spoken_for = set(order[: order.index(after) + 1] if after else order)
            assert spoken_for == set(out)
            expected = Counter(row["incident_id"] for row in there(org, "actions") if row["incident_id"] in spoken_for)
            if message["value"]["bookmarks"]["incidents"].get("part", 0) < 2:  # Before the actions of work streams.
                assert actions == expected
    assert seen == len(order) // 25 + 2 > 2


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


@pytest.mark.parametrize("state", [[], "x", {"bookmarks": 1}, {"bookmarks": {"alerts": 1}}, {"currently_syncing": 1}])
def test_state_file_that_is_invalid_is_an_error_that_names_the_file(
    tap: Tap, caplog: pytest.LogCaptureFixture, state: Any
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, state=state)
        assert fake.requests == []
    assert run.code == 1
    assert "state.json" in caplog.text
