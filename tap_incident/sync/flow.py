"""The threads of a run: readers, whose one bounded queue leads to the writer, and a pool that requests children."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Full, Queue, SimpleQueue
from typing import Any, TypeVar

from tap_incident.errors import Stopped, TapError
from tap_incident.sync.reading import Item

_T = TypeVar("_T")
_QUEUED = 16
_POLL_SECONDS = 0.2
"""How often somebody who waits looks whether the run must stop."""


def _is_started(
    work: Callable[[], None], name: str, thread: Callable[..., threading.Thread], *, is_needed: bool
) -> bool:
    """False if the system allows no more threads. Raises TapError if this one is needed."""
    try:
        thread(target=work, name=name, daemon=True).start()
    except RuntimeError as error:
        if is_needed:
            raise TapError(f"No thread can be started ({error})", advice="Allow more processes") from error
        return False
    return True


class Flow:
    """Starts the readers, and hands over what they put, in the order in which it came."""

    def __init__(self, stop: threading.Event, thread: Callable[..., threading.Thread] = threading.Thread) -> None:
        """Once `stop` is set, everybody who waits gets Stopped. `thread` makes a thread, which may fail to start."""
        self._stop = stop
        self._thread = thread
        self._queue: Queue[Item] = Queue(_QUEUED)
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def put(self, item: Item) -> None:
        """Hand an item to the main thread. Waits while the queue is full. Raises Stopped."""
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue
            return
        raise Stopped("stopped while the target was busy")

    def get(self) -> Item:
        """The next item. Waits for it. Raises Stopped."""
        while not self._stop.is_set():
            try:
                return self._queue.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
        raise Stopped("stopped while waiting for an answer")

    def start(self, read: Callable[[], None]) -> None:
        """Call `read` in a thread: now, or when another one ends if the system allows no more of them.

        Raises TapError if it allows none at all.
        """
        with self._lock:
            self._waiting.append(read)
            if _is_started(self._run, "reader", self._thread, is_needed=not self._running):
                self._running += 1

    def _run(self) -> None:
        """Read until nothing waits for a thread."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                read = self._waiting.popleft()
            read()


class Pool:
    """Threads that request the pages of children. The client bounds how many requests are under way."""

    def __init__(self, count: int) -> None:
        """Start `count` threads, or as many as the system allows. Raises TapError if it allows none."""
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._is_closed = False
        self._count = 0
        while self._count < count and _is_started(self._work, "children", threading.Thread, is_needed=not self._count):
            self._count += 1

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """Call this in one of the threads. The future has Stopped if the pool is closed."""
        future: Future[_T] = Future()
        with self._lock:
            if self._is_closed:
                future.set_exception(Stopped("stopped before a request"))
            else:
                self._jobs.put((future, call))
        return future

    def close(self) -> None:
        """Let the threads end after what is submitted."""
        with self._lock:
            self._is_closed = True
            for _ in range(self._count):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            try:
                future.set_result(call())
            except BaseException as error:  # It is raised again where the result is needed.
                future.set_exception(error)
