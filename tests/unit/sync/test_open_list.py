"""A list in windows, while threads look at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

from tap_incident.api.answers import Page
from tap_incident.streams import BY_NAME
from tap_incident.sync.fanout import Workers
from tap_incident.sync.open_list import OpenList
from tap_incident.sync.windows import Window


def list_of_alerts() -> OpenList:
    """A list of which nothing was requested."""
    node = SimpleNamespace(stream=BY_NAME["alerts"])
    point = SimpleNamespace(step=SimpleNamespace(name="alerts"))
    return OpenList(cast(Any, point), 0, cast(Any, node), (), may_be_cut=False)


def test_window_can_be_looked_at_as_soon_as_its_first_page_is_requested() -> None:
    opened = list_of_alerts()
    seen: list[int] = []

    def prefetch(pages: Any, *, ahead: Callable[[], int]) -> Any:
        # What a thread does that is faster than the one that requests: it counts the pages that wait.
        seen.append(opened.arrived())
        return SimpleNamespace(has_arrived=True)

    run = SimpleNamespace(
        early={}, client=SimpleNamespace(pages=lambda *_: iter(())), workers=SimpleNamespace(prefetch=prefetch)
    )
    for number in range(3):
        opened.request(cast(Any, run), number, Window())
    assert seen == [0, 1, 2]
    assert list(opened.left) == [0, 1, 2]


def test_windows_request_fewer_pages_ahead_the_more_pages_wait_to_be_written() -> None:
    opened, all_requested, fetched = list_of_alerts(), threading.Event(), threading.Semaphore(0)

    def pages(*_: object) -> Iterator[Page]:
        for after in ("2", "3", None):
            assert all_requested.wait(5)
            fetched.release()
            yield Page([{"id": "A"}], after)

    with Workers(1, threading.Event()) as workers:
        run = cast(Any, SimpleNamespace(early={}, client=SimpleNamespace(pages=pages), workers=workers))
        for number in range(12):
            opened.request(run, number, Window(start=f"2026-01-{number + 1:02d}T00:00:00Z"))
        all_requested.set()
        # While fewer than five wait, a window requests a second page. It does so without being read.
        for _ in range(12 + 4):
            assert fetched.acquire(timeout=5), "a page was not requested before another was taken"
        assert not fetched.acquire(timeout=0.05), "a page was requested although many waited"
        assert (opened.arrived(), opened.ahead()) == (12, 0)
        next(opened.pages[11])
        assert not fetched.acquire(timeout=0.05), "a page was requested although many waited"
        assert opened.pages[11].pending or opened.pages[11].has_arrived
        assert fetched.acquire(timeout=5), "the page that the consumer waits for was not requested"
