"""A run: one step of the plan after the other, STATE as each gets on, and the resuming of one that was interrupted.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
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
from tap_incident.plan import Node, Step, cost, rotated, steps
from tap_incident.progress import Progress
from tap_incident.selection import Selection
from tap_incident.spool import Spool
from tap_incident.streams import BY_NAME, STRATEGIES
from tap_incident.walk import Run, deny, log_timers, tell_gone, tell_unknown, walk

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Begun:
    """A step whose first page is on its way."""

    step: Step
    mark: str
    """Fingerprint of the walk."""
    after: str | None
    pages: Ahead


def sync(
    selection: Selection, config: Config, state: states.State, *, client: Client, workers: Workers, writer: Writer
) -> list[str]:
    """Read all that is selected and write it; `state` is that of the run before, which may have been interrupted.

    Returns the streams that the catalog asks for by name and that the key may not read. Raises what ends the run;
    the last STATE that was written then speaks only for records that were written before it.
    """
    run = Run(config, client, workers, writer, state)
    coming = deque(rotated(steps(selection, config.incident_modes), states.currently_syncing(state)))
    begun: deque[_Begun] = deque()

    def begin(ahead: int) -> None:
        while coming and len(begun) < ahead:
            step = coming.popleft()
            if step.name not in run.denied:
                begun.append(_begin(run, step))

    try:
        if coming:
            identity = workers.ahead(client.identity())
            begin(1)
            _tell_key(identity)
        while coming or begun:
            begin(1)
            if begun:
                _step(run, begun.popleft(), lambda: begin(config.max_concurrency))
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


def _begin(run: Run, step: Step) -> _Begun:
    mark = states.fingerprint([run.config.endpoint, step.params, step.node.described()])
    after = _resumed(run.state, step.name, mark)
    return _Begun(step, mark, after, _read(run, step, after))


def _read(run: Run, step: Step, after: str | None) -> Ahead:
    return run.workers.ahead(run.client.pages(step.node.stream, step.params, after))


def _step(run: Run, begun: _Begun, nearly_done: Callable[[], None]) -> None:
    """Write one list with all that hangs on it; `nearly_done` is called when its last page is there."""
    step = begun.step
    if step.name in run.denied:
        return
    emitted = [node.stream.name for node in step.node.tree() if node.selected]
    LOGGER.info("%s: reading %s", step.name, ", ".join(emitted))
    with ExitStack() as stack:
        try:
            ahead, resumed = _accepted(run, begun)
            total = _told_cost(run, step.node, ahead)
            _fill_spools(run, step.node, stack)
            progress = Progress(step.name, lambda: run.client.sent, resumed=resumed, total=total)
            for page in walk(run, step.node, _watched(ahead, nearly_done), ahead.ready, progress.row):
                if page.after is not None:
                    run.state = states.under_way(run.state, step.name, page.after, begun.mark)
                    run.writer.state(run.state)
        except MissingPermission as error:
            deny(run, step.node, error)
            return
    tell_unknown(run)
    for node in step.node.tree():
        if node.selected and node.stream.name not in run.denied:
            run.writer.schema(node.selected)
    run.state = states.ended(run.state, step.name)
    run.writer.state(run.state)


def _watched(pages: Iterator[Page], nearly_done: Callable[[], None]) -> Iterator[Page]:
    for page in pages:
        if page.after is None:
            # The next lists are asked for while this one's last rows come in, and no earlier: they would be stale.
            nearly_done()
        yield page


def _told_cost(run: Run, node: Node, ahead: Ahead) -> int | None:
    """Say what a fan-out will cost, and whether the other strategy would save more than half; gives the rows in all."""
    first = ahead.peek()
    parents = first.total if first else None
    if parents is None or not node.children:
        return parents
    chosen = run.config.child_strategy
    costs = {strategy: cost(node, parents, run.config.incident_modes, strategy) for strategy in STRATEGIES}
    LOGGER.info("%s: %d rows, about %d requests by child_strategy %s", node.stream.name, parents, costs[chosen], chosen)
    for other, requests in costs.items():
        if requests * 2 < costs[chosen]:
            LOGGER.info("%s: by child_strategy %s, it would be about %d requests", node.stream.name, other, requests)
    return parents


def _resumed(state: states.State, name: str, mark: str) -> str | None:
    """The cursor to go on from, None to begin at the beginning."""
    bookmark = states.bookmark(state, name)
    if not bookmark.get("after"):
        return None
    if bookmark.get("walk") != mark:
        LOGGER.info("%s: the selection or the settings have changed since the interrupted run: starting over", name)
        return None
    LOGGER.info("%s: going on where the interrupted run stopped", name)
    return str(bookmark["after"])


def _accepted(run: Run, begun: _Begun) -> tuple[Ahead, bool]:
    """The step's pages from the cursor on, or all of them if the API does not take it any more; whether it did."""
    try:
        begun.pages.peek()
    except (Rejected, Gone) as error:
        if begun.after is None:
            raise
        LOGGER.warning("%s: the API does not take the cursor of the state: starting over. (%s)", begun.step.name, error)
        return _read(run, begun.step, None), False
    return begun.pages, begun.after is not None


def _fill_spools(run: Run, node: Node, stack: ExitStack) -> None:
    """With child_strategy "list", read the organisation-wide lists that stand for a request a parent."""
    if run.config.child_strategy != "list":
        return
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
