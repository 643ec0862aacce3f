"""A list with a filter by time, and a reader of its windows: what a run does, without requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_incident.api.answers import Page, Row
from tap_incident.streams import Stream
from tap_incident.sync.windows import CutPage, Window, cutting, from_json
from tap_incident.timestamps import Instant, instant

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
NOW = "2026-12-31T00:00:00Z"
PAGE, MOST_PAGES = 3, 1000


def text_of(second: int, digits: str = "", hours: int = 0) -> str:
    """A timestamp some seconds after the beginning, with these digits and this offset."""
    local = (BEGIN + timedelta(seconds=second, hours=hours)).isoformat()[:19]
    return f"{local}{digits}{f'{hours:+03d}:00' if hours else 'Z'}"


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


def finish(reader: Reader, events: list[Any]) -> None:
    for event in events:
        if reader.left:
            reader.restart() if event == "restart" else reader.take_page(event)
    for _ in range(MOST_PAGES):
        if not reader.left:
            return
        reader.take_page(0)
    pytest.fail("the windows never end")
