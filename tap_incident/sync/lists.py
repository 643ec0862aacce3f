"""One list of a step, from the request for its first page to its last row: cursor, cost, spools, progress."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

from tap_incident.api.answers import Page, Row
from tap_incident.config import CHILD_STRATEGIES
from tap_incident.errors import BadData, Gone, MissingPermission, Rejected
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Prefetched
from tap_incident.sync.plan import Node, cost
from tap_incident.sync.progress import Progress
from tap_incident.sync.replication import ResumePoint, changed_rows
from tap_incident.sync.second_look import changed_since
from tap_incident.sync.spool import Spool
from tap_incident.sync.walk import walk

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenList:
    """A list whose first page has been requested."""

    point: ResumePoint
    list_index: int
    node: Node
    """The node whose rows the list has."""
    pages: Prefetched | None
    """None if nothing of it is wanted."""

    @property
    def is_second_look(self) -> bool:
        """True if it is read for what the step may have missed."""
        return self.point.is_second_look(self.list_index)

    @property
    def resumed(self) -> bool:
        """True if it starts at the cursor of an interrupted run."""
        return self.point.after is not None and self.list_index == self.point.list_index


def open_list(run: RunContext, point: ResumePoint, list_index: int) -> OpenList:
    """Request the first page of one of the step's lists."""
    node, params = point.listing(list_index, run.began(point))
    if not run.problems.is_wanted(node):
        return OpenList(point, list_index, node, None)
    after = point.after if list_index == point.list_index else None
    return OpenList(point, list_index, node, run.workers.prefetch(run.client.pages(node.stream, params, after)))


def written_pages(
    run: RunContext, opened: OpenList, pages: Prefetched, last_page: Callable[[], None]
) -> Iterator[Page]:
    """The pages of a list, each after its rows and all their children are written.

    `last_page` is called when the last page has arrived.
    """
    point = opened.point
    with ExitStack() as stack:
        accepted, resumed = _accepted(run, opened, pages)
        by_list = point.step.by_list and point.since is None and not opened.is_second_look
        total = None
        if not opened.is_second_look:
            total = _log_cost(run, opened, accepted, "list" if by_list else "per_incident")
        if by_list:
            # Forget the closed spools: a later step may request the same children per parent.
            stack.callback(run.spools.clear)
            _fill_spools(run, opened.node, stack)
        progress = Progress(point.step.name, lambda: run.client.sent, resumed=resumed, total=total)
        fresh = _due_rows(run, opened, _watched(run, opened, accepted, last_page))
        yield from walk(run, opened.node, fresh, accepted.ready, progress.row)


def _due_rows(run: RunContext, opened: OpenList, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages with only the rows that this run has to read."""
    if opened.node.second_look:
        yield from opened.node.second_look.parents(pages, run.recent)
        return
    name = opened.point.step.name
    for page in changed_rows(opened.point, pages, run.newest):
        if name in run.newest:
            run.first_newest.setdefault(name, run.newest[name])
        yield page


def _watched(run: RunContext, opened: OpenList, pages: Iterator[Page], last_page: Callable[[], None]) -> Iterator[Page]:
    point = opened.point
    key = opened.node.stream.replication_key
    # Spools were filled before the parents are read. They do not know what has changed since.
    is_current = point.step.changed_parents and key and not opened.is_second_look and not point.step.by_list
    for page in pages:
        run.problems.answered.add(opened.node.stream.name)
        if is_current and key:
            run.recent.update(
                (str(row.get("id")), row[key]) for row in page.rows if changed_since(row, key, run.began(point))
            )
        if page.after is None:
            # The next lists are requested while the last rows of this one arrive. Earlier, they would be outdated.
            last_page()
        yield page


def _log_cost(run: RunContext, opened: OpenList, pages: Prefetched, strategy: str) -> int | None:
    """Log what the children will cost, and if the other strategy would save more than half. Returns the total rows."""
    node, first = opened.node, pages.peek()
    parents = first.total if first else None
    if parents is None or not node.children:
        return parents
    name = node.stream.name
    costs = {each: cost(node, parents, run.config.incident_modes, each) for each in CHILD_STRATEGIES}
    LOGGER.info(f"{name}: {parents:,} rows, about {costs[strategy]:,} requests by child_strategy {strategy}")
    # Incremental steps ignore child_strategy, so do not suggest the other one.
    chosen = strategy == run.config.child_strategy and opened.point.since is None
    for other, requests in costs.items():
        if chosen and requests * 2 < costs[strategy]:
            LOGGER.info(
                '%s: set child_strategy to "%s" to need only about %s requests',
                node.stream.name,
                other,
                f"{requests:,}",
            )
    return parents


def _accepted(run: RunContext, opened: OpenList, pages: Prefetched) -> tuple[Prefetched, bool]:
    """The pages from the cursor on, or all pages if the API no longer accepts it; and whether it was accepted."""
    try:
        pages.peek()
    except (Rejected, Gone) as error:
        if not opened.resumed:
            raise
        name = opened.point.step.name
        LOGGER.warning("%s: the API does not accept the cursor of the state: starting over. (%s)", name, error)
        _, params = opened.point.listing(opened.list_index, run.began(opened.point))
        return run.workers.prefetch(run.client.pages(opened.node.stream, params)), False
    return pages, opened.resumed


def _fill_spools(run: RunContext, node: Node, stack: ExitStack) -> None:
    """Read the organisation-wide lists of the children that have one."""
    for child in node.children:
        if child.stream.parent.has_list and run.problems.is_wanted(child):
            run.spools[child.stream.name] = stack.enter_context(closing(Spool()))
            _fill_spool(run, child, run.spools[child.stream.name])


def _fill_spool(run: RunContext, child: Node, spool: Spool) -> None:
    LOGGER.info("%s: reading it as one list", child.stream.name)
    progress = Progress(child.stream.name, lambda: run.client.sent)
    lists = child.stream.list_params(run.config.incident_modes)
    try:
        for pages in [run.workers.prefetch(run.client.pages(child.stream, params)) for params in lists]:
            for page in pages:
                run.problems.answered.add(child.stream.name)
                spool.add(child.stream.name, [(_parent_id(row, child), row) for row in page.rows])
                for _ in page.rows:
                    progress.row()
                run.log_timers()
    except MissingPermission as error:
        run.problems.deny(child, error)
    except (BadData, Gone, Rejected) as error:
        run.problems.end(child, error)


def _parent_id(row: Row, child: Node) -> str:
    key = child.stream.parent.id_param
    if row.get(key) is None:
        raise BadData(f"{child.stream.name}: a row came without its key property {key}")
    return str(row[key])
