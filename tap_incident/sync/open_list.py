"""An open list: the windows that are left of it, their pages, and how many of them are requested ahead."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tap_incident.streams import Params
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Future, Prefetched
from tap_incident.sync.plan import Node
from tap_incident.sync.replication import ResumePoint
from tap_incident.sync.windows import PAGES_BEFORE, Window, cutting

_MOST_WINDOWS = 32
"""Windows of one list that are open at once: more of them would take more memory than they save time."""
_AHEAD, _ARRIVED_PER_STEP = 2, 5
"""Pages that each window requests ahead if none waits to be written, and how many have to wait for one less."""


@dataclass
class OpenList:
    """A list whose first pages have been requested: one, or one per window if it was cut."""

    point: ResumePoint
    list_index: int
    node: Node
    """The node whose rows the list has."""
    params: Params
    may_be_cut: bool
    left: dict[int, Window] = field(default_factory=dict)
    """What is left to read: each window from its next page on."""
    pages: dict[int, Prefetched] = field(default_factory=dict)
    """Their pages; nothing if nothing of the list is wanted."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Numbers for the windows."""
    started_over: bool = False
    """True if the API refused what the state says of it."""
    running: int = 0
    """Number of windows that are being read."""
    ended: Future[None] = field(default_factory=Future)
    failed: bool = False

    @property
    def is_second_look(self) -> bool:
        """True if it is read for what the step may have missed."""
        return self.point.is_second_look(self.list_index)

    def request(self, run: RunContext, number: int, window: Window) -> None:
        """Request the first page of a window, and let it be left to read, with this number."""
        self.add(number, window, self.requested(run, window))

    def add(self, number: int, window: Window, pages: Prefetched) -> None:
        """Let a window be left to read whose first page was requested."""
        self.pages[number] = pages
        # Last: threads that are about to cut a window look at the pages of each that is left.
        self.left[number] = window

    def requested(self, run: RunContext, window: Window) -> Prefetched:
        """The pages of a window. The first is requested."""
        stream = self.node.stream
        params = (*self.params, *window.params(stream))
        early = run.early.pop((self.point.step.name, params, window.after), None)
        if early is None:
            pages = run.client.pages(stream, params, window.after)
            if self.may_be_cut:
                pages = cutting(pages, window, stream, lambda: self._room(run), run.began(self.point))
            whole = PAGES_BEFORE if self.may_be_cut else 1
            early = run.workers.prefetch(pages, ahead=(lambda: whole) if window.is_whole else self.ahead)
        return early

    def _room(self, run: RunContext) -> int:
        """The number of windows into which the rest of one may be cut. Pages that wait to be written leave less."""
        return min(_MOST_WINDOWS, run.config.max_concurrency) - len(self.left) - 2 * self.arrived()

    def ahead(self) -> int:
        """The number of pages that each window may request ahead: fewer while others wait to be written."""
        return max(0, _AHEAD - self.arrived() // _ARRIVED_PER_STEP)

    def arrived(self) -> int:
        """The number of its pages that wait to be written."""
        return sum(self.pages[number].has_arrived for number in list(self.left))


def open_list(run: RunContext, point: ResumePoint, list_index: int) -> OpenList:
    """Request the first page of one of the step's lists."""
    node, params = point.listing(list_index, run.began(point))
    # With one worker, windows would only cost requests.
    may_be_cut = node.stream.filters_created_at and run.config.max_concurrency > 1
    opened = OpenList(point, list_index, node, params, may_be_cut and not point.is_second_look(list_index))
    if run.problems.is_wanted(node):
        for window in point.sources(list_index):
            opened.request(run, next(opened.numbers), window)
    return opened
