"""Long lists are read in windows of time at once. Any order, and a resume: tests/unit/sync/test_reader.py."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.faults import last_state, port_of
from tests.support.runs import asked, check, key_of, only, there

BEGIN = datetime(2024, 1, 1, tzinfo=timezone.utc)
ROWS_PER_PAGE = 20

# In: the number of a row, and how many there are. Out: when it was created, in seconds after the beginning.
Times = Callable[[int, int], float]
TIMES: dict[str, Times] = {
    "evenly": lambda number, count: number * 5000,
    "in storms": lambda number, count: number // 28 * 300_000 + number % 28 // 10,
    "mostly at once": lambda number, count: 0 if number < count * 0.9 else number * 7000,
}
LONG = {
    "alerts": "evenly",
    "escalations": "in storms",
    "actions": "mostly at once",
    "follow_ups": "evenly",
    "workflow_runs": "in storms",
}


def long_list(name: str, times: str, pages: int = 9, incidents: int = 12) -> Organisation:
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
            "created_at": (BEGIN + timedelta(seconds=TIMES[times](number, count))).isoformat()[:19] + "Z",
        }
        for number in range(count)
    ]
    return org


@cache
def with_long_lists() -> Organisation:
    """An organisation in which each list that can be read in windows is long enough for it; it is only read."""
    org = organisation(20, rows_per_page=ROWS_PER_PAGE)
    for name, times in LONG.items():
        org.rows[BY_NAME[name].path] = long_list(name, times, pages=3, incidents=20).rows[BY_NAME[name].path]
    return org


def has_times(params: Mapping[str, str]) -> bool:
    """True for a request for a window of time."""
    return any(name.startswith("created_at") for name in params)


def keys(org: Organisation, name: str) -> Counter[tuple[str, ...]]:
    """The keys of all rows that a run must read."""
    return Counter(key_of(name, row) for row in there(org, name))


@pytest.mark.parametrize(("name", "times"), LONG.items())
def test_rows_of_a_long_list_come_exactly_once(tap: Tap, name: str, times: str) -> None:
    org = long_list(name, times)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(name), settings={"child_strategy": "list"})
    check(run)
    assert run.keys(name) == keys(org, name)
    windows = [request for request in fake.requests if has_times(dict(request.params))]
    assert len(windows) > 1 or times == "mostly at once"


def test_list_of_two_pages_costs_no_more_than_without_windows(tap: Tap) -> None:
    with FakeApi(long_list("alerts", "in storms", pages=1)) as fake:
        tap(fake, catalog=only("alerts"))
    assert Counter(asked(fake)) == {"/v2/alerts": 2}


def test_rows_that_are_created_meanwhile_change_nothing_for_the_others(tap: Tap) -> None:
    org = long_list("alerts", "evenly")
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


ROW_WITHOUT_TIME = json.dumps({"alerts": [{"id": "x", "created_at": None}]})


@pytest.mark.parametrize("fault", [Fault(status=422, delay=0.05), Fault(status=200, body=ROW_WITHOUT_TIME)])
def test_error_in_a_window_ends_its_stream_and_the_next_run_reads_the_rest(
    tap: Tap, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    windows = count(1)

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        # A later page of a window: the first tells whether the API accepts windows.
        return fault if has_times(params) and "after" in params and next(windows) == 3 else None

    org, catalog = long_list("alerts", "evenly", pages=24), only("alerts", "severities")
    with FakeApi(org, faults=faults) as fake:
        first, port = tap(fake, catalog=catalog), port_of(fake)
    check(first)
    assert first.code == 1
    assert caplog.messages[-1].startswith("alerts: ")
    assert len(first.records("severities")) == len(org.rows["/v1/severities"])
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=last_state(first))
    check(second)
    assert second.code == 0
    assert set(first.keys("alerts")) | set(second.keys("alerts")) == set(keys(org, "alerts"))
