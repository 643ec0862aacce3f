"""The walk of one list: rows in the order of their pages, each followed by its children. Only in the main thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, Gone, MissingPermission, Rejected
from tap_incident.sync.child_requests import child_params, with_added_columns
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import in_order
from tap_incident.sync.plan import Node
from tap_incident.sync.spool import Spool

_LOOK_AHEAD = 16
"""Parents held per worker while their children are fetched: enough that a slow one does not keep the others idle."""

Chain = tuple[Node, Iterator[Page]]


def walk(
    run: RunContext,
    node: Node,
    pages: Iterator[Page],
    ready: Callable[[], bool] = lambda: True,
    written: Callable[[], None] = lambda: None,
) -> Iterator[Page]:
    """Write the rows of `node` and of all nodes below it. Yields each page once all its rows and theirs are out.

    `ready` returns whether the next page is there. `written` is called for each row of `node` that is out.
    """
    look_ahead = _LOOK_AHEAD * run.config.max_concurrency if node.children else 0
    none: list[Chain] = []
    for turn in in_order(_with_schema(run, node, pages), lambda row: _open(run, node, row), none, look_ahead, ready):
        if turn.row is not None:
            _emit(run, node, turn.row, turn.children)
            written()
            run.log_timers()
        if turn.last_of is not None:
            yield turn.last_of


def _with_schema(run: RunContext, node: Node, pages: Iterable[Page]) -> Iterator[Page]:
    for page in pages:
        # Only after the first page: a stream that the key may not read gets no table.
        if node.selected:
            run.writer.schema(node.selected)
        yield page


def _open(run: RunContext, node: Node, row: Row) -> list[Chain]:
    """The child lists of one parent. Their first pages are requested."""
    wanted = (child for child in node.children if run.problems.is_wanted(child))
    try:
        return [(child, pages) for child in wanted for pages in _child_pages(run, child, row)]
    except BadData as error:  # A parent without the ids to ask by.
        run.problems.fail(node, error)
        run.problems.incomplete.update(below.stream.name for below in node.tree())
        return []


def _child_pages(run: RunContext, child: Node, row: Row) -> Iterator[Iterator[Page]]:
    stream = child.stream
    for params in child_params(stream, row, run.window, run.seen.first):
        run.problems.requested[stream.name] += 1
        if stream.name in run.spools:
            yield _spooled(run.spools[stream.name], child, str(row[stream.parent.id_property]))
            continue
        pages = with_added_columns(run.client.pages(stream, params), stream, params)
        if child.second_look:
            pages = child.second_look.children(pages, row)
        yield run.workers.prefetch(pages)


def _spooled(spool: Spool, child: Node, parent: str) -> Iterator[Page]:
    yield Page(spool.rows(child.stream.name, parent))


def _emit(run: RunContext, node: Node, row: Row, chains: list[Chain]) -> None:
    """Write one row, including the nested rows, and then its children."""
    below: list[Chain] = []
    for child, chain in chains:
        pages = _readable(run, child, chain)
        nested_as = child.stream.parent.nested_as
        if child.nested and nested_as:
            before = run.problems.counts(child)
            rows = [found for page in pages for found in page.rows]
            # Null, not an empty list: nobody knows these rows.
            row[nested_as] = rows if before == run.problems.counts(child) and run.problems.is_wanted(child) else None
            if child.stream.name in run.problems.denied:
                run.refused_ids.setdefault(child.stream.name, str(row.get(child.stream.parent.id_property)))
            pages = iter([Page(rows)])
        below.append((child, pages))
    if node.selected and node.stream.name not in run.problems.failed:
        try:
            run.writer.record(node.stream.name, run.shaper(node.selected)(row))
        except BadData as error:
            run.problems.fail(node, error)
    for child, pages in below:
        if run.problems.is_wanted(child) and (child.selected or child.children):
            for _ in walk(run, child, pages):
                pass  # STATE is only written at the parent's pages.


def _readable(run: RunContext, node: Node, pages: Iterator[Page]) -> Iterator[Page]:
    """A child's pages. They end early if the parent was deleted, or if they can't be read."""
    problems = run.problems
    if not problems.is_wanted(node):
        return  # Requested before the first problem.
    try:
        for page in pages:
            problems.answered.add(node.stream.name)
            yield page
    except Gone:
        problems.gone[node.stream.name] += 1
    except MissingPermission as error:
        problems.deny(node, error)
    except (BadData, Rejected) as error:
        problems.end(node, error)
