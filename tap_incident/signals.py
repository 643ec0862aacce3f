"""SIGINT and SIGTERM: the run stops soon, and at a place from which it can be resumed."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from tap_incident.logs import warning_line

_GRACE_SECONDS = 3.0
"""The process ends at most this long after a signal, even if a target that does not read blocks a write."""


@contextmanager
def signals_caught(stop: threading.Event) -> Iterator[list[signal.Signals]]:
    """Set `stop` at the first SIGINT or SIGTERM, and append the signal to the list that this yields.

    A second signal ends the process immediately, and so does a write or a wait that lasts too long after the first.
    Every signal that was caught is in the list when this block has been left.
    """
    caught: list[signal.Signals] = []
    before: dict[signal.Signals, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        caught.append(signal.Signals(number))
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_DFL)
        if hasattr(signal, "setitimer"):  # Windows has no setitimer.
            before[signal.SIGALRM] = signal.signal(signal.SIGALRM, give_up)
            signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)
        # Last, because it needs a lock that the main thread may hold itself at this moment.
        stop.set()

    def give_up(number: int, frame: FrameType | None) -> None:
        # Not through logging: the main thread may hold its lock, or the lock of stderr.
        text = f"Stopped by {caught[0].name}: the target did not read, or the API did not answer"
        with suppress(OSError):
            # Only if stderr has room: its reader may have stopped reading too.
            if select.select([], [2], [], 0)[1]:
                os.write(2, f"{warning_line(text)}\n".encode())
        os._exit(128 + caught[0])

    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGINT, signal.SIGTERM):
            before[name] = signal.signal(name, handle)
    try:
        yield caught
    finally:
        if caught and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for name, handler in list(before.items()):
            signal.signal(name, handler)
