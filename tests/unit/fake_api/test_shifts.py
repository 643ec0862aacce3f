"""The stand-in's shifts: a window of time, an object of lists, and a cursor that takes the window's start's place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fake_api import NOW, FakeApi, Organisation
from tests.fake_api.making import instant
from tests.support import fake_client
from tests.support.fake_client import Params, ask

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api

PATH = "/v2/schedule_entries"
DAY = timedelta(days=1)


def asking(org: Organisation, start: datetime | str, end: datetime) -> Params:
    """Parameters for a window of the first schedule."""
    begin = start if isinstance(start, str) else start.isoformat()
    schedule = org.rows["/v2/schedules"][0]["id"]
    return [("schedule_id", schedule), ("entry_window_start", begin), ("entry_window_end", end.isoformat())]


def pages(api: FakeApi, org: Organisation, start: datetime, end: datetime) -> list[Any]:
    """The answers for a window, page by page."""
    found = [ask(api, PATH, asking(org, start, end)).json]
    while meta := found[-1].get("pagination_meta"):
        assert meta["after_url"].endswith(meta["after"])
        found.append(ask(api, PATH, asking(org, meta["after"], end)).json)
    return found


def test_the_pages_of_a_window_have_all_that_overlaps_with_it(api: FakeApi, org: Organisation) -> None:
    start, end = NOW - 10 * DAY, NOW + 10 * DAY
    found = pages(api, org, start, end)
    assert len(found) == 3
    mine = [row for row in org.rows[PATH] if row["schedule_id"] == org.rows["/v2/schedules"][0]["id"]]
    for name in ("final", "overrides", "scheduled"):
        got = [row["start_at"] for page in found for row in page["schedule_entries"][name]]
        wanted = [
            row["start_at"]
            for row in mine
            if row["entry_type"] == name and instant(row["start_at"])[0] < end and instant(row["end_at"])[0] > start
        ]
        assert list(dict.fromkeys(got)) == wanted
        if name == "final":
            assert len(got) > len(wanted) > 0, "a shift over a border comes twice"


def test_a_shift_does_not_say_whose_it_is_nor_where_it_stands(api: FakeApi, org: Organisation) -> None:
    (page,) = pages(api, org, NOW, NOW + 5 * DAY)
    shifts = page["schedule_entries"]["final"]
    assert shifts
    assert all(row.keys().isdisjoint({"schedule_id", "entry_type", "row_id", "id"}) for row in shifts)


def test_without_a_window_it_begins_now(api: FakeApi, org: Organisation) -> None:
    reply = ask(api, PATH, asking(org, NOW, NOW)[:1]).json
    assert reply == ask(api, PATH, asking(org, NOW, NOW + 14 * DAY)).json


@pytest.mark.parametrize("name", ["entry_window_start", "entry_window_end"])
def test_a_bound_that_is_no_time_is_refused(api: FakeApi, org: Organisation, name: str) -> None:
    params = [(key, "yesterday" if key == name else value) for key, value in asking(org, NOW, NOW + DAY)]
    assert ask(api, PATH, params).error["source"]["field"] == name


def test_a_window_that_ends_before_it_begins_is_refused(api: FakeApi, org: Organisation) -> None:
    assert ask(api, PATH, asking(org, NOW, NOW - DAY)).error["source"]["field"] == "entry_window_end"


def test_the_end_stays_what_it_was(api: FakeApi, org: Organisation) -> None:
    cursor = ask(api, PATH, asking(org, NOW, NOW + 14 * DAY)).json["pagination_meta"]["after"]
    assert ask(api, PATH, asking(org, cursor, NOW + 14 * DAY)).status == 200
    assert ask(api, PATH, asking(org, cursor, NOW + 15 * DAY)).status == 422
