"""The rows and the final state are the same however many requests are under way at once."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from itertools import cycle, pairwise

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.runs.side_by_side.test_long_lists import LONG, ROWS_PER_PAGE, TIMES, long_list
from tests.support.faults import port_of
from tests.support.runs import Json, Run, check, only, there
from tests.support.thorough import sampled


def rows_of(run: Run) -> Counter[str]:
    """All records, with their stream."""
    return Counter(
        json.dumps([message["stream"], message["record"]]) for message in run.messages if message["type"] == "RECORD"
    )


@cache
def with_long_lists() -> Organisation:
    """An organisation in which each list that can be read in windows is long enough for it."""
    org = organisation(8, rows_per_page=ROWS_PER_PAGE)
    for name, times in zip(LONG, cycle(TIMES.values()), strict=False):
        path = BY_NAME[name].path
        org.rows[path] = long_list(name, times, pages=3, incidents=8).rows[path]
    return org


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("strategy", "method"),
    [
        ("auto", "INCREMENTAL"),
        ("per_incident", "FULL_TABLE"),
        pytest.param("auto", "FULL_TABLE", marks=pytest.mark.slow),
        pytest.param("per_incident", "INCREMENTAL", marks=pytest.mark.slow),
        pytest.param("list", "FULL_TABLE", marks=pytest.mark.slow),
        pytest.param("list", "INCREMENTAL", marks=pytest.mark.slow),
    ],
)
def test_rows_and_final_state_are_the_same_for_any_number_of_requests_at_once(
    tap: Tap, method: str, strategy: str
) -> None:
    org = with_long_lists()
    catalog = only("incidents", "incident_updates", "incident_attachments", "users", "teams", *LONG)
    settings = {"replication_method": method, "child_strategy": strategy}
    with FakeApi(org) as fake:
        one = tap(fake, catalog=catalog, settings={**settings, "max_concurrency": 1})
        assert fake.most_at_once == 1
        check(one)
        for workers in sampled((32, 2, 8, 64), 1):
            many = tap(fake, catalog=catalog, settings={**settings, "max_concurrency": workers})
            check(many)
            assert rows_of(many) == rows_of(one), workers
            assert many.states()[-1] == one.states()[-1], workers
    for name in LONG:
        assert len(one.records(name)) == len(there(org, name))


@pytest.mark.parametrize("workers", [2, 32])
def test_rows_below_a_list_in_windows_come_once_and_after_their_parent(tap: Tap, workers: int) -> None:
    org = with_long_lists()
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alerts", "alert_notes"), settings={"max_concurrency": workers})
    check(run)
    assert len(run.records("alerts")) == len(there(org, "alerts"))
    out: set[str] = set()
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "alerts":
            out.add(message["record"]["id"])
        elif message["type"] == "RECORD":
            assert not message["record"].get("alert_id") or message["record"]["alert_id"] in out


@pytest.mark.parametrize("workers", [1, 64])
def test_second_incremental_run_reads_the_same_changes_for_any_number_of_requests_at_once(
    tap: Tap, workers: int
) -> None:
    org = organisation(8)
    with FakeApi(org) as fake:
        port = port_of(fake)
        state = tap(fake, settings={"replication_method": "INCREMENTAL"}).states()[-1]
    with FakeApi(org, port=port) as fake:
        settings = {"replication_method": "INCREMENTAL"}
        expected = tap(fake, settings={**settings, "max_concurrency": 8}, state=state)
        found = tap(fake, settings={**settings, "max_concurrency": workers}, state=state)
    assert rows_of(found) == rows_of(expected)
    assert found.states()[-1] == expected.states()[-1]


def test_one_request_at_a_time_reads_stream_by_stream(tap: Tap) -> None:
    with FakeApi(organisation(8)) as fake:
        run = tap(fake, catalog=only("alerts", "escalations", "severities", "teams"), settings={"max_concurrency": 1})
    order = [message["stream"] for message in run.messages if message["type"] == "RECORD"]
    changes = sum(one != other for one, other in pairwise(order))
    assert changes == len(set(order)) - 1


@pytest.mark.parametrize("workers", [1, 32])
def test_row_of_a_parent_comes_before_its_childrens(tap: Tap, workers: int) -> None:
    catalog = only("incidents", "incident_updates", "incident_attachments")
    with FakeApi(organisation(20)) as fake:
        run = tap(fake, catalog=catalog, settings={"max_concurrency": workers, "child_strategy": "per_incident"})
    out: set[str] = set()
    children: list[Json] = []
    for message in run.messages:
        if message["type"] != "RECORD":
            continue
        if message["stream"] == "incidents":
            out.add(message["record"]["id"])
        elif message["stream"] in ("incident_updates", "incident_attachments"):
            assert message["record"]["incident_id"] in out
            children.append(message["record"])
    assert children
