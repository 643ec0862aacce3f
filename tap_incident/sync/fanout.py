"""Fan-out: the only place with threads. Pages and children are fetched ahead, and come out in the parents' order.

Every request runs in one of the workers, so their number bounds the requests under way. The window bounds how many
parents are held with their children in flight. The first error that reaches the consumer cancels the rest.
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

# How often a waiting consumer looks whether the run was told to stop, in seconds.
_GLANCE = 0.2


class Workers:
    """A pool of `count` threads that fetch pages. Leaving it, or a set `stop`, ends all that waits."""

    def __init__(self, count: int, stop: threading.Event) -> None:
        self._pool = ThreadPoolExecutor(count, "fetch")
        self._stop = stop

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        # Whatever is still under way, nobody will use; and a thread that hangs in a slow answer can't be woken.
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ahead(self, pages: Iterator[Page]) -> Ahead:
        """The same pages: the first is asked for at once, each other while the one before it is being used."""
        return Ahead(self._pool, self._stop, pages)


class Ahead(Iterator[Page]):
    """Pages that a worker fetches one ahead of the consumer.

    Raises in the consumer what fetching raised, and Stopped when the run was told to stop.
    """

    def __init__(self, pool: ThreadPoolExecutor, stop: threading.Event, pages: Iterator[Page]) -> None:
        self._pool, self._stop, self._pages = pool, stop, pages
        self._coming: Future[Page] | None = pool.submit(next, pages)

    def ready(self) -> bool:
        """Whether the next page can be had without a wait."""
        return self._coming is None or self._coming.done()

    def peek(self) -> Page | None:
        """Wait for the next page, and leave it there."""
        if self._coming is None:
            return None
        while not (self._coming.done() or wait([self._coming], _GLANCE).done):
            if self._stop.is_set():
                raise Stopped("stopped while waiting for an answer")
        return self._coming.result()

    def __next__(self) -> Page:
        page = self.peek()
        if page is None:
            raise StopIteration
        # Nothing is asked for after the last page, not even whether there is another.
        self._coming = None if page.after is None else self._pool.submit(next, self._pages)
        return page


@dataclass(frozen=True)
class Turn(Generic[C]):
    """A parent's turn to be written: its row, its children as they come, and its page if it is the last of it."""

    row: Row | None
    """None for a page without rows."""
    children: C
    ends: Page | None


def turns(
    pages: Iterable[Page], children: Callable[[Row], C], none: C, window: int, ready: Callable[[], bool] = lambda: True
) -> Iterator[Turn[C]]:
    """A turn for each row in order, `children` called up to `window` rows before; `none` stands in an empty page.

    While the next page is not `ready`, what is held comes out meanwhile. Takes the rows out of the pages.
    """
    held: deque[Turn[C]] = deque()
    for page in pages:
        if not page.rows:
            held.append(Turn(None, none, page))
        # Handed over one by one, so that a page's memory goes back while its successor comes in.
        page.rows.reverse()
        while page.rows:
            row = page.rows.pop()
            held.append(Turn(row, children(row), None if page.rows else page))
            while len(held) > window:
                yield held.popleft()
        while held and not ready():
            yield held.popleft()
    while held:
        yield held.popleft()
