"""Runs the plan step by step, writes STATE, and resumes an interrupted run.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadData, BadKey, BadOutput, Gone, MissingPermission, Rejected, Stopped, TapError
from tap_incident.protocol import state as states
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME
from tap_incident.sync.bookmarks import regained
from tap_incident.sync.child_requests import shift_window
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Prefetched, Workers
from tap_incident.sync.lists import OpenList, open_list, written_pages
from tap_incident.sync.plan import Node, rotated, steps
from tap_incident.sync.replication import ResumePoint, resume_point
from tap_incident.sync.steps import begin_step, close_step, write_page_state

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
    """Read and write everything that is selected. `state` is that of the last run, which may have been interrupted.

    `schedule_entries` is read for a window around `now`.
    Raises what ends the run early; the last STATE then only covers records that were written before it. Raises TapError
    at the end if some of what was selected could not be read.
    """
    run = RunContext(config, client, workers, writer, state, shift_window(now, config.schedule_window_days))
    try:
        _read_lists(run, _resume_points(selection, run))
        _finish(run)
        run.problems.raise_failures(selection)
    except Exception:
        _repeat_state(run)
        raise
    finally:
        _end(run)


def _read_lists(run: RunContext, points: Iterable[ResumePoint]) -> None:
    """Read the lists of all steps in order. The next ones are requested while the last rows of one arrive."""
    waiting = deque((point, index) for point in points for index in range(point.list_index, point.list_count))
    opened: deque[OpenList] = deque()

    def open_next(limit: int, *, ahead: bool = False) -> None:
        while waiting and len(opened) < limit:
            point, index = waiting[0]
            if ahead and point.is_second_look(index):
                return  # It must see all changes up to the end of the lists before it.
            waiting.popleft()
            opened.append(open_list(run, point, index))

    if waiting:
        identity = run.workers.prefetch(run.client.identity())
        open_next(1)
        _log_key(identity)
    while waiting or opened:
        open_next(1)
        _sync_list(run, opened.popleft(), lambda: open_next(run.config.max_concurrency, ahead=True))


def _resume_points(selection: Selection, run: RunContext) -> list[ResumePoint]:
    """Resume point of each step. The interrupted step comes first."""
    config, state = run.config, run.state
    planned = steps(selection, config.incident_modes, config.child_strategy)
    for step in planned:
        run.state = regained(step, run.state, lambda node, refused: _may_read(run, node, refused))
    return [resume_point(step, run.state, config) for step in rotated(planned, states.currently_syncing(state))]


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


def _end(run: RunContext) -> None:
    """Log totals and delete temporary files."""
    run.log_unknown_properties()
    run.log_timers()
    run.log_record_counts()
    run.problems.log_missing_parents()
    run.seen.close()


def _log_key(identity: Prefetched) -> None:
    """Log the name and roles of the key. A key that the API does not know ends the run here."""
    try:
        for row in next(identity).rows:
            roles = [*(row.get("roles") or []), *(f"{role} (in its teams)" for role in row.get("team_roles") or [])]
            LOGGER.info('API key "%s", roles: %s', row.get("name"), ", ".join(map(str, roles)) or "none")
    except (BadKey, Stopped):
        raise
    except (TapError, TypeError) as error:
        LOGGER.info("The API does not say whose key this is; the sync continues (%s)", error)


def _sync_list(run: RunContext, opened: OpenList, last_page: Callable[[], None]) -> None:
    """Write one list with all its children. `last_page` is called when its last page has arrived."""
    point, index, node = opened.point, opened.list_index, opened.node
    if index == point.list_index:
        begin_step(run, point)
    if opened.pages is None or not run.problems.is_wanted(node):
        _skip(run, opened)
    else:
        _log_reading(run, opened)
        try:
            for page in written_pages(run, opened, opened.pages, last_page):
                if page.after is not None:
                    write_page_state(run, point, index, page.after)
            if index + 1 < point.list_count:
                write_page_state(run, point, index + 1, None)
        except MissingPermission as error:
            _refused(run, opened, error)
        except (BadData, Gone, Rejected) as error:
            run.problems.end(node, error)
    if index + 1 == point.list_count:
        close_step(run, point)


def _refused(run: RunContext, opened: OpenList, error: MissingPermission) -> None:
    """Handle a 403 for a list itself."""
    node = opened.node
    if opened.point.step.replication_key and opened.is_second_look:
        LOGGER.warning(
            "%s: the key may not list incidents, so rows that a change of mode made visible may be missing. (%s)",
            opened.point.step.name,
            error,
        )
    elif node.stream.name in run.problems.answered:
        run.problems.end(node, error)
    else:
        run.problems.deny(node, error)


def _skip(run: RunContext, opened: OpenList) -> None:
    if not opened.is_second_look:
        run.problems.skip_below(opened.node)


def _log_reading(run: RunContext, opened: OpenList) -> None:
    if opened.is_second_look:
        return
    point, node = opened.point, opened.node
    streams = [each.stream.name for each in node.tree() if each.selected and run.problems.is_wanted(each)]
    since = f", changed since {point.since}" if point.since else ""
    LOGGER.info("%s: reading %s%s", point.step.name, ", ".join(streams), since)
