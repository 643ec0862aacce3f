"""What all readers of a run share: the client, the pool for children, and what was seen so far."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any, TypeVar

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import TapError
from tap_incident.protocol.messages import Encoder
from tap_incident.streams import Params, Stream
from tap_incident.sync.child_requests import TimeSpan
from tap_incident.sync.problems import Problems
from tap_incident.sync.reading import Item
from tap_incident.sync.spool import Seen, Spool

_T = TypeVar("_T")
SAMPLE_ROWS = 3


class Pool:
    """Threads that request the pages of children. The client bounds how many requests are under way."""

    def __init__(self, count: int) -> None:
        """Start `count` threads, or as many as the system allows. Raises TapError if it allows none."""
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._count = 0
        for _ in range(count):
            try:
                threading.Thread(target=self._work, name="children", daemon=True).start()
            except RuntimeError as error:
                if not self._count:
                    raise TapError(f"No thread can be started ({error})", advice="Allow more processes") from error
                break
            self._count += 1

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """Call this in one of the threads."""
        future: Future[_T] = Future()
        self._jobs.put((future, call))
        return future

    def close(self) -> None:
        """Let the threads end after what is submitted."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            try:
                future.set_result(call())
            except BaseException as error:  # It is raised again where the result is needed.
                future.set_exception(error)


@dataclass(frozen=True)
class Shared:
    """Thread-safe."""

    config: Config
    client: Client
    pool: Pool
    problems: Problems
    encoder: Encoder
    span: TimeSpan
    """The time for which streams with a window are read."""
    put: Callable[[Item], None]
    """Hand something to the writer. Waits while it has enough. Raises Stopped when the run stops."""
    stop: threading.Event
    began: str
    """Start of the run (RFC 3339)."""
    sample: bool = False
    """True for --test: a few rows of the first page of each list."""
    seen: Seen = field(default_factory=Seen)
    """Ids already requested through `also_by`, because several parents can share one."""
    spools: dict[str, Spool] = field(default_factory=dict)
    """Rows of children that are read before their parents, by stream."""

    def pages(
        self, stream: Stream, params: Params, after: str | None = None, *, most: int = SAMPLE_ROWS
    ) -> Iterator[Page]:
        """The pages of a list; of a sample, only its first `most` rows. Raises what the client raises."""
        if not self.sample:
            yield from self.client.pages(stream, params, after)
            return
        page = self.client.first_page(stream, params, most)
        yield replace(page, rows=page.rows[:most], after=None)

    def close(self) -> None:
        """Let the threads end, and free the disk space."""
        self.pool.close()
        self.seen.close()
        for spool in self.spools.values():
            spool.close()

    def ahead(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The same pages. The next one is requested while the caller works on one."""
        return self._taken(pages, self.pool.submit(lambda: next(pages, None)))

    def _taken(self, pages: Iterator[Page], first: Future[Page | None]) -> Iterator[Page]:
        arriving = first
        while (page := arriving.result()) is not None:
            if page.after is None:
                yield page
                return
            arriving = self.pool.submit(lambda: next(pages, None))
            yield page
