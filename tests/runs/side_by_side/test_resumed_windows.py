"""A run that was stopped while a list was read in windows of time is resumed from any of its states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tap_incident.protocol.state import check as check_state
from tap_incident.sync.windows import from_json
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation
from tests.fake_api.server import Faults
from tests.runs.side_by_side.test_long_lists import TIMES, has_times, keys, long_list
from tests.support.faults import port_of
from tests.support.runs import Json, Run, check, key_of, only, there
from tests.support.thorough import sampled

pytestmark = pytest.mark.thorough
STORMS = TIMES["in storms"]


def windows_in(state: Json, name: str) -> list[Json]:
    """The windows of a list that are left to read."""
    found: list[Json] = state.get("bookmarks", {}).get(name, {}).get("windows") or []
    return found


def out_at(run: Run, place: int, name: str) -> Counter[tuple[str, ...]]:
    """The rows of a stream that were written before the message at this place."""
    return Counter(
        key_of(name, message["record"])
        for message in run.messages[:place]
        if message["type"] == "RECORD" and message["stream"] == name
    )


def most_windows(run: Run, name: str) -> tuple[int, Json]:
    """Place and value of the state with the most windows that are half read."""
    states = [(place, message["value"]) for place, message in enumerate(run.messages) if message["type"] == "STATE"]
    return max(states, key=lambda each: sum("after" in window for window in windows_in(each[1], name)))


def whole_run(tap: Tap, org: Organisation, name: str, latency: float = 0, **settings: Any) -> tuple[Run, int]:
    """A run that reads all of one list, and the port, since a state is only valid for the same address."""
    with FakeApi(org, latency=latency) as fake:
        run = tap(fake, catalog=only(name), settings={"child_strategy": "list", **settings})
        return run, port_of(fake)


def refusing(cursors: set[str], delay: float = 0) -> Faults:
    """422 for the first request with each of these cursors: the list no longer has them where they were."""
    left = set(cursors)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if params.get("after") not in left:
            return None
        left.remove(params["after"])
        return Fault(status=422, delay=delay)

    return faults


@pytest.mark.parametrize(("name", "workers"), [("alerts", 32), ("escalations", 1), ("follow_ups", 32)])
def test_resume_from_any_state_of_a_long_list_gives_the_other_rows(tap: Tap, name: str, workers: int) -> None:
    org = long_list(name, STORMS)
    first, port = whole_run(tap, org, name)
    places = [place for place, message in enumerate(first.messages) if message["type"] == "STATE"]
    assert sum(bool(windows_in(first.messages[place]["value"], name)) for place in places) > 5
    for place in sampled(places, 4):
        state = check_state(first.messages[place]["value"], "state.json")
        out = out_at(first, place, name)
        with FakeApi(org, port=port) as fake:
            settings = {"child_strategy": "list", "max_concurrency": workers}
            second = tap(fake, catalog=only(name), settings=settings, state=state)
        check(second)
        if not any(state["bookmarks"].get(name, {}).get(key) for key in ("after", "windows", "part")):
            continue  # All is out: this run read everything again.
        # Each STATE comes right after the last row of a page, so no row comes again.
        assert out + second.keys(name) == keys(org, name), place


@pytest.mark.parametrize("name", ["alerts", "actions"])
def test_windows_of_every_state_have_all_rows_that_are_not_out_yet(tap: Tap, name: str) -> None:
    org = long_list(name, STORMS, pages=40)
    # With some latency, windows are cut while others are written.
    run, _ = whole_run(tap, org, name, latency=0.02)
    left = {key_of(name, row): row for row in there(org, name)}
    cut = 0
    for message in run.messages:
        if message["type"] == "RECORD":
            del left[key_of(name, message["record"])]
        windows = [from_json(window) for window in windows_in(message.get("value", {}), name)]
        cut += bool(windows)
        if windows:
            assert [row["id"] for row in left.values() if not any(window.has(row) for window in windows)] == []
    assert cut > 20


def test_cursors_that_the_api_no_longer_knows_cost_no_row_and_repeat_none_in_a_run(tap: Tap) -> None:
    org = long_list("alerts", STORMS, pages=40)
    first, port = whole_run(tap, org, "alerts", latency=0.02, max_concurrency=64)
    place, state = most_windows(first, "alerts")
    known = {window["after"] for window in windows_in(state, "alerts") if "after" in window}
    assert len(known) > 1

    with FakeApi(org, faults=refusing(known, delay=0.2), port=port) as fake:
        second = tap(fake, catalog=only("alerts"), state=state)
    assert second.code == 0
    check(second)
    assert set(out_at(first, place, "alerts")) | set(second.keys("alerts")) == set(keys(org, "alerts"))


def test_one_cursor_that_the_api_no_longer_knows_repeats_no_row_in_a_run(tap: Tap) -> None:
    org = long_list("alerts", STORMS, pages=40)
    first, port = whole_run(tap, org, "alerts")
    place, state = most_windows(first, "alerts")
    *_, last = (window["after"] for window in windows_in(state, "alerts") if "after" in window)

    # The refusal comes late, when other windows are being written.
    with FakeApi(org, faults=refusing({last}, delay=0.3), port=port) as fake:
        second = tap(fake, catalog=only("alerts"), state=state)
    assert second.code == 0
    check(second)
    assert set(out_at(first, place, "alerts")) | set(second.keys("alerts")) == set(keys(org, "alerts"))


def test_windows_that_the_api_no_longer_takes_start_the_list_over(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = long_list("alerts", STORMS, pages=40)
    first, port = whole_run(tap, org, "alerts")
    _, state = most_windows(first, "alerts")

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422, delay=0.2) if has_times(params) else None

    with FakeApi(org, faults=faults, port=port) as fake:
        second = tap(fake, catalog=only("alerts"), state=state)
    assert second.code == 0
    check(second)
    assert second.keys("alerts") == keys(org, "alerts")
    assert sum("starting over" in line for line in caplog.messages) == 1
