"""Long lists are read in windows of time at once: each row comes exactly once, also after an interruption."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest

from tap_incident.protocol.state import check as check_state
from tap_incident.streams import BY_NAME
from tap_incident.timestamps import rfc3339
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.faults import last_state, port_of
from tests.support.runs import Json, asked, check, key_of, only, there
from tests.support.thorough import sampled

BEGIN = datetime(2024, 1, 1, tzinfo=timezone.utc)
LONG = ("alerts", "escalations", "actions", "follow_ups", "workflow_runs")
ROWS_PER_PAGE = 20
BY_LIST = {"child_strategy": "list"}

# In: the number of a row, and how many there are. Out: when it was created, in seconds after the beginning.
Times = Callable[[int, int], float]
TIMES: dict[str, Times] = {
    "evenly": lambda number, count: number * 5000,
    "in storms": lambda number, count: number // 28 * 300_000 + number % 28 // 10,
    "mostly at once": lambda number, count: 0 if number < count * 0.9 else number * 7000,
}


def long_list(name: str, times: Times, pages: int = 9, incidents: int = 12) -> Organisation:
    """An organisation in which one list has that many full pages, and one row more."""
    org = organisation(incidents, rows_per_page=ROWS_PER_PAGE)
    stream = BY_NAME[name]
    rows = [row for row in org.rows[stream.path] if row.get("incident_id") in {None, *standard(org)}]
    rows = sorted(rows, key=lambda row: len(json.dumps(row)))[:5]  # Short ones, since there will be many.
    count = pages * ROWS_PER_PAGE + 1
    org.rows[stream.path] = [
        {
            **{key: value for key, value in rows[number % len(rows)].items() if key != "alert_group_ids"},
            "id": f"01J{number:023d}",
            "created_at": (BEGIN + timedelta(seconds=times(number, count))).isoformat()[:19] + "Z",
        }
        for number in range(count)
    ]
    return org


def standard(org: Organisation) -> set[str]:
    """Ids of the incidents of mode standard."""
    return {row["id"] for row in there(org, "incidents", ("standard",))}


def has_times(params: Mapping[str, str]) -> bool:
    """True for a request for a window of time."""
    return any(name.startswith("created_at") for name in params)


def is_window(params: Mapping[str, str]) -> bool:
    """True for a request for a window of time, but not for the first one of the window that comes next in a list whose
    rows were created evenly: if that is refused, the list is read without windows."""
    seconds = TIMES["evenly"](3 * ROWS_PER_PAGE - 1, 0)
    trial = rfc3339(BEGIN + timedelta(seconds=seconds - 1) - timedelta(minutes=10))
    asked = [value for name, value in params.items() if name.startswith("created_at")]
    return bool(asked) and ("after" in params or not asked[0].startswith(trial))


def keys(org: Organisation, name: str) -> Counter[tuple[str, ...]]:
    """The keys of all rows that a run must read."""
    return Counter(key_of(name, row) for row in there(org, name))


def windows_of(fake: FakeApi, name: str) -> set[str]:
    """The windows of time that were asked for."""
    params = [pair for request in fake.requests if request.path == BY_NAME[name].path for pair in request.params]
    return {value for key, value in params if key.startswith("created_at")}


@pytest.mark.parametrize("spread", TIMES)
@pytest.mark.parametrize("name", LONG)
def test_rows_of_a_long_list_come_exactly_once(tap: Tap, name: str, spread: str) -> None:
    org = long_list(name, TIMES[spread])
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(name), settings=BY_LIST)
    assert run.code == 0
    check(run)
    assert run.keys(name) == keys(org, name)
    assert len(windows_of(fake, name)) > 1 or spread == "mostly at once"


@pytest.mark.parametrize("name", ["alerts", "escalations"])
def test_rows_of_a_list_that_comes_newest_first(tap: Tap, name: str) -> None:
    org = long_list(name, TIMES["in storms"])
    org.rows[BY_NAME[name].path].reverse()
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(name))
    assert run.keys(name) == keys(org, name)
    assert len(windows_of(fake, name)) > 1


def test_list_in_no_order_is_read_as_before(tap: Tap) -> None:
    org = long_list("alerts", TIMES["evenly"])
    random.Random(1).shuffle(org.rows["/v2/alerts"])
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.keys("alerts") == keys(org, "alerts")
    assert not windows_of(fake, "alerts")


def test_list_of_three_pages_costs_no_more_than_before(tap: Tap) -> None:
    org = long_list("alerts", TIMES["in storms"], pages=2)
    with FakeApi(org) as fake:
        tap(fake, catalog=only("alerts"))
    assert Counter(asked(fake)) == {"/v2/alerts": 3}


def test_one_request_at_a_time_reads_no_windows(tap: Tap) -> None:
    org = long_list("alerts", TIMES["evenly"])
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alerts"), settings={"max_concurrency": 1})
    assert run.keys("alerts") == keys(org, "alerts")
    assert not windows_of(fake, "alerts")


@pytest.mark.parametrize("workers", [2, 8, 64])
def test_rows_and_final_state_do_not_depend_on_the_number_of_requests_at_once(tap: Tap, workers: int) -> None:
    org = long_list("alerts", TIMES["in storms"])
    settings = {"replication_method": "INCREMENTAL"}
    with FakeApi(org) as fake:
        one = tap(fake, catalog=only("alerts"), settings={**settings, "max_concurrency": 1})
        many = tap(fake, catalog=only("alerts"), settings={**settings, "max_concurrency": workers})
    assert one.keys("alerts") == many.keys("alerts")
    assert one.states()[-1] == many.states()[-1]


def test_api_that_refuses_windows_is_read_as_before(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if has_times(params) else None

    org = long_list("alerts", TIMES["evenly"])
    with FakeApi(org, faults=faults) as fake, caplog.at_level("INFO"):
        run = tap(fake, catalog=only("alerts"))
    assert run.code == 0
    assert run.keys("alerts") == keys(org, "alerts")
    assert sum("it can't be read in windows of time" in line for line in caplog.messages) == 1
    refused = [request for request in fake.requests if request.status == 422]
    assert 1 <= len(refused) <= 32
    assert len(asked(fake)) == 10 + len(refused)


def test_rows_that_are_created_meanwhile_change_nothing_for_the_others(tap: Tap) -> None:
    org = long_list("alerts", TIMES["evenly"])
    before = keys(org, "alerts")

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        row = {**org.rows[path][-1], "id": f"01K{number:023d}"} if path == "/v2/alerts" else None
        if row:
            created = datetime.fromisoformat(row["created_at"].replace("Z", "+00:00")) + timedelta(seconds=1)
            org.rows[path].append({**row, "created_at": created.isoformat()[:19] + "Z"})
        return None

    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=only("alerts"))
    found = run.keys("alerts")
    assert max(found.values()) == 1
    assert before <= found


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["alerts", pytest.param("actions", marks=pytest.mark.slow)])
def test_resume_after_a_failure_at_any_request_of_a_long_list(tap: Tap, name: str) -> None:
    org = long_list(name, TIMES["in storms"])
    with FakeApi(org) as fake:
        tap(fake, catalog=only(name), settings=BY_LIST)
        requests, port = len(asked(fake)), port_of(fake)
    cut = 0
    for number in sampled(range(1, requests), 5):
        with FakeApi(org, faults=failing_from(number), port=port) as fake:
            first = tap(fake, catalog=only(name), settings=BY_LIST)
        if first.code == 0:
            continue  # How often a list is cut depends on what has arrived: this time it took fewer requests.
        state = last_state(first)
        cut += "windows" in state.get("bookmarks", {}).get(name, {})
        with FakeApi(org, port=port) as fake:
            second = tap(fake, catalog=only(name), settings=BY_LIST, state=check_state(state, "state.json"))
        assert second.code == 0
        assert set(first.keys(name)) | set(second.keys(name)) == set(keys(org, name)), number
        # A kill repeats only what was in flight: here nothing, since STATE follows each page.
        assert max((first.keys(name) + second.keys(name)).values()) == 1
    assert cut > 1


def failing_from(number: int) -> Callable[[int, str, Mapping[str, str]], Fault | None]:
    """401, which ends a run, from the request with this number on; the first one asks whose key it is."""
    return lambda count, path, params: Fault(status=401) if count > number and path != "/v1/identity" else None


WRONG: list[Any] = [
    {},
    [{"from": 1, "to": None, "newest_first": True}],
    [{"from": "x", "to": None, "newest_first": True}],
]


@pytest.mark.parametrize("windows", WRONG)
def test_state_with_windows_that_say_nothing_is_refused(
    tap: Tap, caplog: pytest.LogCaptureFixture, windows: Any
) -> None:
    state: Json = {"bookmarks": {"alerts": {"walk": "x", "windows": windows}}}
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only("alerts"), state=state)
    assert run.code == 1
    assert '"windows" in the bookmark of "alerts" must be' in caplog.messages[-1]


def test_windows_that_the_api_no_longer_accepts_start_the_list_over(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = long_list("alerts", TIMES["evenly"])

    def failing_at_second_pages(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if has_times(params) and "after" in params else None

    with FakeApi(org, faults=failing_at_second_pages) as fake:
        port = port_of(fake)
        first = tap(fake, catalog=only("alerts"))
    state = last_state(first)
    assert state["bookmarks"]["alerts"]["windows"]

    def refusing(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if has_times(params) else None

    with FakeApi(org, faults=refusing, port=port) as fake:
        second = tap(fake, catalog=only("alerts"), state=state)
    assert second.code == 0
    assert second.keys("alerts") == keys(org, "alerts")
    assert "starting over" in caplog.text


@pytest.mark.parametrize("number", [4, 9, 14])
def test_error_in_one_window_ends_the_list_and_the_run_goes_on(tap: Tap, number: int) -> None:
    org = long_list("alerts", TIMES["evenly"], pages=40)
    asked_windows = count(1)

    def faults(_: int, path: str, params: Mapping[str, str]) -> Fault | None:
        # Late, so that pages of the other windows have arrived and wait.
        return Fault(status=422, delay=0.05) if is_window(params) and next(asked_windows) == number else None

    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=only("alerts", "users"))
    assert run.code == 1
    check(run)
    assert run.keys("users") == keys(org, "users")
    assert len(run.records("alerts")) < len(org.rows["/v2/alerts"])


def test_main_thread_sleeps_while_it_waits_for_children(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if number == 500:  # By now, the other windows wait for the children of one.
            signal.raise_signal(signal.SIGTERM)
        return Fault(delay=0.3) if path == "/v1/alert_notes" else None

    with FakeApi(long_list("alerts", TIMES["evenly"], pages=60), faults=faults) as fake:
        began = time.monotonic(), time.thread_time()
        run = tap(fake, catalog=only("alerts", "alert_notes"))
        wall, busy = time.monotonic() - began[0], time.thread_time() - began[1]
    assert run.code == 143
    assert busy < wall / 5, f"{busy:.2f} of {wall:.2f} s"
