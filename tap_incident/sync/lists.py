"""One list of a step, from asking for its first page to its last row: cursor, cost, spools, progress."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, Gone, MissingPermission, Rejected
from tap_incident.protocol.selection import Selected
from tap_incident.streams import STRATEGIES
from tap_incident.sync.fanout import Ahead
from tap_incident.sync.plan import Node, cost
from tap_incident.sync.progress import Progress
from tap_incident.sync.replication import Start, changed
from tap_incident.sync.spool import Spool
from tap_incident.sync.walk import Run, deny, log_timers, walk

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """One list of a step, its first page on its way."""

    start: Start
    part: int
    pages: Ahead | None
    """None if nothing of it may be read."""

    @property
    def node(self) -> Node:
        """What hangs on the list."""
        return self.start.step.lists[self.part][0]


def begin(run: Run, at: Start, part: int) -> Begun:
    """Ask for the first page of one of the step's lists."""
    if all(selected.stream.name in run.denied for selected in emitted(at, part)):
        return Begun(at, part, None)
    return Begun(at, part, _read(run, at, part, at.after if part == at.part else None))


def _read(run: Run, at: Start, part: int, after: str | None) -> Ahead:
    return run.workers.ahead(run.client.pages(at.step.lists[part][0].stream, at.params(part), after))


def emitted(at: Start, part: int) -> list[Selected]:
    """The streams whose rows one of the step's lists writes."""
    return [node.selected for node in at.step.lists[part][0].tree() if node.selected]


def pages(run: Run, begun: Begun, asked: Ahead, nearly_done: Callable[[], None]) -> Iterator[Page]:
    """The pages of a list, each once its rows are out with all that hangs on them.

    `nearly_done` is called when the last page is there.
    """
    with ExitStack() as stack:
        ahead, resumed = _accepted(run, begun, asked)
        by_list = begun.start.step.by_list and begun.start.since is None
        total = _told_cost(run, begun, ahead, "list" if by_list else "per_incident")
        if by_list:
            # Another step may ask for the same children parent by parent, and must not find them here, closed.
            stack.callback(run.spools.clear)
            _fill_spools(run, begun.node, stack)
        progress = Progress(begun.start.step.name, lambda: run.client.sent, resumed=resumed, total=total)
        fresh = changed(begun.start, _watched(ahead, nearly_done), run.newest)
        yield from walk(run, begun.node, fresh, ahead.ready, progress.row)


def _watched(pages: Iterator[Page], nearly_done: Callable[[], None]) -> Iterator[Page]:
    for page in pages:
        if page.after is None:
            # The next lists are asked for while this one's last rows come in, and no earlier: they would be stale.
            nearly_done()
        yield page


def _told_cost(run: Run, begun: Begun, ahead: Ahead, strategy: str) -> int | None:
    """Say what a fan-out will cost, and whether the other strategy would save more than half; gives the rows in all."""
    node, first = begun.node, ahead.peek()
    parents = first.total if first else None
    if parents is None or not node.children:
        return parents
    costs = {name: cost(node, parents, run.config.incident_modes, name) for name in STRATEGIES}
    told = (node.stream.name, parents, costs[strategy], strategy)
    LOGGER.info("%s: %d rows, about %d requests by child_strategy %s", *told)
    # An incremental step and what it leaves to others are read in the one way that suits, whatever is chosen.
    chosen = strategy == run.config.child_strategy and begun.start.since is None
    for other, requests in costs.items():
        if chosen and requests * 2 < costs[strategy]:
            LOGGER.info("%s: by child_strategy %s, it would be about %d requests", node.stream.name, other, requests)
    return parents


def _accepted(run: Run, begun: Begun, pages: Ahead) -> tuple[Ahead, bool]:
    """The list's pages from the cursor on, or all of them if the API does not take it any more; whether it did."""
    at = begun.start
    resumed = at.after is not None and begun.part == at.part
    try:
        pages.peek()
    except (Rejected, Gone) as error:
        if not resumed:
            raise
        LOGGER.warning("%s: the API does not take the cursor of the state: starting over. (%s)", at.step.name, error)
        return _read(run, at, begun.part, None), False
    return pages, resumed


def _fill_spools(run: Run, node: Node, stack: ExitStack) -> None:
    """Read the organisation-wide lists that stand for a request a parent."""
    for child in node.children:
        if child.stream.listable and child.stream.name not in run.denied:
            run.spools[child.stream.name] = stack.enter_context(closing(Spool()))
            _fill_spool(run, child, run.spools[child.stream.name])


def _fill_spool(run: Run, child: Node, spool: Spool) -> None:
    LOGGER.info("%s: reading it as one list", child.stream.name)
    progress = Progress(child.stream.name, lambda: run.client.sent)
    parent = child.stream.parent_params[0][0]
    chains = child.stream.chains(run.config.incident_modes)
    try:
        for pages in [run.workers.ahead(run.client.pages(child.stream, params)) for params in chains]:
            for page in pages:
                spool.add(child.stream.name, [(_parent_of(row, parent, child), row) for row in page.rows])
                for _ in page.rows:
                    progress.row()
                log_timers(run)
    except MissingPermission as error:
        deny(run, child, error)


def _parent_of(row: Row, key: str, child: Node) -> str:
    if row.get(key) is None:
        raise BadData(f"{child.stream.name}: a row came without its key property {key}")
    return str(row[key])
