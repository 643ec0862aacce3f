"""Fan-out: the only module with threads. Pages and children are fetched ahead and come out in the parents' order.

Every request runs in a worker, so the number of workers limits the requests in flight. `look_ahead` limits how many
parents are held while their children are fetched. The first error that reaches the consumer cancels the rest.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from tap_incident.api.answers import Page, Row
from tap_incident.errors import Stopped

C = TypeVar("C")

_STOP_POLL_SECONDS = 0.2
"""How often a waiting consumer checks whether the run must stop."""


class Workers:
    """A pool of `count` threads that fetch pages. When it is left, or `stop` is set, everything that waits ends."""

    def __init__(self, count: int, stop: threading.Event) -> None:
        self._pool = ThreadPoolExecutor(count, "fetch")
        self._stop = stop

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        # Nobody will use what is still in flight, and a thread that hangs in a slow answer can't be woken.
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def prefetch(self, pages: Iterator[Page]) -> Prefetched:
        """The same pages. The first is requested at once, each other one while the one before it is used."""
        return Prefetched(self._pool, self._stop, pages)


class Prefetched(Iterator[Page]):
    """Pages that a worker fetches one ahead of the consumer.

    Raises in the consumer what fetching raised, and Stopped when the run must stop.
    """

    def __init__(self, pool: ThreadPoolExecutor, stop: threading.Event, pages: Iterator[Page]) -> None:
        self._pool, self._stop, self._pages = pool, stop, pages
        self._next: Future[Page] | None = pool.submit(next, pages)

    def ready(self) -> bool:
        """True if the next page is there, so that taking it does not wait."""
        return self._next is None or self._next.done()

    def peek(self) -> Page | None:
        """Wait for the next page and return it, without taking it."""
        if self._next is None:
            return None
        while not (self._next.done() or wait([self._next], _STOP_POLL_SECONDS).done):
            if self._stop.is_set():
                raise Stopped("stopped while waiting for an answer")
        return self._next.result()

    def __next__(self) -> Page:
        page = self.peek()
        if page is None:
            raise StopIteration
        # After the last page, nothing more is requested.
        self._next = None if page.after is None else self._pool.submit(next, self._pages)
        return page


@dataclass(frozen=True)
class Turn(Generic[C]):
    """One parent when it is written: its row, its children, and its page if it is the last row of it."""

    row: Row | None
    """None for a page without rows."""
    children: C
    last_of: Page | None


def in_order(
    pages: Iterable[Page],
    children: Callable[[Row], C],
    no_children: C,
    look_ahead: int,
    ready: Callable[[], bool] = lambda: True,
) -> Iterator[Turn[C]]:
    """A turn per row, in order. `children` is called up to `look_ahead` rows earlier; an empty page has `no_children`.

    While the next page is not `ready`, the turns that are held come out. Takes the rows out of the pages.
    """
    held: deque[Turn[C]] = deque()
    for page in pages:
        if not page.rows:
            held.append(Turn(None, no_children, page))
        # Taken one by one, so that the memory of a page is freed while the next one arrives.
        page.rows.reverse()
        while page.rows:
            row = page.rows.pop()
            held.append(Turn(row, children(row), None if page.rows else page))
            while len(held) > look_ahead:
                yield held.popleft()
        while held and not ready():
            yield held.popleft()
    while held:
        yield held.popleft()
