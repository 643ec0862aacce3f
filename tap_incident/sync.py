"""The walk: SCHEMA, RECORD and STATE in the right order. Main thread only.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from singer import metrics

from tap_incident import state as states
from tap_incident.answers import Page, Row
from tap_incident.catalog import schema
from tap_incident.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadData, Gone, MissingPermission
from tap_incident.fanout import Workers, turns
from tap_incident.messages import Writer
from tap_incident.plan import Node, Step, rotated, steps
from tap_incident.records import Shaper, shaper
from tap_incident.selection import Selected, Selection
from tap_incident.spool import Spool
from tap_incident.streams import Params

LOGGER = logging.getLogger(__name__)

# Parents held for each worker while their children are in flight: enough that a slow one doesn't idle the others.
_LOOK_AHEAD = 16

Chain = tuple[Node, Iterator[Page]]


@dataclass
class _Run:
    """What a run knows on its way."""

    config: Config
    client: Client
    workers: Workers
    writer: Writer
    state: states.State
    shapers: dict[str, Shaper] = field(default_factory=dict)
    spools: dict[str, Spool] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    missed: list[str] = field(default_factory=list)
    gone: Counter[str] = field(default_factory=Counter)
    unknown: set[tuple[str, str]] = field(default_factory=set)


def sync(
    selection: Selection, config: Config, state: states.State, *, client: Client, workers: Workers, writer: Writer
) -> list[str]:
    """Read all that is selected and write it; `state` is that of the run before, which may have been interrupted.

    Returns the streams that the catalog asks for by name and that the key may not read. Raises what ends the run;
    the last STATE that was written then speaks only for records that were written before it.
    """
    run = _Run(config, client, workers, writer, state)
    try:
        for step in rotated(steps(selection, config.incident_modes), states.currently_syncing(state)):
            _step(run, step)
    finally:
        for name, count in writer.records.items():
            metrics.log(LOGGER, metrics.Point("counter", metrics.Metric.record_count, count, {"endpoint": name}))
        for name, count in run.gone.items():
            LOGGER.info("%s: the parent was deleted meanwhile in %d cases: no rows of these", name, count)
    return run.missed


def _step(run: _Run, step: Step) -> None:
    if step.name in run.denied:
        return
    walk = states.fingerprint([run.config.endpoint, step.params, step.node.described()])
    after = _resumed(run.state, step.name, walk)
    emitted = [node.stream.name for node in step.node.tree() if node.selected]
    LOGGER.info("%s: reading %s", step.name, ", ".join(emitted))
    with ExitStack() as stack:
        _fill_spools(run, step.node, stack)
        pages = run.workers.ahead(run.client.pages(step.node.stream, step.params, after))
        try:
            for page in _walk(run, step.node, pages):
                if page.after is not None:
                    run.state = states.under_way(run.state, step.name, page.after, walk)
                    run.writer.state(run.state)
        except MissingPermission as error:
            _deny(run, step.node, error)
            return
    for node in step.node.tree():
        if node.selected and node.stream.name not in run.denied:
            run.writer.schema(node.selected)
    run.state = states.ended(run.state, step.name)
    run.writer.state(run.state)


def _resumed(state: states.State, name: str, walk: str) -> str | None:
    """The cursor to go on from, None to begin at the beginning."""
    bookmark = states.bookmark(state, name)
    if not bookmark.get("after"):
        return None
    if bookmark.get("walk") != walk:
        LOGGER.info("%s: the selection or the settings have changed since the interrupted run: starting over", name)
        return None
    LOGGER.info("%s: going on where the interrupted run stopped", name)
    return str(bookmark["after"])


def _walk(run: _Run, node: Node, pages: Iterator[Page]) -> Iterator[Page]:
    """Write the rows of `node` and of all below it; gives each page once all of its rows and theirs are out."""
    window = _LOOK_AHEAD * run.config.max_concurrency if node.children else 0
    none: list[Chain] = []
    for turn in turns(_announced(run, node, pages), lambda row: _open(run, node, row), none, window):
        if turn.row is not None:
            _emit(run, node, turn.row, turn.children)
        if turn.ends is not None:
            yield turn.ends


def _announced(run: _Run, node: Node, pages: Iterable[Page]) -> Iterator[Page]:
    for page in pages:
        # Not before the first page: a stream that the key may not read gets no table.
        if node.selected:
            run.writer.schema(node.selected)
        yield page


def _open(run: _Run, node: Node, row: Row) -> list[Chain]:
    """The children's lists of one parent, on their way."""
    return [(child, _chain(run, node, child, row)) for child in node.children if child.stream.name not in run.denied]


def _chain(run: _Run, node: Node, child: Node, row: Row) -> Iterator[Page]:
    params = _child_params(node, child, row)
    if child.stream.name in run.spools:
        return _spooled(run.spools[child.stream.name], child, params[0][1])
    return run.workers.ahead(run.client.pages(child.stream, (*child.stream.params, *params)))


def _spooled(spool: Spool, child: Node, parent: str) -> Iterator[Page]:
    yield Page(spool.rows(child.stream.name, parent))


def _child_params(node: Node, child: Node, row: Row) -> Params:
    pairs = child.stream.parent_params
    if row.get(pairs[0][1]) is None:
        raise BadData(f"{node.stream.name}: a row came without its key property {pairs[0][1]}")
    return tuple((param, str(row[name])) for param, name in pairs if row.get(name) is not None)


def _emit(run: _Run, node: Node, row: Row, chains: list[Chain]) -> None:
    """Write one row, its nested parts filled in, and then its children."""
    below: list[Chain] = []
    for child, chain in chains:
        pages = _readable(run, child, chain)
        if child.nested and child.stream.nested_as:
            rows = [found for page in pages for found in page.rows]
            row[child.stream.nested_as] = None if child.stream.name in run.denied else rows
            pages = iter([Page(rows)])
        below.append((child, pages))
    if node.selected:
        run.writer.record(node.stream.name, _shaper(run, node.selected)(row))
    for child, pages in below:
        if child.selected or child.children:
            for _ in _walk(run, child, pages):
                pass  # A child's pages are no place to resume: its parent's are.


def _readable(run: _Run, node: Node, pages: Iterator[Page]) -> Iterator[Page]:
    """A child's pages; none where its parent has gone, or from where the key may not read them."""
    try:
        yield from pages
    except Gone:
        run.gone[node.stream.name] += 1
    except MissingPermission as error:
        _deny(run, node, error)


def _deny(run: _Run, node: Node, error: MissingPermission) -> None:
    if node.stream.name in run.denied:
        return  # Answers that were in flight when the first refusal came.
    named = [below for below in node.tree() if below.stream.name not in run.denied]
    run.denied.update(below.stream.name for below in named)
    run.missed += [below.stream.name for below in named if below.named]
    scope = error.scope or node.stream.scope
    LOGGER.warning(
        "%s: skipped%s: the key lacks the permission %s. Give it that in the dashboard, or deselect the stream. (%s)",
        " and ".join(below.stream.name for below in named),
        f" (null in {node.stream.parent}.{node.stream.nested_as})" if node.nested else "",
        scope or "for it",
        error,
    )


def _shaper(run: _Run, selected: Selected) -> Shaper:
    def unknown(name: str, path: str) -> None:
        if (name, path) not in run.unknown:
            run.unknown.add((name, path))
            LOGGER.warning("%s: the API sends a property that this version doesn't know: %s. Left out", name, path)

    name = selected.stream.name
    if name not in run.shapers:
        run.shapers[name] = shaper(selected, schema(selected.stream), unknown)
    return run.shapers[name]


def _fill_spools(run: _Run, node: Node, stack: ExitStack) -> None:
    """With child_strategy "list", read the organisation-wide lists that stand for a request a parent."""
    if run.config.child_strategy != "list":
        return
    for child in node.children:
        if not child.stream.listable or child.stream.name in run.denied:
            continue
        spool = run.spools[child.stream.name] = stack.enter_context(closing(Spool()))
        parent = child.stream.parent_params[0][0]
        for params in child.stream.chains(run.config.incident_modes):
            pages = run.workers.ahead(run.client.pages(child.stream, params))
            for page in _readable(run, child, pages):
                spool.add(child.stream.name, ((str(row.get(parent)), row) for row in page.rows))
        LOGGER.info("%s: read as one list", child.stream.name)
