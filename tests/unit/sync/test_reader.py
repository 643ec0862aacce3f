"""Readers: every row of a long list exactly once, in windows or not, and what a reader says to the writer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_incident.api.answers import Page
from tap_incident.errors import BadData, Gone, Rejected, Stopped
from tap_incident.protocol.state import Left
from tap_incident.streams import BY_NAME
from tap_incident.sync.problems import Status
from tap_incident.sync.reader import fill, read
from tap_incident.sync.reading import Batch, Failed, Fatal, Gift, PageEnd, Source
from tap_incident.sync.spool import Spool
from tap_incident.sync.windows import Room
from tap_incident.timestamps import instant
from tests.support.runs import Json, only
from tests.unit.sync.hand_made import BEGAN, begun, ids, node, run, sharing, step

PRESENT = datetime(2026, 6, 1, tzinfo=timezone.utc)
DIGITS = ("", ".0", ".5", ".500000000", ".500000001", ".999999999")


def stamp(seconds: float, digits: str = "", hours: int = 0) -> str:
    """The time so many seconds ago, with these digits and this offset."""
    local = (PRESENT - timedelta(seconds=int(seconds)) + timedelta(hours=hours)).isoformat()[:19]
    return f"{local}{digits}{f'{hours:+03d}:00' if hours else 'Z'}"


class LongList:
    """A list that the API filters by `created_at`. The ends of its filter may be in or out."""

    def __init__(self, stamps: list[str], name: str, order: str, size: int, *, closed: bool = True) -> None:
        rows = [{"id": f"R{number:05d}", "created_at": text} for number, text in enumerate(stamps)]
        if order != "none":
            rows.sort(key=lambda row: (instant(row["created_at"]), row["id"]), reverse=order == "newest first")
        self.rows, self.size, self.closed = rows, size, closed
        self.by_day = BY_NAME[name].incremental.days_only
        self.places = [self._place(row["created_at"]) for row in rows]
        self.ignores = False

    def _place(self, text: str) -> Any:
        return (text if len(text) == 10 else instant(text)[0].date().isoformat()) if self.by_day else instant(text)

    def __call__(self, name: str, params: Mapping[str, str], after: str | None) -> Page:
        """One page."""
        found = {key: value for key, value in params.items() if key.startswith("created_at")}
        assert len(found) <= 1
        start = end = ""
        for key, value in {} if self.ignores else found.items():
            start, end = value.split("~") if "~" in value else (value, "") if "gte" in key else ("", value)
        low, high = (self._place(each) if each else None for each in (start, end))
        shown = [
            row
            for row, place in zip(self.rows, self.places, strict=True)
            if (low is None or place > low or (self.closed and place == low))
            and (high is None or place < high or (self.closed and place == high))
        ]
        begin = 1 + next(at for at, row in enumerate(shown) if row["id"] == after) if after else 0
        page = shown[begin : begin + self.size]
        return Page([dict(row) for row in page], page[-1]["id"] if shown[begin + self.size :] else None)


def world(kind: str, count: int) -> list[str]:
    """Times of rows: spread evenly, mostly recent, in storms, or half of them within half an hour."""
    rnd, found = random.Random(7), []
    for number in range(count):
        days = {
            "even": rnd.uniform(0, 365),
            "recent": rnd.expovariate(1 / 60),
            "storms": rnd.uniform(0, 700) if number % 3 else 350 + number % 5 + rnd.random(),
            "burst": rnd.uniform(0, 700) if number % 2 else 100 + rnd.uniform(0, 0.02),
        }[kind]
        found.append(stamp(days * 86_400, rnd.choice(DIGITS), rnd.choice([0, 0, 2])))
    return found


def windows(asked: list[Any]) -> set[str]:
    """The windows that were asked for."""
    return {value for _, params, _ in asked for key, value in params.items() if key.startswith("created_at")}


@pytest.mark.parametrize("kind", ["even", "recent", "storms", "burst"])
@pytest.mark.parametrize("order", ["newest first", "oldest first", "none"])
@pytest.mark.parametrize("name", ["alerts", "escalations"])
def test_each_row_of_a_long_list_comes_once_and_a_state_speaks_for_the_rows_before_it(
    name: str, order: str, kind: str
) -> None:
    full = LongList(world(kind, 1_000), name, order, 25, closed=kind != "storms")
    messages, client, failed = run(only(name), full, max_concurrency=8)
    expected = Counter(row["id"] for row in full.rows)
    assert failed is None
    assert Counter(ids(messages, name)) == expected
    assert bool(windows(client.asked)) is (order != "none")
    # With the state of any place, another run reads the rest: no more than a page of each window twice.
    states = [at for at, each in enumerate(messages) if each["type"] == "STATE"]
    for at in (states[0], states[len(states) // 2], states[-2]):
        state = messages[at]["value"]
        rest, _, _ = run(only(name), full, state, max_concurrency=8)
        again = Counter(ids(rest, name))
        assert max(again.values(), default=1) == 1
        both = Counter(ids(messages[:at], name)) + again
        assert both.keys() == expected.keys()
        assert both.total() <= expected.total() + 8 * full.size


AGES = st.sampled_from([100, 100, 101, 5_000]) | st.integers(0, 300) | st.integers(0, 30_000_000)
STAMPS = st.builds(stamp, AGES, st.sampled_from(DIGITS), st.sampled_from([0, 0, 2]))


@settings(max_examples=25, deadline=None)
@given(
    stamps=st.lists(STAMPS, min_size=13, max_size=60),
    name=st.sampled_from(["alerts", "escalations"]),
    order=st.sampled_from(["newest first", "oldest first", "none"]),
    closed=st.booleans(),
)
def test_each_row_of_any_list_comes_once(stamps: list[str], name: str, order: str, closed: bool) -> None:
    listed = LongList(stamps, name, order, 4, closed=closed)
    messages, _, _ = run(only(name), listed, max_concurrency=3)
    assert Counter(ids(messages, name)) == Counter(row["id"] for row in listed.rows)


@pytest.mark.parametrize("refused", [True, False])
def test_filter_that_is_refused_or_ignored_costs_one_request(refused: bool) -> None:
    listed = LongList(world("even", 400), "alerts", "newest first", 10)
    listed.ignores = True

    def answers(name: str, params: Mapping[str, str], after: str | None) -> Page:
        if refused and windows([("", params, "")]):
            raise Rejected("422")
        return listed(name, params, after)

    messages, client, failed = run(only("alerts"), answers)
    assert (failed, len(client.asked)) == (None, 40 + 1)
    assert Counter(ids(messages, "alerts")) == Counter(row["id"] for row in listed.rows)


def test_with_one_request_at_a_time_there_are_no_windows() -> None:
    _, client, _ = run(only("alerts"), LongList(world("even", 400), "alerts", "newest first", 10), max_concurrency=1)
    assert len(client.asked) == 40


def source(
    name: str = "alerts", after: str | None = None, left: Left | None = None, since: str | None = None
) -> Source:
    """The first list of a stream, from a cursor on."""
    start = begun(step(name, method="INCREMENTAL" if since else "FULL_TABLE"), start_date=since)
    left = left or Left(after=after)
    return Source(start, left, *start.listing(left, BEGAN), Room(1, 1))


def rows_in(items: list[Any]) -> list[int]:
    """How many rows each batch has, or each page."""
    return [len(item.lines) if isinstance(item, Batch) else item.rows for item in items]


def test_reader_puts_rows_before_the_end_of_their_page() -> None:
    pages = {None: Page([{"id": "U1"}, {"id": "U2"}], "c1", 3), "c1": Page([{"id": "U3"}], None, 3)}
    read_now = source("users")
    with sharing(lambda name, params, after: pages[after]) as (shared, items):
        read(shared, read_now)
    assert [type(item) for item in items] == [Batch, PageEnd, Batch, PageEnd]
    assert rows_in(items) == [2, 2, 1, 1]
    ends = [item for item in items if isinstance(item, PageEnd)]
    assert [(end.after, end.total, end.source) for end in ends] == [("c1", 3, read_now), (None, 3, read_now)]


def test_changed_rows_include_those_without_a_time() -> None:
    at = "2026-01-31T10:00:00"
    times = [f"{at}.49Z", f"{at}.50Z", "2026-01-31T12:00:00.6+02:00", f"{at}.500000001Z", None, "", f"{at}Z"]
    rows: list[Json] = [{"id": str(number), "updated_at": time} for number, time in enumerate(times)]
    with sharing(lambda *_: Page(rows)) as (shared, items):
        read(shared, source(since=f"{at}.5Z"))
    assert rows_in(items) == [5, 5]
    assert items[-1].newest == times[2]  # type: ignore[union-attr]


@pytest.mark.parametrize("error", [Rejected("no such cursor"), Gone("no such cursor")])
def test_cursor_that_is_not_accepted_any_more_starts_the_list_over(error: Any, caplog: Any) -> None:
    def answers(name: str, params: Any, after: str | None) -> Page:
        if after:
            raise error
        return Page([{"id": "U1"}])

    with sharing(answers) as (shared, items):
        read(shared, source("users", after="old"))
    assert rows_in(items) == [1, 1]
    assert "users: the API does not accept the cursor of the state: starting over. (no such cursor)" in caplog.text


@pytest.mark.parametrize(
    ("error", "put"), [(Rejected("x"), Failed), (BadData("x"), Failed), (KeyError("x"), Fatal), (Stopped("x"), None)]
)
def test_reader_hands_over_what_keeps_it_from_reading(error: BaseException, put: Any) -> None:
    def answers(*_: object) -> Page:
        raise error

    with sharing(answers) as (shared, items):
        mine = source("users")
        read(shared, mine)
        assert [type(item) for item in items] == [put] * (put is not None)
        assert [item.error for item in items] == [error] * (put is not None)  # type: ignore[union-attr]
        # Its place is free again.
        assert mine.room.reserve()


def test_time_that_is_none_fails_only_where_the_list_is_read_by_it() -> None:
    def answers(*_: object) -> Page:
        return Page([{"id": "A1", "created_at": None}])

    with sharing(answers) as (shared, items):
        read(shared, source())
        read(shared, source(left=Left(0, "2026-01-01T00:00:00Z")))
    assert str(items[-1].error) == "alerts: row A1: created_at should be a timestamp, and the list is read by it"  # type: ignore[union-attr]
    assert rows_in(items[:-1]) == [1, 1]


def test_gift_comes_before_the_rows_of_its_page() -> None:
    listed = LongList([stamp(number * 86_400) for number in range(400)], "alerts", "newest first", 10)
    start = begun(step("alerts"))
    mine = Source(start, Left(), *start.listing(Left(), BEGAN), Room(2, 1))
    with sharing(listed) as (shared, items):
        read(shared, mine)
        # The first page shows too little.
        at = [isinstance(item, Gift) for item in items].index(True)
        gift = items[at]
        assert at == 2
        assert isinstance(gift, Gift)
        assert (gift.source, gift.start, gift.to.left.end) == (mine, gift.to.left.end, gift.start)
        assert isinstance(items[at + 1], Batch)
        read(shared, gift.to)
    assert sum(len(item.lines) for item in items if isinstance(item, Batch)) == 400


@pytest.mark.parametrize(
    ("pages", "status"),
    [
        ([Page([{"id": "1", "incident_id": "I1"}], "c"), Page([{"id": "2", "incident_id": "I2"}])], None),
        ([Rejected("no")], Status.ENDED),
        ([Page([{"id": "1", "incident_id": "I1"}], "c"), Rejected("no")], Status.ENDED),
        ([Page([{"id": "1"}])], Status.ENDED),
    ],
    ids=["whole", "refused", "refused in the middle", "without its parent"],
)
def test_spool_is_filled_from_the_whole_list(pages: list[Any], status: Status | None) -> None:
    def answers(name: str, params: Any, after: str | None) -> Page:
        found = pages[1 if after else 0]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Page)
        return found

    spool, updates = Spool(), node("incident_updates", nested=True, spooled=True)
    with sharing(answers) as (shared, items):
        fill(shared, updates, spool)
        assert spool.full.is_set()
        assert shared.problems.status("incident_updates") is status
        if status is None:
            assert [row["id"] for parent in ("I1", "I2") for page in spool.pages(parent) for row in page.rows] == [
                "1",
                "2",
            ]
        assert items == []
    spool.close()
