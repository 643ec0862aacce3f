"""What all readers of a run share: the client, the pool for children, and what was seen so far."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from tap_incident.api.answers import Page
from tap_incident.api.children import TimeSpan
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.protocol.messages import Encoder
from tap_incident.streams import Params, Stream
from tap_incident.sync.flow import Pool
from tap_incident.sync.problems import Problems
from tap_incident.sync.reading import Item
from tap_incident.sync.spool import Seen, Spool

SAMPLE_ROWS = 3


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
