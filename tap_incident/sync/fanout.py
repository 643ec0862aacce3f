"""Fan-out: the only module with threads. Pages are fetched ahead, and the most urgent request is sent first.

Every request runs in a worker, so the number of workers limits the requests in flight. All else is done by the main
thread, as tasks that take turns: a task that has to wait for an answer lets the others continue.
"""

from __future__ import annotations

import itertools
import pickle
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from queue import PriorityQueue
from typing import Any

from tap_incident.api.answers import Page
from tap_incident.errors import Stopped, TapError

__all__ = ("CHAIN", "CHILD", "Future", "Prefetched", "Task", "Tasks", "Workers")

_STOP_POLL_SECONDS = 0.2
"""How often a waiting consumer checks whether the run must stop."""
CHAIN, CHILD = 0, 1
"""Urgency of a list's next page, and of a child's page. There are many of the latter."""
_END = -1
"""Urgency of the end: pages that still wait are not fetched."""
_PAGES_PER_THREAD = 5
"""Then another thread takes over. Until a thread ends, glibc keeps freed memory for it: more and more in a long run."""

Task = Iterator["Future[Any] | None"]
"""Work of the main thread. It yields what it waits for, or None to let other tasks take their turn."""


class Workers:
    """`count` threads that fetch pages. When it is left, or `stop` is set, everything that waits ends."""

    def __init__(
        self, count: int, stop: threading.Event, thread: Callable[..., threading.Thread] = threading.Thread
    ) -> None:
        """`thread` makes a thread, which may fail to start."""
        self.count = count
        self._stop = stop
        self._thread = thread
        self._queue: PriorityQueue[tuple[int, int, Callable[[], None] | None]] = PriorityQueue()
        self._numbers = itertools.count()

    def __enter__(self) -> Workers:
        """Raises TapError if the system allows no thread. With fewer than `count`, fewer requests are in flight."""
        for number in range(self.count):
            try:
                self._start()
            except RuntimeError as error:
                if not number:
                    raise TapError(f"No thread can be started ({error})", advice="Allow more processes") from error
                break
        return self

    def __exit__(self, *error: object) -> None:
        # Nobody will use what is still in flight, and a thread that hangs in a slow answer can't be woken.
        self._stop.set()
        for _ in range(self.count):
            self._queue.put((_END, next(self._numbers), None))

    def _start(self) -> None:
        self._thread(target=self._fetch, name="fetch", daemon=True).start()

    def _fetch(self) -> None:
        """Fetch the most urgent page, again and again, and then start the thread that takes over."""
        for number in itertools.count(1):
            _, _, fetch = self._queue.get()
            if fetch is None:
                return
            fetch()
            del fetch  # It holds the page, but the next one may not come for long.
            if number >= _PAGES_PER_THREAD:
                # The system may allow no more threads, or no more memory. Then this one stays.
                with suppress(RuntimeError, MemoryError):
                    self._start()
                    return

    def prefetch(
        self, pages: Iterator[Page], urgency: int = CHAIN, *, ahead: Callable[[], int] = lambda: 1
    ) -> Prefetched:
        """The same pages. The first is requested at once, the others while fewer than `ahead()` wait to be used.

        While `ahead()` is 0, the next one is requested when the consumer needs it. Any thread may call `ahead`.
        """
        return Prefetched(self, pages, urgency, ahead)

    def next_page(self, pages: Iterator[Page], urgency: int, arrived: Callable[[], None]) -> Future[_Packed]:
        """The next of `pages`, which a worker fetches once no more urgent page waits. Then it calls `arrived`."""
        future: Future[_Packed] = Future()

        def fetch() -> None:
            try:
                future.set_result(_pack(next(pages)))
            except BaseException as error:  # The consumer raises it.
                future.set_exception(error)
            arrived()

        self._queue.put((urgency, next(self._numbers), fetch))
        return future

    def wait(self, futures: Collection[Future[Any]]) -> None:
        """Return when one of them is done. Raises Stopped when the run must stop."""
        while not wait(futures, _STOP_POLL_SECONDS, FIRST_COMPLETED).done:
            if self._stop.is_set():
                raise Stopped("stopped while waiting for an answer")


@dataclass
class _Packed:
    """A page that waits for its consumer. Its rows are pickled, since they take six times the memory as objects."""

    page: Page
    """Without rows, until it is unpacked."""
    rows: bytes

    def unpacked(self) -> Page:
        """The page with its rows. Only the consumer may call this."""
        if self.rows:
            self.page.rows.extend(pickle.loads(self.rows))
            self.rows = b""
        return self.page


def _pack(page: Page) -> _Packed:
    packed = _Packed(page, pickle.dumps(page.rows, pickle.HIGHEST_PROTOCOL))
    # Emptied, because the iterator that the page came from holds it until the next one is fetched.
    page.rows.clear()
    return packed


class Prefetched(Iterator[Page]):
    """Pages that a worker fetches ahead of the consumer. Raises in the consumer what fetching raised."""

    def __init__(self, workers: Workers, pages: Iterator[Page], urgency: int, ahead: Callable[[], int]) -> None:
        self._workers, self._pages, self._urgency, self._ahead = workers, pages, urgency, ahead
        self._requested: deque[Future[_Packed]] = deque()
        """The pages that were not taken yet. All have arrived, except perhaps the last."""
        self._ended = False
        """True once the last page was taken."""
        self._lock = threading.Lock()
        self._request(1)

    def _request(self, most: int) -> None:
        """Request the next page, unless there is none, one is under way, or `most` pages wait to be taken."""
        with self._lock:
            if self._ended or len(self._requested) >= most or not all(map(_has_next, self._requested)):
                return
            self._requested.append(self._workers.next_page(self._pages, self._urgency, self._arrived))

    def _arrived(self) -> None:
        # In the worker, so that no page waits for a consumer that is busy.
        self._request(self._ahead())

    @property
    def pending(self) -> Future[Any] | None:
        """What the next page waits for; None if taking it does not wait."""
        self._request(1)
        return None if not self._requested or self.has_arrived else self._requested[0]

    @property
    def has_arrived(self) -> bool:
        """True if a page is there that was not taken yet. Any thread may ask."""
        with self._lock:
            return bool(self._requested) and self._requested[0].done()

    def peek(self) -> Page | None:
        """Wait for the next page and return it, without taking it."""
        self._request(1)
        if not self._requested:
            return None
        self._workers.wait([self._requested[0]])
        return self._requested[0].result().unpacked()

    def __next__(self) -> Page:
        page = self.peek()
        if page is None:
            raise StopIteration
        with self._lock:
            self._requested.popleft()
            self._ended = page.after is None
        self._request(self._ahead())
        return page


def _has_next(arrived: Future[_Packed]) -> bool:
    """True if a page has arrived, and is not the last one."""
    return arrived.done() and arrived.exception() is None and arrived.result().page.after is not None


class Tasks:
    """Runs tasks in turns in the main thread: at most `most` at the same time, in the order of `add`."""

    def __init__(self, most: int, wait: Callable[[Collection[Future[Any]]], None]) -> None:
        self._most = most
        self._wait = wait
        self._waiting: deque[Task] = deque()
        self._active: dict[Task, Future[Any] | None] = {}

    def add(self, task: Task) -> None:
        """Run this task after those that were added before, or beside them."""
        self._waiting.append(task)

    def join(self, task: Task) -> None:
        """Run this task beside the active ones at once, since one of them waits for it."""
        self._active[task] = None

    def run(self) -> None:
        """Run all tasks to their ends. Raises what one of them raises, and Stopped when the run must stop."""
        while self._waiting or self._active:
            while self._waiting and len(self._active) < self._most:
                self._active[self._waiting.popleft()] = None
            ready = [task for task, awaited in self._active.items() if awaited is None or awaited.done()]
            for task in ready:
                try:
                    self._active[task] = next(task)
                except StopIteration:
                    del self._active[task]
            if not ready:
                self._wait([awaited for awaited in self._active.values() if awaited is not None])
