"""Windows of time: each row is in exactly one, whatever the order of the list and the ends of the API's filter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData
from tap_incident.streams import BY_NAME, Stream
from tap_incident.sync.windows import CutPage, Window, cutting, from_json
from tap_incident.timestamps import instant

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
NOW = "2027-01-01T00:00:00Z"
PAGE = 4


def stamp(seconds: int, digits: str, hours: int) -> str:
    """The timestamp of so many seconds after the beginning, with these digits and this offset."""
    local = (BEGIN + timedelta(seconds=seconds, hours=hours)).replace(tzinfo=None).isoformat()
    return f"{local}{'.' * bool(digits)}{digits}{f'+{hours:02d}:00' if hours else 'Z'}"


STAMPS = st.builds(
    stamp,
    # Storms: many rows of one second, beside rows of all the year.
    st.sampled_from([100, 100, 101, 5_000]) | st.integers(0, 300) | st.integers(0, 30_000_000),
    st.sampled_from(["", "0", "5", "500000000", "500000001", "999999999"]),
    st.sampled_from([0, 0, 2]),
)
LISTS = st.lists(STAMPS, min_size=PAGE * 3 + 1, max_size=60)


def rows_of(stamps: list[str], order: str) -> list[Row]:
    """Rows with these timestamps: oldest first, newest first, or as they come."""
    rows = [{"id": f"R{number}", "created_at": text} for number, text in enumerate(stamps)]
    if order != "none":
        rows.sort(key=lambda row: instant(row["created_at"]), reverse=order == "newest first")
    return rows


def answered(rows: list[Row], window: Window, stream: Stream, closed: tuple[bool, bool]) -> list[Row]:
    """What a server shows of a window. `closed`: whether the start, and the end, belong to its filter."""
    found = dict(window.params(stream))
    if not found:
        return rows
    ((name, value),) = found.items()
    start, _, end = value.partition("~") if "date_range" in name else (value, "", value)
    start, end = ("" if "lte" in name else start), ("" if "gte" in name else end)

    def place(text: str) -> Any:
        return instant(text)[0].date().isoformat() if stream.incremental.days_only else instant(text)

    def key(text: str) -> Any:
        return text if stream.incremental.days_only else instant(text)

    return [
        row
        for row in rows
        if (
            not start or place(row["created_at"]) > key(start) or (closed[0] and place(row["created_at"]) == key(start))
        )
        and (not end or place(row["created_at"]) < key(end) or (closed[1] and place(row["created_at"]) == key(end)))
    ]


def read(rows: list[Row], window: Window, stream: Stream, closed: tuple[bool, bool], most: int) -> Iterator[str]:
    """The ids of all rows of a window, cut again and again."""
    found = answered(rows, window, stream, closed)
    pages = [found[place : place + PAGE] for place in range(0, len(found), PAGE)] or [[]]
    chain = (Page(list(page), str(number) if number < len(pages) else None) for number, page in enumerate(pages, 1))
    for page in cutting(chain, window, stream, lambda: most, NOW):
        yield from (row["id"] for row in page.rows if window.has(row))
        if isinstance(page, CutPage):
            for part in page.rest:
                assert from_json(json.loads(json.dumps(part.as_json()))) == part
                yield from read(rows, part, stream, closed, most)


@pytest.mark.hypothesis
@pytest.mark.parametrize("order", ["oldest first", "newest first", "none"])
@pytest.mark.parametrize("name", ["alerts", "escalations"])
@given(stamps=LISTS, most=st.sampled_from([2, 3, 8, 31]), closed=st.tuples(st.booleans(), st.booleans()))
def test_each_row_is_read_exactly_once(
    name: str, order: str, stamps: list[str], most: int, closed: tuple[bool, bool]
) -> None:
    rows = rows_of(stamps, order)
    assert Counter(read(rows, Window(), BY_NAME[name], closed, most)) == Counter(row["id"] for row in rows)


def a_page(*days: int, after: str | None = "next") -> Page:
    """A page with a row per day."""
    return Page([{"id": f"R{day}", "created_at": stamp(day * 86_400, "", 0)} for day in days], after)


def cut(*pages: Page, window: Window | None = None, most: int = 8, name: str = "alerts") -> CutPage | None:
    """The page after which the rest was cut, if it was."""
    found = list(cutting(iter(pages), window or Window(), BY_NAME[name], lambda: most, NOW))
    last = found[-1]
    return last if isinstance(last, CutPage) else None


def test_short_list_is_not_cut() -> None:
    assert cut(a_page(1), a_page(2), a_page(3, after=None)) is None
    assert cut(a_page(1), a_page(2), a_page(3)) is not None


@pytest.mark.parametrize("days", [(1, 3, 2), (3, 1, 2), (2, 2, 2)], ids=["no order", "no order either", "all at once"])
def test_list_without_an_order_is_not_cut(days: tuple[int, int, int]) -> None:
    assert cut(*(a_page(day) for day in days)) is None


def test_list_is_not_cut_without_room_or_without_timestamps() -> None:
    assert cut(a_page(1), a_page(2), a_page(3), most=1) is None
    assert cut(a_page(1), Page([{"id": "x", "created_at": None}], "next"), a_page(3)) is None


@pytest.mark.parametrize(("days", "newest_first"), [((1, 2, 3), False), ((300, 299, 298), True)])
def test_windows_of_a_cut_list_follow_each_other(days: tuple[int, int, int], newest_first: bool) -> None:
    found = cut(*(a_page(day) for day in days))
    assert found is not None
    assert found.next_page == "next"
    near, far = ("end", "start") if newest_first else ("start", "end")
    # Ten minutes before the last row, or after it if the list comes newest first.
    assert getattr(found.rest[0], near) == stamp(days[-1] * 86_400 + (600 if newest_first else -600), "", 0)
    assert getattr(found.rest[-1], far) is None
    assert all(getattr(one, far) == getattr(other, near) for one, other in pairwise(found.rest))
    assert [window.skip for window in found.rest] == [(f"R{days[-1]}",), *[()] * (len(found.rest) - 1)]
    assert len(found.rest) <= 8
    for boundary in [getattr(window, far) for window in found.rest[:-1]]:
        moments = [boundary, boundary.replace("Z", ".000000001Z"), boundary.replace("00Z", "00.0Z")]
        rows = [{"id": "other", "created_at": moment} for moment in moments]
        assert [sum(window.has(row) for window in found.rest) for row in rows] == [1, 1, 1]


def test_windows_of_a_window_stay_within_it() -> None:
    window = Window(stamp(0, "", 0), stamp(50 * 86_400, "", 0))
    found = cut(a_page(1), a_page(2), a_page(3), window=window, most=31)
    assert found is not None
    assert (found.rest[0].start, found.rest[-1].end) == (stamp(3 * 86_400 - 600, "", 0), window.end)


def test_row_without_a_timestamp_can_be_in_no_window() -> None:
    assert Window().has({"id": "x"})
    with pytest.raises(BadData, match="row x: created_at should be a timestamp"):
        Window(start=NOW).has({"id": "x", "created_at": "yesterday"})


def test_request_asks_for_a_little_more_than_the_window() -> None:
    alerts, escalations = BY_NAME["alerts"], BY_NAME["escalations"]
    start, end = "2026-03-01T00:00:00.5Z", "2026-03-05T23:59:59+02:00"
    assert Window(start, end).params(alerts) == (
        ("created_at[date_range]", "2026-02-28T23:59:59Z~2026-03-05T22:00:01Z"),
    )
    assert Window(start, None).params(alerts) == (("created_at[gte]", "2026-02-28T23:59:59Z"),)
    assert Window(None, end).params(alerts) == (("created_at[lte]", "2026-03-05T22:00:01Z"),)
    assert Window(start, end).params(escalations) == (("created_at[date_range]", "2026-02-28~2026-03-06"),)
    assert Window().params(alerts) == ()
