"""The walk of one list: rows in the order of their pages, each followed by its children. Only in the main thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, Gone, MissingPermission, Unreadable
from tap_incident.sync.child_requests import child_params, with_added_columns
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import CHILD, Future
from tap_incident.sync.plan import Node

_LOOK_AHEAD = 4
"""Parents held per worker while their children are fetched: enough that a slow one does not keep the others idle."""


class Pages(Protocol):
    """Pages of a list. `pending` is what the next one waits for, None if taking it does not wait."""

    @property
    def pending(self) -> Future[Any] | None: ...

    def __next__(self) -> Page: ...


@dataclass(frozen=True)
class Turn:
    """One parent when it is written: its row, its children, and its page if it is the last row of it."""

    row: Row | None
    """None for a page without rows."""
    children: list[tuple[Node, Pages]]
    last_of: Page | None
    extracted: str = ""
    """When the answer with the row came."""


Walk = Iterator["Future[Any] | Page"]
"""Yields what it waits for, and each page once all its rows and their children are out."""


def walk(
    run: RunContext,
    node: Node,
    pages: Pages,
    due: Callable[[Page], Page] = lambda page: page,
    written: Callable[[], None] = lambda: None,
) -> Walk:
    """Write the rows of `node` and of all nodes below it.

    `due` leaves only those rows of a page that are to be read. `written` is called for each row of `node` that is out.
    """
    look_ahead = _LOOK_AHEAD * run.config.max_concurrency if node.children else 0
    held: deque[Turn] = deque()
    for arrived in _turns(run, node, pages, due):
        if isinstance(arrived, Turn):
            held.append(arrived)
        elif not held:
            yield arrived
        # While the next page is not there, the turns that are held come out.
        while held and (len(held) > look_ahead or not isinstance(arrived, Turn)):
            yield from _write(run, node, held.popleft(), written)
            if not isinstance(arrived, Turn) and arrived.done():
                break
    while held:
        yield from _write(run, node, held.popleft(), written)


def _turns(run: RunContext, node: Node, pages: Pages, due: Callable[[Page], Page]) -> Iterator[Turn | Future[Any]]:
    """A turn per row, with its children requested. An empty page has a turn without a row."""
    while True:
        while pending := pages.pending:
            yield pending
        try:
            page = due(next(pages))
        except StopIteration:
            return
        # Only after the first page: a stream that the key may not read gets no table.
        if node.selected:
            run.writer.schema(node.selected)
        if not page.rows:
            yield Turn(None, [], page)
        # Taken one by one, so that the memory of a page is freed while the next one arrives.
        page.rows.reverse()
        while page.rows:
            row = page.rows.pop()
            yield Turn(row, _open(run, node, row), None if page.rows else page, page.extracted)


def _open(run: RunContext, node: Node, row: Row) -> list[tuple[Node, Pages]]:
    """The child lists of one parent. Their first pages are requested."""
    wanted = (child for child in node.children if run.problems.is_wanted(child))
    try:
        return [(child, pages) for child in wanted for pages in _child_pages(run, child, row)]
    except BadData as error:  # A parent without the ids to ask by.
        run.problems.fail(node, error)
        run.problems.incomplete.update(below.stream.name for below in node.tree())
        return []


def _child_pages(run: RunContext, child: Node, row: Row) -> Iterator[Pages]:
    stream = child.stream
    for params in child_params(stream, row, run.window, run.seen.first):
        run.problems.requested[stream.name] += 1
        if child.spooled:
            yield run.spools[stream.name].pages_of(str(row[stream.parent.id_property]))
            continue
        pages = with_added_columns(run.client.pages(stream, params), stream, params)
        if child.second_look:
            pages = child.second_look.children(pages, row)
        yield run.workers.prefetch(pages, CHILD)


def _write(run: RunContext, node: Node, turn: Turn, written: Callable[[], None]) -> Walk:
    """Write one row, including the nested rows, and then its children."""
    if turn.row is not None:
        yield from _emit(run, node, turn.row, turn)
        written()
        run.tick()
    if turn.last_of is not None:
        yield turn.last_of


def _emit(run: RunContext, node: Node, row: Row, turn: Turn) -> Iterator[Future[Any]]:
    below: list[tuple[Node, Pages]] = []
    for child, chain in turn.children:
        pages: Pages = _Readable(run, child, chain)
        nested_as = child.stream.parent.nested_as
        if child.nested and nested_as:
            before = run.problems.counts(child)
            read: list[Page] = []
            yield from _collect(pages, read)
            rows = [nested for page in read for nested in page.rows]
            # Null, not an empty list: nobody knows these rows.
            row[nested_as] = rows if before == run.problems.counts(child) and run.problems.is_wanted(child) else None
            if child.stream.name in run.problems.denied:
                run.refused_ids.setdefault(child.stream.name, str(row.get(child.stream.parent.id_property)))
            pages = Collected(read)
        below.append((child, pages))
    if node.selected and node.stream.name not in run.problems.failed:
        try:
            run.writer.record(node.stream.name, run.shaper(node.selected)(row), turn.extracted)
        except BadData as error:
            run.problems.fail(node, error)
    for child, pages in below:
        if run.problems.is_wanted(child) and (child.selected or child.children):
            # STATE is only written at the parent's pages.
            yield from (step for step in walk(run, child, pages) if isinstance(step, Future))


def _collect(pages: Pages, read: list[Page]) -> Iterator[Future[Any]]:
    """Add all pages to `read`."""
    while True:
        while pending := pages.pending:
            yield pending
        try:
            read.append(next(pages))
        except StopIteration:
            return


@dataclass
class Collected:
    """Pages that are there already."""

    read: list[Page]
    pending: Future[Any] | None = None

    def __next__(self) -> Page:
        if not self.read:
            raise StopIteration
        return self.read.pop(0)


@dataclass(frozen=True)
class _Readable:
    """A child's pages. They end early if the parent was deleted, or if they can't be read."""

    run: RunContext
    node: Node
    pages: Pages

    @property
    def pending(self) -> Future[Any] | None:
        return self.pages.pending if self.run.problems.is_wanted(self.node) else None

    def __next__(self) -> Page:
        problems, node = self.run.problems, self.node
        if not problems.is_wanted(node):
            raise StopIteration  # Requested before the first problem.
        try:
            page = next(self.pages)
        except Gone:
            problems.gone[node.stream.name] += 1
        except MissingPermission as error:
            problems.deny(node, error)
        except Unreadable as error:
            problems.end(node, error)
        else:
            problems.answered.add(node.stream.name)
            return page
        raise StopIteration
