"""Windows of time: a long list is read at several places at once, by the time at which its rows were created.

A chain of cursors that has much left to read gives the far half of that time to another chain, and ends itself once it
is beyond what it kept. A row belongs to the window that its own `created_at` lies in. That never changes, so each row
is in exactly one window, whatever is created or deleted meanwhile. Requests ask for a little more than their window,
because nobody says whether the ends of a filter belong to it.
Source: API documents, sections on the filters by `created_at`.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData
from tap_incident.protocol.records import shown_id
from tap_incident.protocol.state import Left
from tap_incident.streams import Params, Stream
from tap_incident.timestamps import Instant, before, instant, rfc3339

KEY = "created_at"
_BEGINNING = "2020-01-01T00:00:00Z"
"""incident.io is younger than this. Rows before it are read too, by the window that comes last."""
_MOST_WINDOWS = 32
"""Windows of one list that are open at once: more of them would take more memory than they save time."""
_DISORDER = timedelta(minutes=10)
"""How far a list in the order of ids may be from the order of `created_at`."""
_OVERLAP, _DAY_OVERLAP = timedelta(seconds=1), timedelta(days=1)
_NARROWEST, _NARROWEST_BY_DAY = timedelta(minutes=2), timedelta(days=2)
_PAGES_BEFORE = 2
"""Pages of a list that are read before anything is given away: most lists have no more."""
_FEWEST_PAGES, _FEWEST_PAGES_BY_DAY = 3, 6
"""What is left is given away if it seems to have more pages. Where the filter takes days, the overlap costs more."""


class Room:
    """How many windows of one list may still be opened. Thread-safe."""

    def __init__(self, most: int, opened: int) -> None:
        """`most` windows may be open at once, of which `opened` are."""
        self._lock = threading.Lock()
        self._left = min(most, _MOST_WINDOWS) - opened
        self.is_tried = opened > 1
        """True if the API is known to filter this list by time."""
        self._is_closed = False

    def reserve(self) -> bool:
        """Take the place of one more window. False if there is none."""
        with self._lock:
            if self._left <= 0 or self._is_closed:
                return False
            self._left -= 1
            return True

    def free(self) -> None:
        """Give a place back."""
        with self._lock:
            self._left += 1

    def tried(self, *, works: bool) -> None:
        """Keep whether the API filters this list by time. If not, no more windows are opened."""
        with self._lock:
            self.is_tried, self._is_closed = works, not works


def window_filter(left: Left, stream: Stream) -> Params:
    """The filter that asks for a window, and for a little more."""
    overlap = _DAY_OVERLAP if stream.filters_by_day else _OVERLAP
    start, end = left.asked
    first = _sent(start, overlap, stream) if start else None
    # Timestamps are rounded down, so that the end needs one second more.
    last = _sent(end, -overlap - timedelta(seconds=1), stream) if end else None
    if first and last:
        return ((f"{KEY}[date_range]", f"{first}~{last}"),)
    return ((f"{KEY}[gte]", first),) if first else ((f"{KEY}[lte]", last),) if last else ()


def _sent(moment: str, overlap: timedelta, stream: Stream) -> str:
    sent = rfc3339(before(moment, overlap))
    return sent[:10] if stream.filters_by_day else sent


def belongs(row: Row, left: Left) -> bool:
    """True if the row was created in this window. Raises BadData if its `created_at` does not say."""
    if left.start is None and left.end is None:
        return True
    created = _created(row)
    if created is None:
        raise BadData(f"row {shown_id(row)}: {KEY} should be a timestamp, and the list is read by it")
    return (left.start is None or instant(left.start) <= created) and (left.end is None or created < instant(left.end))


def is_ignored(page: Page, left: Left, stream: Stream) -> bool:
    """True if the first page of a window shows that the API ignores the filter: all its rows lie outside."""
    start, end = (instant(each) if each else None for each in left.asked)
    margin = 2 * _DAY_OVERLAP if stream.filters_by_day else 2 * _OVERLAP
    rows = [created for created in map(_created, page.rows) if created is not None]
    outside = ((start and created[0] < start[0] - margin) or (end and created[0] > end[0] + margin) for created in rows)
    return bool(rows) and all(outside)


def _created(row: Row) -> Instant | None:
    try:
        return instant(row.get(KEY))
    except ValueError:
        return None


class Chain:
    """What one chain of cursors has read so far, by time, and what is left of its window."""

    def __init__(self, left: Left, stream: Stream, now: str) -> None:
        self.left = left
        self._by_day = stream.filters_by_day
        self._now = now
        self._first: Instant | None = None
        self._last: Instant | None = None
        self._is_first = left.asked == (None, None) and left.after is None
        self._pages = self._rows = 0
        self._size = 1
        self._density = 0.0
        """Rows per second of the last page."""
        self._falls: bool | None = None
        """True if the newest row comes first; None if nothing shows it yet."""
        self.is_ordered = True

    def add(self, page: Page) -> None:
        """Look at the rows of the next page."""
        self._pages += 1
        self._size = max(self._size, len(page.rows))
        times = [created[0] for created in map(_created, page.rows) if created is not None]
        if len(times) > 1:
            self._density = len(times) / max(1.0, (max(times) - min(times)).total_seconds())
        for row in page.rows:
            created = _created(row)
            if created is None:
                self.is_ordered = False
            if created is None or not self.is_ordered:
                return
            if self._last is not None and self._first is not None:
                if self._falls is None and abs(created[0] - self._first[0]) > _DISORDER:
                    self._falls = created < self._first
                self.is_ordered = self._falls is None or self._between(created[0], self._last[0]) <= _DISORDER
            self._first = self._first or created
            self._rows += 1
            if self._last is None or self._falls is None or (created < self._last) == self._falls:
                self._last = created

    def _between(self, first: datetime, second: datetime) -> timedelta:
        """How much later than `first` a row of `second` comes in the order of the list."""
        return first - second if self._falls else second - first

    def is_over(self) -> bool:
        """True if all rows of the window have come, though the list has more."""
        if self._last is None or not self.is_ordered or self._falls is None:
            return False
        end = self.left.start if self._falls else self.left.end
        return end is not None and self._between(instant(end)[0], self._last[0]) > _DISORDER

    def far_half(self) -> Left | None:
        """The far half of the time that is left, if it is long enough to be read by another chain."""
        if self._first is None or self._last is None or self._falls is None or not self.is_ordered:
            return None
        if self._is_first and self._pages < _PAGES_BEFORE:
            return None
        limit = self.left.start or _BEGINNING if self._falls else self.left.end or self._now
        rest = self._between(self._last[0], instant(limit)[0])
        narrowest = _NARROWEST_BY_DAY if self._by_day else _NARROWEST
        if rest <= 2 * narrowest:
            return None
        read = max(1.0, abs(self._last[0] - self._first[0]).total_seconds())
        pages = rest.total_seconds() * max(self._density, self._rows / read) / self._size
        if pages <= (_FEWEST_PAGES_BY_DAY if self._by_day else _FEWEST_PAGES):
            return None
        middle = rfc3339(self._last[0] + (-rest / 2 if self._falls else rest / 2))
        if self._falls:
            return Left(self.left.list, self.left.start, middle, (self.left.start, middle))
        return Left(self.left.list, middle, self.left.end, (middle, self.left.end))

    def give(self, far: Left) -> None:
        """Leave the `far_half` to another chain."""
        self.left = replace(self.left, start=far.end) if self._falls else replace(self.left, end=far.start)
