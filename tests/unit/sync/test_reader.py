"""Readers: every row of a long list exactly once, in windows or not, and what a reader says to the writer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import BadData, Rejected, Stopped
from tap_incident.protocol.state import Left
from tap_incident.streams import BY_NAME
from tap_incident.sync.reader import read
from tap_incident.sync.reading import Batch, Failed, Fatal, Gift, Source
from tap_incident.sync.windows import Room
from tap_incident.timestamps import instant
from tests.support.runs import only
from tests.unit.sync.hand_made import BEGAN, begun, ids, run, sharing, step

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
        self.by_day = BY_NAME[name].filters_by_day
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
    """Times of rows: spread evenly, or half of them within half an hour."""
    rnd, found = random.Random(7), []
    for number in range(count):
        days = {
            "even": rnd.uniform(0, 365),
            "burst": rnd.uniform(0, 700) if number % 2 else 100 + rnd.uniform(0, 0.02),
        }[kind]
        found.append(stamp(days * 86_400, rnd.choice(DIGITS), rnd.choice([0, 0, 2])))
    return found


def windows(asked: list[Any]) -> set[str]:
    """The windows that were asked for."""
    return {value for _, params, _ in asked for key, value in params.items() if key.startswith("created_at")}


@pytest.mark.parametrize("kind", ["even", "burst"])
@pytest.mark.parametrize("order", ["newest first", "oldest first", "none"])
@pytest.mark.parametrize("name", ["alerts", "escalations"])
def test_each_row_of_a_long_list_comes_once_and_a_state_speaks_for_the_rows_before_it(
    name: str, order: str, kind: str
) -> None:
    full = LongList(world(kind, 1_000), name, order, 25, closed=kind == "even")
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


@pytest.mark.parametrize(
    ("error", "put"), [(Rejected("x"), Failed), (BadData("x"), Failed), (KeyError("x"), Fatal), (Stopped("x"), None)]
)
def test_reader_hands_over_what_keeps_it_from_reading(error: BaseException, put: Any) -> None:
    def answers(*_: object) -> Page:
        raise error

    with sharing(answers) as (shared, items):
        start = begun(step("users"))
        mine = Source(start, Left(), *start.listing(Left(), BEGAN), Room(1, 1))
        read(shared, mine)
        assert [type(item) for item in items] == [put] * (put is not None)
        assert [item.error for item in items] == [error] * (put is not None)  # type: ignore[union-attr]
        # Its place is free again.
        assert mine.room.reserve()


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
