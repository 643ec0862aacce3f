"""Windows of time as a run uses them: interrupted, cut again and again, while rows are created."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_incident.api.answers import Page, Row
from tap_incident.streams import BY_NAME, Stream
from tap_incident.sync.windows import CutPage, Window, cutting, from_json
from tap_incident.timestamps import Instant, instant

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
NOW = "2026-12-31T00:00:00Z"
PAGE, MOST_PAGES = 3, 1000

TIMES = (
    st.sampled_from([5_000, 5_000, 5_001])
    | st.integers(0, 200)
    | st.integers(0, 400_000)
    | st.integers(0, 20_000_000).map(lambda second: second - second % 86_400)
)
DIGITS = st.sampled_from(["", ".0", ".5", ".50", ".500000001", ".999999999"])
OFFSETS = st.sampled_from([0, 0, 14, -12])


def text_of(second: int, digits: str = "", hours: int = 0) -> str:
    """A timestamp some seconds after the beginning, with these digits and this offset."""
    local = (BEGIN + timedelta(seconds=second, hours=hours)).isoformat()[:19]
    return f"{local}{digits}{f'{hours:+03d}:00' if hours else 'Z'}"


STAMPS = st.builds(text_of, TIMES, DIGITS, OFFSETS)
LISTS = st.lists(STAMPS, min_size=10, max_size=50)


class Server:
    """A list of rows as a server shows it: in an order, with ends of its filter that may be in or out."""

    def __init__(self, stamps: list[str], stream: Stream, *, newest_first: bool, closed: tuple[bool, bool]) -> None:
        self.stream, self.newest_first, self.closed = stream, newest_first, closed
        self.rows: list[Row] = []
        for stamp in stamps:
            self.create(stamp)

    def create(self, stamp: str) -> None:
        """Add one row."""
        self.rows.append({"id": f"R{len(self.rows):03d}", "created_at": stamp})
        self.rows.sort(key=lambda row: (instant(row["created_at"]), row["id"]), reverse=self.newest_first)

    def ids(self) -> Counter[str]:
        """The ids of all rows."""
        return Counter(row["id"] for row in self.rows)

    def pages(self, window: Window) -> Iterator[Page]:
        """The pages of a window from its cursor on."""
        after = window.after
        while True:
            shown = [row for row in self.rows if self._passes(row, window)]
            start = 0 if after is None else 1 + next(at for at, row in enumerate(shown) if row["id"] == after)
            found = shown[start : start + PAGE]
            after = found[-1]["id"] if shown[start + PAGE :] else None
            yield Page([dict(row) for row in found], after)
            if after is None:
                return

    def _passes(self, row: Row, window: Window) -> bool:
        ((name, value),) = window.params(self.stream) or (("", ""),)
        if not name:
            return True
        start, end = value.split("~") if "~" in value else (value, "") if "gte" in name else ("", value)
        at = self._place(row["created_at"])
        later = not start or at > self._place(start) or (self.closed[0] and at == self._place(start))
        earlier = not end or at < self._place(end) or (self.closed[1] and at == self._place(end))
        return later and earlier

    def _place(self, text: str) -> Any:
        if not self.stream.incremental.days_only:
            return instant(text)
        return text if len(text) == 10 else instant(text)[0].date().isoformat()


class Reader:
    """Reads windows side by side. What is `left` is always what a bookmark would say."""

    def __init__(self, server: Server, room: int, now: str = NOW) -> None:
        self.server, self.room, self.now = server, room, now
        self.found: list[str] = []
        self.left: dict[int, Window] = {0: Window()}
        self._number = 0
        self._chains: dict[int, Iterator[Page]] = {}

    def take_page(self, choice: int) -> None:
        """Read the next page of one of the windows."""
        number = list(self.left)[choice % len(self.left)]
        window = self.left[number]
        if number not in self._chains:
            pages = self.server.pages(window)
            self._chains[number] = cutting(pages, window, self.server.stream, lambda: self.room, self.now)
        page = next(self._chains[number])
        self.found += [row["id"] for row in page.rows if window.has(row)]
        if isinstance(page, CutPage):
            del self.left[number], self._chains[number]
            for part in page.rest:
                self._number += 1
                self.left[self._number] = part
        elif page.after is None:
            del self.left[number], self._chains[number]
        else:
            self.left[number] = replace(window, after=page.after)

    def restart(self) -> None:
        """Forget all but the state."""
        texts = [json.dumps(window.as_json()) for window in self.left.values()]
        self._chains.clear()
        self.left = {number: from_json(json.loads(text)) for number, text in enumerate(texts)}
        self._number = len(texts)

    def in_windows(self, moment: Instant) -> int:
        """Number of windows that a row which nobody has seen yet belongs to."""
        row = {"id": "new", "created_at": f"{moment[0].isoformat()[:19]}.{moment[1] or 0}Z"}
        return sum(window.has(row) for window in self.left.values())


FEWER = settings(max_examples=settings().max_examples // 3)
HOW = st.fixed_dictionaries({"newest_first": st.booleans(), "closed": st.tuples(st.booleans(), st.booleans())})
# What happens next: a page of one of the windows is read, or the run is interrupted.
EVENTS = st.lists(st.integers(0, 50) | st.sampled_from(["restart"]), max_size=60)


def finish(reader: Reader, events: list[Any]) -> None:
    for event in events:
        if reader.left:
            reader.restart() if event == "restart" else reader.take_page(event)
    for _ in range(MOST_PAGES):
        if not reader.left:
            return
        reader.take_page(0)
    pytest.fail("the windows never end")


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", ["alerts", "escalations"])
@given(stamps=LISTS, room=st.sampled_from([2, 5, 31]), how=HOW, events=EVENTS)
def test_interrupted_windows_give_each_row_exactly_once(
    name: str, stamps: list[str], room: int, how: dict[str, Any], events: list[Any]
) -> None:
    server = Server(stamps, BY_NAME[name], **how)
    reader = Reader(server, room)
    finish(reader, events)
    assert Counter(reader.found) == server.ids()


@pytest.mark.hypothesis
@pytest.mark.parametrize("newest_first", [False, True])
@FEWER
@given(stamps=LISTS, room=st.sampled_from([2, 5, 31]), events=EVENTS)
def test_what_is_left_stays_a_partition(newest_first: bool, stamps: list[str], room: int, events: list[Any]) -> None:
    server = Server(stamps, BY_NAME["alerts"], newest_first=newest_first, closed=(True, False))
    reader = Reader(server, room)
    moments = {instant(row["created_at"]) for row in server.rows}
    for event in events:
        if not reader.left or event == "restart":
            continue
        ends = {end for window in reader.left.values() for end in (window.start, window.end) if end}
        reader.take_page(event)
        for moment in {*moments, *(instant(end) for end in ends)}:
            assert reader.in_windows(moment) <= 1
    unread = [row for row in server.rows if row["id"] not in reader.found]
    assert all(sum(window.has(row) for window in reader.left.values()) == 1 for row in unread)


@pytest.mark.hypothesis
@pytest.mark.parametrize("newest_first", [False, True])
@FEWER
@given(
    stamps=LISTS,
    room=st.sampled_from([2, 31]),
    events=EVENTS,
    created=st.lists(st.integers(0, 30), max_size=8),
)
def test_rows_that_are_created_meanwhile_come_at_most_once(
    newest_first: bool, stamps: list[str], room: int, events: list[Any], created: list[int]
) -> None:
    server = Server(stamps, BY_NAME["alerts"], newest_first=newest_first, closed=(True, True))
    before = server.ids()
    # Now is the time of the latest row: what is created from then on is later, or has the same time.
    latest = max(stamps, key=instant)
    reader = Reader(server, room, latest)
    at = instant(latest)[0]
    for number, event in enumerate(events):
        if created and number % 5 == 0:
            at += timedelta(seconds=created.pop())
            stamp = f"{at.isoformat()[:19]}Z"
            server.create(latest if instant(stamp) < instant(latest) else stamp)
        if reader.left:
            reader.restart() if event == "restart" else reader.take_page(event)
    finish(reader, [])
    found = Counter(reader.found)
    assert before <= found
    assert max(found.values()) == 1


@pytest.mark.hypothesis
@given(start=STAMPS, end=STAMPS, created=STAMPS, how=HOW)
@pytest.mark.parametrize("name", ["alerts", "escalations"])
def test_request_for_a_window_shows_all_its_rows(
    name: str, start: str, end: str, created: str, how: dict[str, Any]
) -> None:
    server = Server([created], BY_NAME[name], **how)
    for window in (Window(start, end, how["newest_first"]), Window(start), Window(None, end, newest_first=True)):
        (page,) = server.pages(window)
        assert page.rows or not window.has(server.rows[0])


@pytest.mark.parametrize("newest_first", [False, True])
def test_window_is_not_cut_at_rows_that_were_read_before_it(newest_first: bool) -> None:
    # The filter takes days: all rows of the day come again with the window that begins within it.
    stamps = [text_of((100 + number // 20) * 86_400 + 60 * number) for number in range(60)]
    server = Server(stamps, BY_NAME["escalations"], newest_first=newest_first, closed=(True, True))
    reader = Reader(server, 31)
    finish(reader, [0, 0, 0, *["restart", 0] * 12])
    assert Counter(reader.found) == server.ids()


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("off_by", [0.5, 90])
def test_row_out_of_order_after_the_cut_is_not_lost(newest_first: bool, off_by: float) -> None:
    seconds = [number * 10_000.0 for number in range(40)]
    place = 30 if newest_first else 9
    seconds[place] = seconds[place + 1 if newest_first else place - 1] + (off_by if newest_first else -off_by)
    server = Server(
        [text_of(int(each), f".{int(each % 1 * 10)}") for each in seconds],
        BY_NAME["alerts"],
        newest_first=newest_first,
        closed=(True, False),
    )
    server.rows.sort(key=lambda row: row["id"], reverse=newest_first)
    reader = Reader(server, 8)
    finish(reader, [])
    assert Counter(reader.found) == server.ids()
