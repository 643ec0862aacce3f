"""Windows of time: which rows belong to one, what a request asks for, and when the far half is given away."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import BadData
from tap_incident.protocol.state import Left
from tap_incident.streams import BY_NAME
from tap_incident.sync.windows import Chain, Room, belongs, is_ignored, window_filter

ALERTS, ESCALATIONS = BY_NAME["alerts"], BY_NAME["escalations"]
NOW = "2026-12-31T00:00:00Z"
START, END = "2026-03-01T00:00:00.5Z", "2026-03-05T23:59:59+02:00"
ENDS_INSIDE = "2026-03-05T21:59:58.999999999Z"


def row(created: Any) -> dict[str, Any]:
    """A row that was created then."""
    return {"id": "A1", "created_at": created}


def chain(*times: str, left: Left | None = None, size: int = 1, name: str = "alerts") -> Chain:
    """A chain that read pages of `size` rows with these times."""
    found = Chain(left or Left(), BY_NAME[name], NOW)
    for at in range(0, len(times), size):
        found.add(Page([row(time) for time in times[at : at + size]], "next"))
    return found


@pytest.mark.parametrize(
    ("start", "end", "created", "belongs_to_it"),
    [
        (None, None, None, True),
        (START, END, START, True),
        (START, END, "2026-03-01T00:00:00.499999999Z", False),
        (START, END, "2026-03-01T02:00:00.5+02:00", True),
        (START, END, ENDS_INSIDE, True),
        (START, END, "2026-03-05T21:59:59Z", False),
        (START, None, "2099-01-01T00:00:00Z", True),
        (None, END, "1999-01-01T00:00:00Z", True),
    ],
)
def test_row_belongs_from_the_start_until_before_the_end(
    start: Any, end: Any, created: Any, belongs_to_it: bool
) -> None:
    assert belongs(row(created), Left(0, start, end)) is belongs_to_it


@pytest.mark.parametrize("created", [None, "", "yesterday", 5])
def test_row_of_a_window_needs_a_timestamp(created: Any) -> None:
    with pytest.raises(BadData, match="row A1: created_at should be a timestamp"):
        belongs(row(created), Left(0, START))


@pytest.mark.parametrize(
    ("start", "end", "by_moment", "by_day"),
    [
        (None, None, None, None),
        (START, None, ("gte", "2026-02-28T23:59:59Z"), ("gte", "2026-02-28")),
        (None, END, ("lte", "2026-03-05T22:00:01Z"), ("lte", "2026-03-06")),
        (
            START,
            END,
            ("date_range", "2026-02-28T23:59:59Z~2026-03-05T22:00:01Z"),
            ("date_range", "2026-02-28~2026-03-06"),
        ),
    ],
)
def test_request_asks_for_a_little_more_than_its_window(start: Any, end: Any, by_moment: Any, by_day: Any) -> None:
    for stream, expected in ((ALERTS, by_moment), (ESCALATIONS, by_day)):
        sent = window_filter(Left(0, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", (start, end)), stream)
        assert sent == (((f"created_at[{expected[0]}]", expected[1]),) if expected else ())


FALLING = ("2026-12-31T00:00:00Z", "2026-12-30T00:00:00.9Z")
RISING = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.9Z")


def test_far_half_is_what_lies_beyond_the_middle_of_the_time_left() -> None:
    # From 30 December back to 2020, and from 2 January until the present.
    half = chain(*FALLING).far_half()
    assert half == Left(0, None, "2023-07-01T12:00:00Z", (None, "2023-07-01T12:00:00Z"))
    half = chain(*RISING).far_half()
    assert half == Left(0, "2026-07-02T12:00:00Z", None, ("2026-07-02T12:00:00Z", None))
    within = Left(2, "2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z", ("x", "y"), "c1")
    half = chain("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", left=within).far_half()
    assert half == Left(2, "2026-01-05T00:30:00Z", within.end, ("2026-01-05T00:30:00Z", within.end))


def test_what_is_left_after_a_gift_ends_where_the_gift_begins() -> None:
    for times in (FALLING, RISING):
        found = chain(*times)
        seen: list[Left] = []
        while (far := found.far_half()) is not None:
            found.give(far)
            seen.append(far)
        assert 5 < len(seen) < 20
        for moment in ("2019-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", *times):
            assert sum(belongs(row(moment), left) for left in (found.left, *seen)) == 1
        for left in seen:
            for moment in filter(None, (left.start, left.end)):
                assert sum(belongs(row(moment), each) for each in (found.left, *seen)) == 1
        assert belongs(row(times[-1]), found.left)


@pytest.mark.parametrize(
    ("times", "left", "name", "given"),
    [
        ((), Left(), "alerts", False),
        # Nothing shows the order yet.
        (("2026-06-01T00:00:00Z", "2026-06-01T00:10:00Z"), Left(), "alerts", False),
        (("2026-06-01T00:00:00Z", "2026-06-01T00:10:01Z"), Left(), "alerts", True),
        # Ten minutes out of order, and more.
        (("2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z", "2026-06-01T00:50:00Z"), Left(), "alerts", True),
        (("2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z", "2026-06-01T00:49:59Z"), Left(), "alerts", False),
        # Without a time, nobody knows.
        ((*FALLING, None), Left(), "alerts", False),
        # Little time or few pages are left.
        (("2026-06-01T00:00:00Z", "2026-06-01T00:11:00Z"), Left(0, None, "2026-06-01T00:15:00Z"), "alerts", False),
        (("2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z"), Left(0, None, "2026-06-01T02:30:00Z"), "alerts", False),
        (("2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z"), Left(0, None, "2026-06-01T02:30:01Z"), "alerts", True),
        (("2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z"), Left(0, None, "2026-06-05T12:00:00Z"), "escalations", False),
        (("2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z"), Left(0, None, "2026-06-05T12:00:01Z"), "escalations", True),
    ],
)  # fmt: skip
def test_far_half_is_given_only_if_that_makes_sense(times: Any, left: Left, name: str, given: bool) -> None:
    assert (chain(*times, left=left, name=name).far_half() is not None) is given


@pytest.mark.parametrize(
    ("times", "start", "end", "over"),
    [
        (FALLING, "2026-12-30T00:10:00Z", None, False),
        (FALLING, "2026-12-30T00:10:01Z", None, True),
        (RISING, None, "2026-01-01T23:50:00Z", False),
        (RISING, None, "2026-01-01T23:49:59Z", True),
        (RISING, "2026-12-01T00:00:00Z", None, False),
        # Out of order: it is read to its very end.
        ((*RISING, "2026-01-01T00:00:00Z"), None, "2026-01-01T01:00:00Z", False),
    ],
)
def test_window_is_over_ten_minutes_beyond_its_end(times: Any, start: Any, end: Any, over: bool) -> None:
    assert chain(*times, left=Left(0, start, end)).is_over() is over


@pytest.mark.parametrize(
    ("times", "ignored"),
    [
        ((), False),
        ((None,), False),
        (("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z"), True),
        (("2026-02-01T00:00:00Z", "2026-03-03T00:00:00Z"), False),
        (("2026-02-28T23:59:59Z", "2026-03-05T22:00:01Z"), False),
    ],
)
def test_filter_is_ignored_if_no_row_is_where_it_was_asked_for(times: Any, ignored: bool) -> None:
    left = Left(0, START, END, (START, END))
    assert is_ignored(Page([row(time) for time in times]), left, ALERTS) is ignored


def test_room_has_at_most_32_windows_whoever_asks() -> None:
    room, got = Room(64, 1), list[bool]()

    def ask() -> None:
        got.extend(room.reserve() for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (got.count(True), len(got)) == (31, 160)
    room.free()
    assert [room.reserve(), room.reserve()] == [True, False]


def test_room_has_no_place_once_the_filter_was_tried_in_vain() -> None:
    room = Room(8, 1)
    room.tried(works=False)
    assert (room.reserve(), room.is_tried) == (False, False)
    room.tried(works=True)
    assert (room.reserve(), room.is_tried) == (True, True)
