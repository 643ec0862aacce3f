"""Windows of time as a run uses them: interrupted, cut again and again, while rows are created."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_incident.streams import BY_NAME
from tap_incident.sync.windows import Window
from tap_incident.timestamps import instant
from tests.support.windows import Reader, Server, finish, text_of

TIMES = (
    st.sampled_from([5_000, 5_000, 5_001])
    | st.integers(0, 200)
    | st.integers(0, 400_000)
    | st.integers(0, 20_000_000).map(lambda second: second - second % 86_400)
)
DIGITS = st.sampled_from(["", ".0", ".5", ".50", ".500000001", ".999999999"])
OFFSETS = st.sampled_from([0, 0, 14, -12])


STAMPS = st.builds(text_of, TIMES, DIGITS, OFFSETS)
LISTS = st.lists(STAMPS, min_size=10, max_size=50)


FEWER = settings(max_examples=settings().max_examples // 3)
HOW = st.fixed_dictionaries({"newest_first": st.booleans(), "closed": st.tuples(st.booleans(), st.booleans())})
# What happens next: a page of one of the windows is read, or the run is interrupted.
EVENTS = st.lists(st.integers(0, 50) | st.sampled_from(["restart"]), max_size=60)


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
@pytest.mark.parametrize("events", [[0, "restart"], [0, 0, "restart"], [0, 0, 0, 0, 0, "restart"]])
@pytest.mark.parametrize("name", ["alerts", "escalations"])
def test_resumed_list_repeats_no_row_that_was_created_just_before_the_cut(
    name: str, newest_first: bool, events: list[Any]
) -> None:
    # Some rows are within minutes of the later cut, and were read before the interruption.
    stamps = [text_of(second) for second in (0, 0, 0, 0, 1, 2, *[5_000] * 10, 5_001, 5_002, 5_002, 5_003)]
    server = Server(stamps, BY_NAME[name], newest_first=newest_first, closed=(False, False))
    reader = Reader(server, 2)
    finish(reader, events)
    assert Counter(reader.found) == server.ids()


def test_list_of_a_storm_is_not_cut_where_a_bookmark_would_have_to_name_more_than_500_rows() -> None:
    server = Server([text_of(n // 2) for n in range(540)], BY_NAME["alerts"], newest_first=False, closed=(True, True))
    reader = Reader(server, room=1)
    for _ in range(175):
        reader.take_page(0)
    reader.room = 8
    while reader.left:
        reader.take_page(0)
        assert all(len(window.skip) <= 500 for window in reader.left.values())
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
