"""Long lists are read in windows of time at once: each row comes exactly once, also after an interruption."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count, cycle

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.faults import last_state, port_of
from tests.support.runs import Json, Run, asked, check, key_of, only, there
from tests.support.thorough import sampled

BEGIN = datetime(2024, 1, 1, tzinfo=timezone.utc)
LONG = ("alerts", "escalations", "actions", "follow_ups", "workflow_runs")
ROWS_PER_PAGE = 20
Rows = list[Json]
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
    standard = {row["id"] for row in there(org, "incidents", ("standard",))}
    rows = [row for row in org.rows[stream.path] if row.get("incident_id") in {None, *standard}]
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


@cache
def with_long_lists() -> Organisation:
    """An organisation in which each list that can be read in windows is long enough for it; it is only read."""
    org = organisation(20, rows_per_page=ROWS_PER_PAGE)
    for name, times in zip(LONG, cycle(TIMES.values()), strict=False):
        path = BY_NAME[name].path
        notes = [{**row, "alert_id": "01J" + "0" * 23} for row in org.rows["/v1/alert_notes"] if row.get("alert_id")]
        org.rows[path] = long_list(name, times, pages=3, incidents=20).rows[path]
    org.rows["/v1/alert_notes"] = notes[:1]
    return org


def has_times(params: Mapping[str, str]) -> bool:
    """True for a request for a window of time."""
    return any(name.startswith("created_at") for name in params)


def keys(org: Organisation, name: str) -> Counter[tuple[str, ...]]:
    """The keys of all rows that a run must read."""
    return Counter(key_of(name, row) for row in there(org, name))


def windows_of(fake: FakeApi, name: str) -> set[str]:
    """The windows of time that were requested."""
    params = [pair for request in fake.requests if request.path == BY_NAME[name].path for pair in request.params]
    return {value for key, value in params if key.startswith("created_at")}


ORDERS: dict[str, Callable[[Rows], object]] = {
    "oldest first": lambda rows: None,
    "newest first": lambda rows: rows.reverse(),
    "no order": random.Random(1).shuffle,
}
LISTS = [(name, spread, "oldest first") for name in LONG for spread in TIMES]
LISTS += [(name, "in storms", "newest first") for name in ("alerts", "escalations")]
LISTS += [("alerts", "evenly", "no order")]


@pytest.mark.parametrize(("name", "spread", "order"), LISTS)
def test_rows_of_a_long_list_come_exactly_once(tap: Tap, name: str, spread: str, order: str) -> None:
    org = long_list(name, TIMES[spread])
    ORDERS[order](org.rows[BY_NAME[name].path])
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(name), settings=BY_LIST)
    check(run)
    assert run.keys(name) == keys(org, name)
    assert len(windows_of(fake, name)) > 1 or spread == "mostly at once" or order == "no order"


def test_list_of_two_pages_costs_no_more_than_without_windows(tap: Tap) -> None:
    with FakeApi(long_list("alerts", TIMES["in storms"], pages=1)) as fake:
        tap(fake, catalog=only("alerts"))
    assert Counter(asked(fake)) == {"/v2/alerts": 2}


def test_api_that_refuses_windows_is_read_page_by_page(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=422) if has_times(params) else None

    org = long_list("alerts", TIMES["evenly"])
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.code == 0
    assert run.keys("alerts") == keys(org, "alerts")
    refused = [request for request in fake.requests if request.status == 422]
    assert 1 <= len(refused) <= 32
    assert len(asked(fake)) == 10 + len(refused)


def test_rows_that_are_created_meanwhile_change_nothing_for_the_others(tap: Tap) -> None:
    org = long_list("alerts", TIMES["evenly"])
    before = keys(org, "alerts")

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v2/alerts":
            created = BEGIN + timedelta(days=400, seconds=number)
            row = {**org.rows[path][-1], "id": f"01K{number:023d}", "created_at": created.isoformat()[:19] + "Z"}
            org.rows[path].append(row)
        return None

    with FakeApi(org, faults=faults) as fake:
        found = tap(fake, catalog=only("alerts")).keys("alerts")
    assert max(found.values()) == 1
    assert before <= found


def out_at(run: Run, place: int, name: str) -> Counter[tuple[str, ...]]:
    """The rows of a stream that were written before the message at this place."""
    before = (message for message in run.messages[:place] if message["type"] == "RECORD" and message["stream"] == name)
    return Counter(key_of(name, message["record"]) for message in before)


def states_of(run: Run, name: str) -> list[tuple[int, Json]]:
    """Place and value of each STATE in which the list is not complete."""
    states = [(place, message["value"]) for place, message in enumerate(run.messages) if message["type"] == "STATE"]
    return [(place, state) for place, state in states if "walk" in state["bookmarks"].get(name, {})]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "workers"), [("alerts", 32), ("escalations", 1), ("follow_ups", 32)])
def test_resume_from_any_state_of_a_long_list_gives_the_other_rows(tap: Tap, name: str, workers: int) -> None:
    org = long_list(name, TIMES["in storms"])
    with FakeApi(org) as fake:
        first, port = tap(fake, catalog=only(name), settings=BY_LIST), port_of(fake)
    states = states_of(first, name)
    assert len(states) > 5
    for number in sampled(range(len(states)), 4):
        place, state = states[number]
        with FakeApi(org, port=port) as fake:
            second = tap(fake, catalog=only(name), settings={**BY_LIST, "max_concurrency": workers}, state=state)
        check(second)
        assert out_at(first, place, name) + second.keys(name) == keys(org, name), place


ROW_WITHOUT_TIME = json.dumps({"alerts": [{"id": "x", "created_at": None}]})
FAULTS = [Fault(status=status, delay=0.05) for status in (422, 403, 404)] + [Fault(status=200, body=ROW_WITHOUT_TIME)]


@pytest.mark.parametrize("fault", FAULTS, ids=["422", "403", "404", "row without a time"])
def test_error_in_a_window_ends_its_stream_and_the_next_run_reads_the_rest(
    tap: Tap, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    windows = count(1)

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        # A later page of a window: the first tells whether the API accepts windows.
        return fault if has_times(params) and "after" in params and next(windows) == 3 else None

    org, catalog = long_list("alerts", TIMES["evenly"], pages=24), only("alerts", "severities")
    with FakeApi(org, faults=faults) as fake:
        port = port_of(fake)
        first = tap(fake, catalog=catalog)
    check(first)
    assert first.code == 1
    assert caplog.messages[-1].startswith("alerts: ")
    assert len(first.records("severities")) == len(org.rows["/v1/severities"])
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=last_state(first))
    check(second)
    assert second.code == 0
    assert set(first.keys("alerts")) | set(second.keys("alerts")) == set(keys(org, "alerts"))
