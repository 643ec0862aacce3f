"""Rows as messages: each row of a page, with its nested parts, and then the rows of its children."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from tap_incident.api.answers import Page, Row
from tap_incident.api.children import child_params, with_added_columns
from tap_incident.errors import BadData, Gone, Stopped, Unreadable
from tap_incident.protocol.records import shown_id
from tap_incident.sync.plan import Node
from tap_incident.sync.problems import Status
from tap_incident.sync.reading import Batch
from tap_incident.sync.shared import Shared

_LOOK_AHEAD = 4
"""Parents held per request under way while their children are fetched: enough that a slow one does not keep the others
idle."""


_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class PageOut:
    """All messages of a page's rows came before this. It says what nested parts of these rows lack."""

    page: Page
    """The page without its rows."""
    refused: set[str] = field(default_factory=set)
    """Nested parts that the key may not read at all."""
    lacks: Counter[str] = field(default_factory=Counter)
    """Numbers of rows for which a nested part could not be read."""
    gone: list[Row] = field(default_factory=list)
    """Rows of which a nested part was answered with 404."""


@dataclass(frozen=True)
class _Turn:
    """One row, whose children were requested."""

    row: Row
    of: PageOut
    children: list[tuple[Node, Sequence[Iterator[Page]] | None]]
    """Each child with its lists. None: they can't be requested."""
    detail: Future[Row] | None
    """The answer with only this row, if it is needed."""


def as_messages(shared: Shared, node: Node, pages: Iterator[Page]) -> Iterator[Batch | PageOut]:
    """The messages of all rows of `node` and of all nodes below it. Raises what `pages` raises."""
    most = _LOOK_AHEAD * shared.config.max_concurrency
    held: deque[_Turn | PageOut] = deque()
    for page in pages:
        end = PageOut(replace(page, rows=[]))
        if not node.children and not node.needs_detail:
            yield from _batch(shared, node, page.rows, page.extracted)
            yield end
            continue
        # A page without rows has a SCHEMA too.
        yield from _batch(shared, node, [], page.extracted)
        for row in page.rows:
            children = [(child, _requested(shared, child, row)) for child in node.children]
            held.append(_Turn(row, end, children, _detail(shared, node, row)))
            while len(held) > most:
                yield from _out(shared, node, held.popleft())
        held.append(end)
    while held:
        yield from _out(shared, node, held.popleft())


def _batch(shared: Shared, node: Node, rows: list[Row], extracted: str) -> Iterator[Batch]:
    """The records of the rows, if they are emitted: up to the first row that fits no record."""
    if node.selected is None:
        return
    lines: list[str] = []
    try:
        for row in rows:
            if shared.problems.status(node.name) is not None:
                break
            lines.append(shared.encoder.record(node.selected, row, extracted))
    except BadData as error:
        shared.problems.row_failed(node, error)
    yield Batch(node.selected, lines)


def _requested(shared: Shared, child: Node, row: Row) -> Sequence[Iterator[Page]] | None:
    """The lists of a child for one row of its parent, or None. Their first pages are requested."""
    if not shared.problems.is_wanted(child):
        return None
    stream = child.stream
    try:
        # By the own id only, no other id counts as requested: another list of parents requests those.
        is_first = (lambda *_: True) if child.asked_by == "own id" else shared.seen.first
        lists = child_params(stream, row, shared.span, is_first)
    except BadData as error:  # A parent without the ids to ask by.
        shared.problems.parent_failed(child, shown_id(row), error)
        return None
    if child.spooled:
        return [_spooled(shared, child, row)]
    asked = {"own id": slice(1), "other ids": slice(1, None), "all": slice(1 if shared.sample else None)}
    return [
        shared.ahead(with_added_columns(shared.pages(stream, params), stream, params))
        for params in lists[asked[child.asked_by]]
    ]


def _detail(shared: Shared, node: Node, row: Row) -> Future[Row] | None:
    """The answer with only this row, which is requested, if it is needed."""
    detail = node.stream.detail
    if detail is None or not node.needs_detail or not shared.problems.is_wanted(node):
        return None
    params = (("id", str(row.get("id"))),)
    return shared.pool.submit(lambda: shared.client.get(detail.path, params, node.name))


def _with_detail(shared: Shared, node: Node, turn: _Turn) -> None:
    """Put the columns that only this answer has into the row. If it can't be read, they are null."""
    detail = node.stream.detail
    if detail is None or turn.detail is None:
        return
    try:
        answer = turn.detail.result()
        single = answer.get(detail.key)
        if not isinstance(single, dict):
            raise BadData(f'{node.name}: the answer of {detail.path} has no "{detail.key}"')
        shared.problems.answered(node, parent=True)
    except Unreadable as error:
        shared.problems.parent_failed(node, shown_id(turn.row), error)
        turn.row.update(dict.fromkeys((*detail.columns, *detail.beside)))
    else:
        turn.row.update(single | {key: answer.get(key) for key in detail.beside})


def _spooled(shared: Shared, child: Node, row: Row) -> Iterator[Page]:
    """The pages of one parent in the spool, once that is full."""
    spool = shared.spools[child.name]
    while not spool.full.wait(_POLL_SECONDS):
        if shared.stop.is_set():
            raise Stopped("stopped while waiting for a list")
    if shared.problems.is_wanted(child):
        yield from spool.pages(str(row[child.stream.parent.id_property]))


def _out(shared: Shared, node: Node, turn: _Turn | PageOut) -> Iterator[Batch | PageOut]:
    """One row, including the nested rows, and then its children."""
    if isinstance(turn, PageOut):
        yield turn
        return
    below: list[tuple[Node, Iterator[Page]]] = []
    for child, lists in turn.children:
        failed: list[Unreadable] = []
        pages = readable(shared, child, turn.row, lists or (), failed)
        if child.nested:
            read = [*pages]
            is_known = lists is not None and not failed and (not child.spooled or shared.problems.is_wanted(child))
            turn.row[child.part] = [row for page in read for row in page.rows] if is_known else None
            if shared.problems.status(child.name) is Status.SKIPPED:
                turn.of.refused.add(child.part)
            elif any(isinstance(error, Gone) for error in failed):
                turn.of.gone.append(turn.row)
            elif not is_known:
                turn.of.lacks[child.part] += 1
            pages = iter(read)
        below.append((child, pages))
    _with_detail(shared, node, turn)
    yield from _batch(shared, node, [turn.row], turn.of.page.extracted)
    for child, pages in below:
        if child.selected or child.children:
            # A STATE speaks of the parent's pages only.
            yield from (each for each in as_messages(shared, child, pages) if isinstance(each, Batch))


def readable(
    shared: Shared, child: Node, parent: Row, lists: Iterable[Iterator[Page]], failed: list[Unreadable] | None = None
) -> Iterator[Page]:
    """The pages of the lists of one parent. Each list ends early if it can't be read: its error goes to `failed`."""
    for pages in lists:
        try:
            yield from pages
            shared.problems.answered(child, parent=True)
        except Unreadable as error:
            shared.problems.parent_failed(child, shown_id(parent), error)
            if failed is not None:
                failed.append(error)
