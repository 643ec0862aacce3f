"""Runs the steps of the plan side by side, writes STATE, and resumes an interrupted run.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import (
    BadData,
    BadOutput,
    Gone,
    MissingPermission,
    Rejected,
)
from tap_incident.protocol import state as states
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME
from tap_incident.sync.bookmarks import regained
from tap_incident.sync.child_requests import shift_window
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Task, Workers
from tap_incident.sync.identity import key_page, log_key
from tap_incident.sync.lists import read_list
from tap_incident.sync.open_list import OpenList, open_list
from tap_incident.sync.plan import Node
from tap_incident.sync.replication import ResumePoint
from tap_incident.sync.spooling import fill_spool, spooled_nodes
from tap_incident.sync.steps import begin_step, close_step
from tap_incident.sync.strategy import chosen, decided, plans, request_parents
from tap_incident.sync.summary import log_plan, log_summary

LOGGER = logging.getLogger(__name__)


def sync(
    selection: Selection,
    config: Config,
    state: states.State,
    *,
    client: Client,
    workers: Workers,
    writer: Writer,
    now: datetime,
) -> None:
    """Read and write everything that is selected. `state` comes from the last run, which may have been interrupted.

    `schedule_entries` is read for a window around `now`.
    Raises what ends the run early; the last STATE then only covers records that were written before it. Raises TapError
    at the end if some of what was selected could not be read.
    """
    run = RunContext(config, client, workers, writer, state, shift_window(now, config.schedule_window_days))
    finished = False
    try:
        if selection:
            _add_tasks(selection, run)
        run.tasks.run()
        finished = True
        _finish(run)
        run.problems.raise_failures(selection)
    except Exception:
        _repeat_state(run)
        raise
    finally:
        _end(run, selection, finished=finished)


def _add_tasks(selection: Selection, run: RunContext) -> None:
    """Plan the run, and add a task per step."""
    identity = run.workers.prefetch(key_page(run.client))
    options = _regained(plans(selection, run), selection, run)
    request_parents(options, run)
    opened = {point.step.name: _open_ahead(run, point) for point in decided(options)}
    log_key(identity)
    points = chosen(selection, options, run)
    log_plan(points)
    for notice in (notice for point in points for notice in point.notices):
        LOGGER.info("%s", notice)
    for node in spooled_nodes(points):
        run.tasks.add(fill_spool(run, node))
    for point in points:
        run.tasks.add(_read_step(run, point, opened.get(point.step.name)))


def _regained(
    options: dict[str, list[ResumePoint]], selection: Selection, run: RunContext
) -> dict[str, list[ResumePoint]]:
    """The plans, made anew if the key may read nested parts by now that it could not read before."""
    state = run.state
    for point in next(iter(options.values())):
        run.state = regained(point.step, run.state, lambda node, refused: _may_read(run, node, refused))
    return options if run.state is state else plans(selection, run)


def _may_read(run: RunContext, node: Node, parent: str) -> bool:
    """True if the key may read the children of this parent by now."""
    params = (*node.stream.params, (node.stream.parent.id_param, parent))
    try:
        run.workers.prefetch(run.client.pages(node.stream, params)).peek()
    except (BadData, Gone):
        return True
    except (MissingPermission, Rejected):
        return False
    return True


def _finish(run: RunContext) -> None:
    # A stream that failed after some pages keeps its cursor: the next run resumes there.
    finished = states.clear_cursors(run.state, *(name for name in BY_NAME if name not in run.stuck))
    if finished != {"bookmarks": {}, **run.state}:
        # Drop cursors of streams that are no longer selected, or a later sync would start in the middle.
        run.write_state(finished)
    run.writer.flush()


def _repeat_state(run: RunContext) -> None:
    """Write the last STATE once more: some targets forget it at the next RECORD."""
    if 0 < run.records_at_state < sum(run.writer.records.values()):
        # The output may be what failed.
        with suppress(OSError, BadOutput):
            run.writer.state(run.state)


def _end(run: RunContext, selection: Selection, *, finished: bool) -> None:
    """Log totals and delete temporary files."""
    run.tick()
    run.ended.log()
    run.log_unknown_properties()
    run.problems.log_missing_parents()
    run.metrics.end()
    if selection:
        seconds = run.clock() - run.started_at
        log_summary(
            run.writer.records,
            run.problems,
            selection,
            requests=run.client.sent,
            seconds=seconds,
            finished=finished,
        )
    run.seen.close()
    for spool in run.spools.values():
        spool.close()


def _read_step(run: RunContext, point: ResumePoint, opened: dict[int, OpenList] | None) -> Task:
    """Read the lists of a step one after the other. The first pages of all are requested at once."""
    begin_step(run, point)
    if opened is None:
        opened = _open_ahead(run, point)
    yield None  # The other steps request their first pages before the rows of this one request theirs.
    for index in range(point.list_index, point.list_count):
        yield from read_list(run, opened.pop(index) if index in opened else open_list(run, point, index))
    close_step(run, point)


def _open_ahead(run: RunContext, point: ResumePoint) -> dict[int, OpenList]:
    """Request the first pages of the step's lists, by index. With one worker, all is read one after the other."""
    if run.config.max_concurrency == 1:
        return {}
    indexes = range(point.list_index, point.list_count)
    # A second look must see all changes up to the end of the lists before it.
    return {index: open_list(run, point, index) for index in indexes if not point.is_second_look(index)}
