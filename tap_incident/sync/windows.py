"""Windows of time: a long list is cut by the time at which its rows were created, so that its parts are read at once.

Nobody says in which order the API sends a list, nor whether the ends of a filter by time belong to it. So a list is
only cut if its rows show an order, a request asks for a little more than its window, and a row belongs to the window of
its own timestamp. That never changes: each row is in exactly one window, whatever is created or deleted meanwhile.
Source: API documents, sections on the filters by `created_at`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import ceil
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData
from tap_incident.protocol.records import shown_id
from tap_incident.streams import Params, Stream
from tap_incident.timestamps import Instant, before, instant, rfc3339

KEY = "created_at"
PAGES_BEFORE = 3
"""Pages of a window that are read before the rest is cut."""
_FEWEST_PAGES = 3
"""Pages that a window has at least, if the rest of the list is like what was read."""
_MOST_AT_ONCE = 8
"""Windows into which time without a beginning is cut, each twice as wide as the one before."""
_MARGIN = timedelta(minutes=10)
"""A list in the order of ids may be a little out of the order of `created_at`."""
_MOST_SKIPPED = 500
"""Ids that a window may list of rows that were read before it: they stand in each STATE."""
_OVERLAP, _DAY_OVERLAP = timedelta(seconds=1), timedelta(days=1)
_NARROWEST, _NARROWEST_BY_DAY = timedelta(minutes=1), timedelta(days=4)
"""Where the filter takes days, the overlap would be most of a shorter window."""


@dataclass(frozen=True)
class Window:
    """Rows that were created within some time: start <= created_at < end, or start < created_at <= end if the list
    comes `newest_first`. So the end that is requested first belongs to it."""

    start: str | None = None
    """RFC 3339; None for the first row of all."""
    end: str | None = None
    newest_first: bool = False
    skip: tuple[str, ...] = ()
    """Ids of rows near that end that were read before."""
    after: str | None = None
    """Cursor of the first page to read."""

    @cached_property
    def _ends(self) -> tuple[Instant | None, Instant | None]:
        start, end = self.start, self.end
        return None if start is None else instant(start), None if end is None else instant(end)

    @property
    def is_whole(self) -> bool:
        """True if it has no ends: the whole list."""
        return self.start is None and self.end is None

    def has(self, row: Row) -> bool:
        """True if the row belongs here. Raises BadData if its `created_at` does not say."""
        if self.is_whole:
            return True
        try:
            created = instant(row.get(KEY))
        except ValueError:
            text = f"row {shown_id(row)}: {KEY} should be a timestamp, and the list is read by it"
            raise BadData(text) from None
        if str(row.get("id")) in self.skip:
            return False
        start, end = self._ends
        if self.newest_first:
            return (start is None or start < created) and (end is None or created <= end)
        return (start is None or start <= created) and (end is None or created < end)

    def is_before(self, created: Instant) -> bool:
        """True if it is beyond the end that is requested first."""
        start, end = self._ends
        if self.newest_first:
            return end is not None and created > end
        return start is not None and created < start

    def params(self, stream: Stream) -> Params:
        """The filter that asks for it, and for a little more."""
        overlap = _DAY_OVERLAP if stream.incremental.days_only else _OVERLAP
        # Timestamps are rounded down, so that the end needs one second more.
        start = None if self.start is None else _sent(before(self.start, overlap), stream)
        end = None if self.end is None else _sent(before(self.end, -overlap - timedelta(seconds=1)), stream)
        if start and end:
            return ((f"{KEY}[date_range]", f"{start}~{end}"),)
        return ((f"{KEY}[gte]", start),) if start else ((f"{KEY}[lte]", end),) if end else ()

    def as_json(self) -> dict[str, Any]:
        """As it stands in a bookmark."""
        more = {"skip": list(self.skip), "after": self.after}
        ends = {"from": self.start, "to": self.end, "newest_first": self.newest_first}
        return ends | {key: value for key, value in more.items() if value}


def from_json(found: Mapping[str, Any]) -> Window:
    """The window of a bookmark."""
    skip = tuple(found.get("skip") or ())
    return Window(found["from"], found["to"], found["newest_first"], skip, found.get("after"))


def _sent(moment: Any, stream: Stream) -> str:
    return rfc3339(moment)[:10] if stream.incremental.days_only else rfc3339(moment)


@dataclass(frozen=True)
class CutPage(Page):
    """The last page that is read of a window. The `rest` is in other windows, the one that comes next first."""

    rest: tuple[Window, ...] = ()
    next_page: str = ""
    """The cursor with which it could be continued."""


def cutting(pages: Iterator[Page], window: Window, stream: Stream, room: Callable[[], int], now: str) -> Iterator[Page]:
    """The pages up to the one after which the rest of a long `window` is cut, into at most `room()` windows."""
    order = _Order(is_resumed=window.after is not None)
    for number, page in enumerate(pages, 1):
        order.add(page.rows, window)
        if page.after and number >= PAGES_BEFORE and (most := room()) > 1:
            rest = order.rest(window, most, stream, now)
            if len(rest) > 1:
                yield CutPage(page.rows, None, page.total, page.extracted, rest, page.after)
                return
        yield page


class _Order:
    """The order of the rows so far, by the time of their creation."""

    def __init__(self, *, is_resumed: bool) -> None:
        self._is_resumed = is_resumed
        self._first: Instant | None = None
        self._last: Instant | None = None
        self._last_text = ""
        self._pages = 0
        self._recent: deque[tuple[Instant, str]] = deque()
        self._rises = self._falls = True

    def add(self, rows: list[Row], window: Window) -> None:
        self._pages += 1
        for row in rows:
            if not (self._rises or self._falls):
                return
            try:
                created = instant(row.get(KEY))
            except ValueError:
                self._rises = self._falls = False
                return
            if window.is_before(created):
                continue  # It is only there because a request asks for a little more, and was read before.
            if self._last is not None:
                self._rises &= self._last <= created
                self._falls &= self._last >= created
            self._first = self._first or created
            self._last, self._last_text = created, row[KEY]
            self._recent.append((created, str(row.get("id"))))
            while abs(self._recent[0][0][0] - created[0]) > _MARGIN + _OVERLAP:
                self._recent.popleft()

    def rest(self, window: Window, most: int, stream: Stream, now: str) -> tuple[Window, ...]:
        """What is left of the window, cut; nothing if the rows have no order, or all were created at once."""
        first, last, text = self._first, self._last, self._last_text
        if first is None or last is None or self._rises == self._falls:
            return ()
        if not window.is_whole and self._falls != window.newest_first:
            return ()  # Its other end is the one that belongs to it.
        if self._is_resumed and abs(last[0] - first[0]) <= 2 * _MARGIN + _OVERLAP:
            return ()  # Rows that an earlier run read may be near the cut, and nobody knows their ids.
        by_day = stream.incremental.days_only
        read, narrowest = abs(last[0] - first[0]), _NARROWEST_BY_DAY if by_day else _NARROWEST
        # The rows beyond the window's last end are only there because a request asks for a little more.
        limit = window.start if self._falls else window.end or now
        if limit is None:
            between = _growing(text, max(read, narrowest), min(most, _MOST_AT_ONCE) - 1)
        elif (instant(limit) < last) == self._falls:
            between = _even(text, limit, max(read * _FEWEST_PAGES / self._pages, narrowest), most)
        else:
            return ()
        near, skip = self._near_end(window)
        if len(skip) > _MOST_SKIPPED:
            return ()
        ends = (near, *between, window.start if self._falls else window.end)
        return tuple(
            self._window(ends[place], ends[place + 1], () if place else skip) for place in range(len(ends) - 1)
        )

    def _window(self, near: str | None, far: str | None, skip: tuple[str, ...]) -> Window:
        return Window(far, near, True, skip) if self._falls else Window(near, far, False, skip)

    def _near_end(self, window: Window) -> tuple[str, tuple[str, ...]]:
        """Where the rest begins, a little before the last row since the order may be rough; and what was read of it."""
        near = rfc3339(before(self._last_text, -_MARGIN if self._falls else _MARGIN))
        first = window.end if self._falls else window.start
        if first is not None and (instant(first) < instant(near)) == self._falls:
            near = first
        end = instant(near)
        read = (known for at, known in self._recent if (at <= end if self._falls else at >= end))
        # Rows that were read before this window may be there too, not yet seen again.
        return near, tuple(dict.fromkeys((*window.skip, *read)))


def _growing(last: str, width: timedelta, count: int) -> list[str]:
    """Moments ever further before `last`."""
    return [rfc3339(before(last, width * (2**number - 1))) for number in range(1, count + 1)]


def _even(last: str, limit: str, width: timedelta, most: int) -> list[str]:
    """The moments that cut the time between `last` and `limit` into windows of one width, which is at least `width`."""
    whole = instant(limit)[0] - instant(last)[0]
    count = min(most, ceil(abs(whole) / width))
    return [rfc3339(before(last, -whole * number / count)) for number in range(1, count)]
