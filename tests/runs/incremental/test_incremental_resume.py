"""INCREMENTAL runs that were interrupted, and went on."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.runs.incremental.test_incremental import FIVE, INCREMENTAL, change, due, marks, now, rfc3339
from tests.runs.resume.test_resume import failing_at, last_state, port_of
from tests.support.runs import asked, bare, check, key_of, only, there


def changed_much(org: Organisation) -> None:
    """Give some rows of each stream a new stamp, all within an hour."""
    for name in FIVE:
        for number in range(0, len(there(org, name)), 3):
            change(org, name, number, updated_at=rfc3339(now(minutes=-number % 60)))


def test_interrupted_anywhere_the_next_runs_read_all_that_was_due(tap: Tap) -> None:
    org = organisation(330)
    catalog = bare(only(*FIVE, "incident_updates"))
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=catalog), port_of(fake)
    changed_much(org)
    with FakeApi(org, port=port) as fake:
        calm = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        requests = len(asked(fake))
    assert requests > 10
    for number in range(1, requests):
        with failing_at(org, number, port) as fake:
            first = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        with FakeApi(org, port=port) as fake:
            second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(first) or last_state(before))
        assert (first.code, second.code) == (1, 0)
        for name in FIVE:
            assert first.keys(name) | second.keys(name) == due(org, name, marks(before)[name]), (number, name)
        assert set(first.keys("incident_updates")) | set(second.keys("incident_updates")) == set(
            calm.keys("incident_updates")
        )
        assert marks(second).keys() == marks(calm).keys()


def test_a_run_that_goes_on_reads_no_page_again(tap: Tap) -> None:
    org = organisation(30)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert first.keys("alerts") + second.keys("alerts") == Counter(key_of("alerts", r) for r in there(org, "alerts"))
    assert first.records("alerts")
    check(second)


def test_the_modes_of_actions_that_are_out_are_not_read_again(tap: Tap) -> None:
    org = organisation(60)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=faults) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("actions"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["actions"]["part"] == 2
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("actions"), state=last_state(first))
    modes = [dict(request.params)["incident_mode"] for request in fake.requests if request.path == "/v3/actions"]
    assert modes == ["stream"]
    assert asked(fake) == ["/v3/actions"]
    rows = Counter(key_of("actions", row) for row in there(org, "actions"))
    assert first.keys("actions") + second.keys("actions") == rows
    assert second.records("actions")


def test_the_lists_behind_the_interrupted_one_are_read_from_their_beginning(tap: Tap) -> None:
    org = organisation(600)
    stamp = rfc3339(now(hours=-1))
    of_standard = [n for n, row in enumerate(there(org, "actions")) if org.modes[row["incident_id"]] == "standard"]
    change(org, "actions", of_standard[-1], updated_at=stamp)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("actions"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["actions"]["after"]
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("actions"), state=last_state(first))
    assert second.code == 0
    assert marks(second) == {"actions": stamp}
    rows = Counter(key_of("actions", row) for row in there(org, "actions"))
    assert first.keys("actions") + second.keys("actions") == rows


def test_what_was_read_before_the_interruption_counts_for_the_bookmark(tap: Tap) -> None:
    org = organisation(120)
    stamp = rfc3339(now(hours=-1))
    change(org, "alerts", 0, updated_at=stamp)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["alerts"]["newest"] == stamp
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert marks(second) == {"alerts": stamp}


def test_the_bookmark_is_no_later_than_the_beginning_of_the_interrupted_run(tap: Tap) -> None:
    org = organisation(120)
    change(org, "alerts", -1, updated_at=rfc3339(now(hours=-1)))
    with failing_at(org, 2) as fake:
        state = last_state(tap(fake, settings=INCREMENTAL, catalog=only("alerts")))
        port = port_of(fake)
    began = rfc3339(now(days=-1))
    state["bookmarks"]["alerts"]["started"] = began
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=state)
    assert marks(second) == {"alerts": began}


def test_the_old_bookmark_stays_until_the_stream_has_ended(tap: Tap) -> None:
    org = organisation(330)
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=only("alerts")), port_of(fake)
    for number in range(101):
        change(org, "alerts", number, updated_at=rfc3339(now()))
    with FakeApi(org, port=port) as fake:
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(before))
    seen = [state["bookmarks"]["alerts"]["updated_at"] for state in run.states()]
    assert len(seen) > 2
    assert set(seen[:-1]) == set(marks(before).values())
    assert seen[-1] != seen[0]


def test_a_state_of_a_full_table_is_no_place_to_go_on_incrementally(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(120)
    with failing_at(org, 2) as fake:
        first = tap(fake, catalog=only("alerts"))
        port = port_of(fake)
    caplog.set_level("INFO")
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert second.keys("alerts") == Counter(key_of("alerts", row) for row in there(org, "alerts"))
    assert (
        "alerts: the selection or the settings have changed since the interrupted run: starting over" in caplog.messages
    )


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_incidents_that_come_behind_their_updates_have_them_nested(tap: Tap, strategy: str) -> None:
    org = organisation(40)
    catalog, settings = only("incidents", "incident_updates"), {**INCREMENTAL, "child_strategy": strategy}
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings, catalog=catalog)
        state = {**last_state(first), "currently_syncing": "incident_updates"}
        second = tap(fake, settings=settings, catalog=catalog, state=state)
    assert second.code == 0
    assert second.streams() == ["incident_updates", "incidents"]
    nested = {record["id"]: record["updates"] for record in first.records("incidents")}
    assert second.keys("incidents") == due(org, "incidents", marks(first)["incidents"])
    assert all(record["updates"] == nested[record["id"]] != [] for record in second.records("incidents"))


@pytest.mark.parametrize("mode", ["standard", "retrospective"])
def test_only_a_cursor_that_is_refused_is_tried_without(tap: Tap, mode: str) -> None:
    org = organisation(600)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == mode and "after" not in params else None

    settings = {**INCREMENTAL, "max_concurrency": 1}
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=settings, catalog=only("actions"))
        port = port_of(fake)
    state = {"state": last_state(first)} if mode == "retrospective" else {}
    with FakeApi(org, faults=faults, port=port) as fake:
        run = tap(fake, settings=settings, catalog=only("actions"), **state)
    assert run.code == 1
    assert [dict(r.params).get("incident_mode") for r in fake.requests if r.status == 422] == [mode]
