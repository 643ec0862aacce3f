"""The walk of one list: rows in the order of their pages, each followed by its children. Main thread only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from singer import metrics

from tap_incident.api.answers import Page, Row
from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import Gone, MissingPermission
from tap_incident.protocol.catalog import schema
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.records import Shaper, shaper
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State
from tap_incident.streams import BY_NAME, PERMISSIONS
from tap_incident.sync.child_requests import Window, completed, questions
from tap_incident.sync.fanout import Workers, turns
from tap_incident.sync.plan import Node
from tap_incident.sync.spool import Seen, Spool

LOGGER = logging.getLogger(__name__)

# Parents held for each worker while their children are in flight: enough that a slow one doesn't idle the others.
_LOOK_AHEAD = 16

Chain = tuple[Node, Iterator[Page]]


@dataclass
class Run:
    """What a run knows on its way."""

    config: Config
    client: Client
    workers: Workers
    writer: Writer
    state: State
    window: Window
    seen: Seen = field(default_factory=Seen)
    """Ids that lists were asked for by, where several parents can lead to one."""
    shapers: dict[str, Shaper] = field(default_factory=dict)
    spools: dict[str, Spool] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    """Streams that were skipped in the part of their walk that an earlier run has done."""
    missed: list[str] = field(default_factory=list)
    newest: dict[str, str] = field(default_factory=dict)
    """The last change among the rows read, by step."""
    asked: Counter[str] = field(default_factory=Counter)
    """Lists of children that were asked for, by the children's stream."""
    gone: Counter[str] = field(default_factory=Counter)
    """Those of them whose parent was no longer there."""
    unknown: set[tuple[str, str]] = field(default_factory=set)
    """(stream, path) of properties that the schemas haven't."""
    told: set[tuple[str, str]] = field(default_factory=set)
    """Those of them that were logged."""


def walk(
    run: Run,
    node: Node,
    pages: Iterator[Page],
    ready: Callable[[], bool] = lambda: True,
    written: Callable[[], None] = lambda: None,
) -> Iterator[Page]:
    """Write the rows of `node` and of all below it; gives each page once all of its rows and theirs are out.

    `ready` tells whether the next page is there, and `written` is called for each row of `node` that is out.
    """
    window = _LOOK_AHEAD * run.config.max_concurrency if node.children else 0
    none: list[Chain] = []
    for turn in turns(_announced(run, node, pages), lambda row: _open(run, node, row), none, window, ready):
        if turn.row is not None:
            _emit(run, node, turn.row, turn.children)
            written()
            log_timers(run)
        if turn.ends is not None:
            yield turn.ends


def _announced(run: Run, node: Node, pages: Iterable[Page]) -> Iterator[Page]:
    for page in pages:
        # Not before the first page: a stream that the key may not read gets no table.
        if node.selected:
            run.writer.schema(node.selected)
        yield page


def _open(run: Run, node: Node, row: Row) -> list[Chain]:
    """The children's lists of one parent, on their way."""
    readables = (child for child in node.children if child.stream.name not in run.denied)
    return [(child, pages) for child in readables for pages in _child_pages(run, child, row)]


def _child_pages(run: Run, child: Node, row: Row) -> Iterator[Iterator[Page]]:
    stream = child.stream
    for params in questions(stream, row, run.window, run.seen.first):
        run.asked[stream.name] += 1
        if stream.name in run.spools:
            yield _spooled(run.spools[stream.name], child, str(row[stream.parent_params[0][1]]))
        else:
            yield run.workers.ahead(completed(run.client.pages(stream, params), stream, params))


def _spooled(spool: Spool, child: Node, parent: str) -> Iterator[Page]:
    yield Page(spool.rows(child.stream.name, parent))


def _emit(run: Run, node: Node, row: Row, chains: list[Chain]) -> None:
    """Write one row, its nested parts filled in, and then its children."""
    below: list[Chain] = []
    for child, chain in chains:
        pages = _readable(run, child, chain)
        if child.nested and child.stream.nested_as:
            rows = [found for page in pages for found in page.rows]
            row[child.stream.nested_as] = None if child.stream.name in run.denied else rows
            pages = iter([Page(rows)])
        if child.stream.name not in run.denied:
            below.append((child, pages))
    if node.selected:
        run.writer.record(node.stream.name, _shaper(run, node.selected)(row))
    for child, pages in below:
        if child.selected or child.children:
            for _ in walk(run, child, pages):
                pass  # A child's pages are no place to resume: its parent's are.


def _readable(run: Run, node: Node, pages: Iterator[Page]) -> Iterator[Page]:
    """A child's pages; none where its parent has gone, or from where the key may not read them."""
    try:
        yield from pages
    except Gone:
        run.gone[node.stream.name] += 1
    except MissingPermission as error:
        deny(run, node, error)


def deny(run: Run, node: Node, error: MissingPermission) -> None:
    named = [below for below in node.tree() if below.stream.name not in run.denied]
    if not named:
        return  # Answers that were in flight when the first refusal came.
    run.denied.update(below.stream.name for below in named)
    run.missed += [below.stream.name for below in named if below.named]
    scope = error.scope or node.stream.scope
    words = f' (in the dashboard: "{PERMISSIONS[scope]}")' if scope in PERMISSIONS else ""
    LOGGER.warning(
        "%s: skipped%s: the key lacks the permission %s%s. Use a key that has it, or deselect the stream. (%s)",
        " and ".join(below.stream.name for below in named),
        f" (null in {node.stream.parent}.{node.stream.nested_as})" if node.nested else "",
        scope or "for it",
        words,
        error,
    )


def _shaper(run: Run, selected: Selected) -> Shaper:
    name = selected.stream.name
    if name not in run.shapers:
        unknown = run.unknown.add
        run.shapers[name] = shaper(selected, schema(selected.stream), lambda path: unknown((name, path)))
    return run.shapers[name]


def log_timers(run: Run) -> None:
    """Log how long the requests took that have ended by now."""
    for point in run.client.timers():
        metrics.log(LOGGER, point)


def tell_unknown(run: Run) -> None:
    fresh = sorted(run.unknown - run.told)
    run.told.update(fresh)
    for name, paths in groupby(fresh, key=itemgetter(0)):
        LOGGER.warning(
            "%s: the API sends what this version doesn't know, and it is left out: %s",
            name,
            ", ".join(" ".join(path.split()) for _, path in paths),
        )


def tell_gone(run: Run) -> None:
    """Log how many parents had gone when their children were asked for."""
    for name, count in run.gone.items():
        LOGGER.info("%s: the parent was deleted meanwhile in %d cases: no rows of these", name, count)
        if count == run.asked[name] > 1:
            LOGGER.warning("%s: no parent was there any more: the API may have given up %s", name, BY_NAME[name].path)
