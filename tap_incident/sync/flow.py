"""The threads of a run, and the one queue through which all that they read comes to the writer.

The queue is bounded: nobody reads on while the writer has enough.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, Full, Queue

from tap_incident.errors import Stopped, TapError
from tap_incident.sync.reading import Item

_QUEUED = 16
_POLL_SECONDS = 0.2
"""How often somebody who waits looks whether the run must stop."""


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
        while True:
            if self._stop.is_set():
                raise Stopped("stopped while the target was busy")
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue
            return

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
        self._start_waiting()

    def _start_waiting(self) -> None:
        with self._lock:
            while self._waiting:
                read = self._waiting[0]
                try:
                    self._thread(target=self._run, args=(read,), name="reader", daemon=True).start()
                except RuntimeError as error:
                    if not self._running:
                        raise TapError(f"No thread can be started ({error})", advice="Allow more processes") from error
                    return
                self._waiting.popleft()
                self._running += 1

    def _run(self, read: Callable[[], None]) -> None:
        while True:
            read()
            with self._lock:
                if not self._waiting or self._stop.is_set():
                    self._running -= 1
                    return
                read = self._waiting.popleft()
