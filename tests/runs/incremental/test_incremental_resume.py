"""An interrupted INCREMENTAL run continues from its last STATE."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.incremental import INCREMENTAL, INCREMENTAL_STREAMS, bookmarks, change, due, now, rfc3339
from tests.support.runs import asked, bare, check, key_of, only, there
from tests.support.thorough import sampled


def changed_much(org: Organisation) -> None:
    """Give some rows of each stream a new stamp, all within an hour."""
    for name in INCREMENTAL_STREAMS:
        for number in range(0, len(there(org, name)), 3):
            change(org, name, number, updated_at=rfc3339(now(minutes=-number % 60)))


@pytest.mark.slow
@pytest.mark.thorough
def test_incremental_resume_after_a_failure_at_any_request_gives_all_changed_rows(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    catalog = bare(only(*INCREMENTAL_STREAMS, "incident_updates"))
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=catalog), port_of(fake)
    changed_much(org)
    with FakeApi(org, port=port) as fake:
        calm = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        requests = len(asked(fake))
    assert requests > 7
    for number in sampled(range(1, requests), 2):
        with failing_at(org, number, port) as fake:
            first = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        with FakeApi(org, port=port) as fake:
            second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(first) or last_state(before))
        assert (first.code, second.code) == (1, 0)
        for name in INCREMENTAL_STREAMS:
            assert {*first.keys(name), *second.keys(name)} == set(due(org, name, bookmarks(before)[name])), (
                number,
                name,
            )
        assert set(first.keys("incident_updates")) | set(second.keys("incident_updates")) == set(
            calm.keys("incident_updates")
        )
        assert bookmarks(second).keys() == bookmarks(calm).keys()


def test_incremental_resume_reads_no_page_again(tap: Tap) -> None:
    org = organisation(30)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert first.keys("alerts") + second.keys("alerts") == Counter(key_of("alerts", r) for r in there(org, "alerts"))
    assert first.records("alerts")
    check(second)


def test_incremental_resume_skips_the_modes_of_actions_that_were_read(tap: Tap) -> None:
    org = organisation(60)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=401) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=faults) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("actions"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["actions"]["part"] == 2
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("actions"), state=last_state(first))
    modes = [dict(request.params)["incident_mode"] for request in fake.requests if request.path == "/v3/actions"]
    assert modes == ["stream"]
    assert asked(fake) == ["/v3/actions", "/v2/incidents"]
    rows = Counter(key_of("actions", row) for row in there(org, "actions"))
    assert first.keys("actions") + second.keys("actions") == rows
    assert second.records("actions")


def test_incremental_resume_reads_later_lists_from_the_beginning(tap: Tap) -> None:
    org = organisation(60, rows_per_page=25)
    stamp = rfc3339(now(hours=-1))
    of_standard = [n for n, row in enumerate(there(org, "actions")) if org.modes[row["incident_id"]] == "standard"]
    change(org, "actions", of_standard[-1], updated_at=stamp)
    with failing_at(org, 2) as fake:
        # One request at a time, so that it is a page of the first list that fails.
        first = tap(fake, settings={**INCREMENTAL, "max_concurrency": 1}, catalog=only("actions"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["actions"]["after"]
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("actions"), state=last_state(first))
    assert second.code == 0
    assert bookmarks(second) == {"actions": stamp}
    rows = Counter(key_of("actions", row) for row in there(org, "actions"))
    assert first.keys("actions") + second.keys("actions") == rows


def test_incremental_resume_counts_rows_of_the_interrupted_run_for_the_bookmark(tap: Tap) -> None:
    org = organisation(120)
    stamp = rfc3339(now(hours=-1))
    change(org, "alerts", 0, updated_at=stamp)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=INCREMENTAL, catalog=only("alerts"))
        port = port_of(fake)
    assert last_state(first)["bookmarks"]["alerts"]["newest"] == stamp
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert bookmarks(second) == {"alerts": stamp}


def test_incremental_resume_bookmark_is_not_after_the_start_of_the_interrupted_run(tap: Tap) -> None:
    org = organisation(120)
    change(org, "alerts", -1, updated_at=rfc3339(now(hours=-1)))
    with failing_at(org, 2) as fake:
        state = last_state(tap(fake, settings=INCREMENTAL, catalog=only("alerts")))
        port = port_of(fake)
    began = rfc3339(now(days=-1))
    state["bookmarks"]["alerts"]["started"] = began
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=state)
    assert bookmarks(second) == {"alerts": began}


@pytest.mark.parametrize("mode", ["standard", "retrospective"])
def test_incremental_resume_drops_only_a_cursor_that_the_api_refuses(tap: Tap, mode: str) -> None:
    org = organisation(60, rows_per_page=25)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=401) if params.get("incident_mode") == mode and "after" not in params else None

    settings = {**INCREMENTAL, "max_concurrency": 1}
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=settings, catalog=only("actions"))
        port = port_of(fake)
    state = {"state": last_state(first)} if mode == "retrospective" else {}
    with FakeApi(org, faults=faults, port=port) as fake:
        run = tap(fake, settings=settings, catalog=only("actions"), **state)
    assert run.code == 1
    assert [dict(r.params).get("incident_mode") for r in fake.requests if r.status == 401] == [mode]


def test_incremental_resume_starts_over_after_an_interrupted_full_refresh(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
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


def test_incremental_run_takes_the_state_of_a_full_refresh_and_the_other_way_round(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        interrupted = next(s for s in tap(fake, catalog=only("alerts")).states() if s["bookmarks"])
        run = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=interrupted)
        back = tap(fake, catalog=only("alerts"), state=run.states()[-1])
    assert run.keys("alerts") == back.keys("alerts") == Counter(key_of("alerts", r) for r in there(org, "alerts"))
    assert back.states()[-1] == run.states()[-1]


def test_incremental_resume_after_a_change_of_modes_does_not_log_a_new_start(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(32, rows_per_page=25)
    catalog = bare(only("incidents"))
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=catalog), port_of(fake)
    settings = {**INCREMENTAL, "incident_modes": ["standard", "retrospective", "test"]}
    with failing_at(org, 1, port) as fake:
        first = tap(fake, settings=settings, catalog=catalog, state=last_state(before))
    caplog.clear()
    caplog.set_level("INFO")
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=settings, catalog=catalog, state=last_state(first))
    assert second.code == 0
    assert first.records("incidents")
    assert not set(first.keys("incidents")) & set(second.keys("incidents"))
    assert "incidents: resuming where the interrupted run stopped" in caplog.messages
    assert not [line for line in caplog.messages if "reading all of it again" in line]
