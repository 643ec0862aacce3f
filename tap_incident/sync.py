"""A run: one step of the plan after the other, STATE as each gets on, and the resuming of one that was interrupted.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

from singer import metrics

from tap_incident import state as states
from tap_incident.answers import Page, Row
from tap_incident.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadData, BadKey, Gone, MissingPermission, Rejected, Stopped, TapError
from tap_incident.fanout import Ahead, Workers
from tap_incident.messages import Writer
from tap_incident.plan import Node, cost, rotated, steps
from tap_incident.progress import Progress
from tap_incident.replication import Start, changed, ended, start, under_way
from tap_incident.selection import Selected, Selection
from tap_incident.spool import Spool
from tap_incident.streams import BY_NAME, STRATEGIES
from tap_incident.walk import Run, deny, log_timers, tell_gone, tell_unknown, walk

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Begun:
    """One list of a step, its first page on its way."""

    start: Start
    part: int
    pages: Ahead | None
    """None if nothing of it may be read."""

    @property
    def node(self) -> Node:
        """What hangs on the list."""
        return self.start.step.lists[self.part][0]


def sync(
    selection: Selection, config: Config, state: states.State, *, client: Client, workers: Workers, writer: Writer
) -> list[str]:
    """Read all that is selected and write it; `state` is that of the run before, which may have been interrupted.

    Returns the streams that the catalog asks for by name and that the key may not read. Raises what ends the run;
    the last STATE that was written then speaks only for records that were written before it.
    """
    run = Run(config, client, workers, writer, state)
    version = int(time.time() * 1000) if config.activate_version else None
    planned = steps(selection, config.incident_modes, config.child_strategy)
    starts = [start(step, state, config, version) for step in rotated(planned, states.currently_syncing(state))]
    coming = deque((begun, part) for begun in starts for part in range(begun.part, len(begun.step.lists)))
    begun: deque[_Begun] = deque()

    def begin(ahead: int) -> None:
        while coming and len(begun) < ahead:
            begun.append(_begin(run, *coming.popleft()))

    try:
        if coming:
            identity = workers.ahead(client.identity())
            begin(1)
            _tell_key(identity)
        while coming or begun:
            begin(1)
            _list(run, begun.popleft(), lambda: begin(config.max_concurrency))
        finished = states.ended(run.state, *BY_NAME)
        if finished != {"bookmarks": {}, **run.state}:
            # What an earlier run left of a stream that is no longer walked would make a later sync of it partial.
            writer.state(finished)
        writer.flush()
    finally:
        tell_unknown(run)
        log_timers(run)
        for name, count in writer.records.items():
            metrics.log(LOGGER, metrics.Point("counter", metrics.Metric.record_count, count, {"endpoint": name}))
        tell_gone(run)
    return run.missed


def _begin(run: Run, at: Start, part: int) -> _Begun:
    if all(selected.stream.name in run.denied for selected in _emitted(at, part)):
        return _Begun(at, part, None)
    return _Begun(at, part, _read(run, at, part, at.after if part == at.part else None))


def _read(run: Run, at: Start, part: int, after: str | None) -> Ahead:
    return run.workers.ahead(run.client.pages(at.step.lists[part][0].stream, at.params(part), after))


def _emitted(at: Start, part: int) -> list[Selected]:
    return [node.selected for node in at.step.lists[part][0].tree() if node.selected]


def _list(run: Run, begun: _Begun, nearly_done: Callable[[], None]) -> None:
    """Write one list with all that hangs on it; `nearly_done` is called when its last page is there."""
    at, part = begun.start, begun.part
    name = at.step.name
    if at.version is not None:
        run.writer.versions |= {selected.stream.name: at.version for selected in at.step.emitted()}
    if part == at.part:
        run.partial.update(at.skipped)
        if at.newest:
            run.newest[name] = at.newest
    readable = [selected.stream.name for selected in _emitted(at, part) if selected.stream.name not in run.denied]
    if begun.pages is not None and readable:
        since = f", changed since {at.since}" if at.since else ""
        LOGGER.info("%s: reading %s%s", name, ", ".join(readable), since)
        try:
            for page in _pages(run, begun, begun.pages, nearly_done):
                if page.after is not None:
                    _tell_page(run, at, part, page.after)
            if part + 1 < len(at.step.lists):
                _tell_page(run, at, part + 1, None)
        except MissingPermission as error:
            deny(run, begun.node, error)
    if part + 1 == len(at.step.lists):
        _finish(run, at)


def _pages(run: Run, begun: _Begun, pages: Ahead, nearly_done: Callable[[], None]) -> Iterator[Page]:
    """The pages of a list, each once its rows are out with all that hangs on them."""
    with ExitStack() as stack:
        ahead, resumed = _accepted(run, begun, pages)
        by_list = begun.start.step.by_list and begun.start.since is None
        total = _told_cost(run, begun.node, ahead, "list" if by_list else "per_incident")
        if by_list:
            # Another step may ask for the same children parent by parent, and must not find them here, closed.
            stack.callback(run.spools.clear)
            _fill_spools(run, begun.node, stack)
        progress = Progress(begun.start.step.name, lambda: run.client.sent, resumed=resumed, total=total)
        fresh = changed(begun.start, _watched(ahead, nearly_done), run.newest)
        yield from walk(run, begun.node, fresh, ahead.ready, progress.row)


def _finish(run: Run, at: Start) -> None:
    """Close a step whose lists are all out: tables without rows, versions, bookmark."""
    tell_unknown(run)
    out = [selected for selected in at.step.emitted() if selected.stream.name not in run.denied]
    for selected in out:
        run.writer.schema(selected)
        if not _in_doubt(run, selected.stream.name):
            run.writer.activate(selected.stream.name)
    if out:
        _tell(run, ended(at, run.state, newest=run.newest.get(at.step.name), began=run.client.began))


def _in_doubt(run: Run, name: str) -> bool:
    """Whether rows may be missing that are still there: the table must not lose them."""
    return name in run.partial or 0 < run.asked[name] == run.gone[name]


def _tell_page(run: Run, at: Start, part: int, after: str | None) -> None:
    newest, began = run.newest.get(at.step.name), run.client.began
    skipped = run.partial | run.denied
    _tell(run, under_way(at, run.state, part=part, after=after, skipped=skipped, newest=newest, began=began))


def _tell(run: Run, state: states.State) -> None:
    run.state = state
    run.writer.state(state)


def _tell_key(identity: Ahead) -> None:
    """Log whose key this is and what it may do; a key that the API does not know ends the run here."""
    try:
        for row in next(identity).rows:
            roles = [*(row.get("roles") or []), *(f"{role} (in its teams)" for role in row.get("team_roles") or [])]
            text = f'API key "{row.get("name")}", roles: {", ".join(map(str, roles)) or "none"}'
            LOGGER.info("%s", " ".join(text.split()))
    except (BadKey, Stopped):
        raise
    except (TapError, TypeError) as error:
        LOGGER.info("The API does not tell whose key this is, which is no obstacle (%s)", error)


def _watched(pages: Iterator[Page], nearly_done: Callable[[], None]) -> Iterator[Page]:
    for page in pages:
        if page.after is None:
            # The next lists are asked for while this one's last rows come in, and no earlier: they would be stale.
            nearly_done()
        yield page


def _told_cost(run: Run, node: Node, ahead: Ahead, chosen: str) -> int | None:
    """Say what a fan-out will cost, and whether the other strategy would save more than half; gives the rows in all."""
    first = ahead.peek()
    parents = first.total if first else None
    if parents is None or not node.children:
        return parents
    costs = {strategy: cost(node, parents, run.config.incident_modes, strategy) for strategy in STRATEGIES}
    LOGGER.info("%s: %d rows, about %d requests by child_strategy %s", node.stream.name, parents, costs[chosen], chosen)
    for other, requests in costs.items():
        if requests * 2 < costs[chosen]:
            LOGGER.info("%s: by child_strategy %s, it would be about %d requests", node.stream.name, other, requests)
    return parents


def _accepted(run: Run, begun: _Begun, pages: Ahead) -> tuple[Ahead, bool]:
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
