"""A run: one step of the plan after the other, STATE as each gets on, and the resuming of one that was interrupted.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import chain

from singer import metrics

from tap_incident import state as states
from tap_incident.answers import Page
from tap_incident.client import Client
from tap_incident.config import Config
from tap_incident.errors import Gone, MissingPermission, Rejected
from tap_incident.fanout import Workers
from tap_incident.messages import Writer
from tap_incident.plan import Node, Step, rotated, steps
from tap_incident.selection import Selection
from tap_incident.spool import Spool
from tap_incident.walk import Run, deny, readable, tell_unknown, walk

LOGGER = logging.getLogger(__name__)


def sync(
    selection: Selection, config: Config, state: states.State, *, client: Client, workers: Workers, writer: Writer
) -> list[str]:
    """Read all that is selected and write it; `state` is that of the run before, which may have been interrupted.

    Returns the streams that the catalog asks for by name and that the key may not read. Raises what ends the run;
    the last STATE that was written then speaks only for records that were written before it.
    """
    run = Run(config, client, workers, writer, state)
    try:
        for step in rotated(steps(selection, config.incident_modes), states.currently_syncing(state)):
            _step(run, step)
    finally:
        tell_unknown(run)
        for name, count in writer.records.items():
            metrics.log(LOGGER, metrics.Point("counter", metrics.Metric.record_count, count, {"endpoint": name}))
        for name, count in run.gone.items():
            LOGGER.info("%s: the parent was deleted meanwhile in %d cases: no rows of these", name, count)
    return run.missed


def _step(run: Run, step: Step) -> None:
    if step.name in run.denied:
        return
    mark = states.fingerprint([run.config.endpoint, step.params, step.node.described()])
    after = _resumed(run.state, step.name, mark)
    emitted = [node.stream.name for node in step.node.tree() if node.selected]
    LOGGER.info("%s: reading %s", step.name, ", ".join(emitted))
    with ExitStack() as stack:
        stack.callback(run.spools.clear)
        _fill_spools(run, step.node, stack)
        try:
            for page in walk(run, step.node, _pages(run, step, after)):
                if page.after is not None:
                    run.state = states.under_way(run.state, step.name, page.after, mark)
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


def _pages(run: Run, step: Step, after: str | None) -> Iterator[Page]:
    """The step's pages from the cursor on, or all of them if the API does not take it any more."""

    def read(cursor: str | None) -> Iterator[Page]:
        return run.workers.ahead(run.client.pages(step.node.stream, step.params, cursor))

    pages = read(after)
    try:
        first = next(pages)
    except (Rejected, Gone) as error:
        if after is None:
            raise
        LOGGER.warning("%s: the API does not take the cursor of the state: starting over. (%s)", step.name, error)
        return read(None)
    return chain([first], pages)


def _fill_spools(run: Run, node: Node, stack: ExitStack) -> None:
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
            for page in readable(run, child, pages):
                spool.add(child.stream.name, ((str(row.get(parent)), row) for row in page.rows))
        LOGGER.info("%s: read as one list", child.stream.name)
