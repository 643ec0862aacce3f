"""Runs the plan step by step, writes STATE, and resumes an interrupted run.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadKey, MissingPermission, Stopped, TapError
from tap_incident.protocol import state as states
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME
from tap_incident.sync.child_requests import shift_window
from tap_incident.sync.context import RunContext
from tap_incident.sync.fanout import Prefetched, Workers
from tap_incident.sync.lists import OpenList, emitted_streams, open_list, written_pages
from tap_incident.sync.plan import rotated, steps
from tap_incident.sync.replication import ResumePoint, resume_point, state_after_page, state_at_end

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
) -> list[str]:
    """Read and write everything that is selected. `state` is that of the last run, which may have been interrupted.

    `schedule_entries` is read for a window around `now`.
    Returns the explicitly selected streams that the key may not read. Raises what ends the run early; the last STATE
    then only covers records that were written before it.
    """
    run = RunContext(config, client, workers, writer, state, shift_window(now, config.schedule_window_days))
    waiting = deque(
        (point, index)
        for point in _resume_points(selection, run)
        for index in range(point.list_index, len(point.step.lists))
    )
    opened: deque[OpenList] = deque()

    def open_next(limit: int) -> None:
        while waiting and len(opened) < limit:
            opened.append(open_list(run, *waiting.popleft()))

    try:
        if waiting:
            identity = workers.prefetch(client.identity())
            open_next(1)
            _log_key(identity)
        while waiting or opened:
            open_next(1)
            _sync_list(run, opened.popleft(), lambda: open_next(config.max_concurrency))
        _finish(run)
    finally:
        _end(run)
    return run.missed


def _resume_points(selection: Selection, run: RunContext) -> list[ResumePoint]:
    """Resume point of each step. The interrupted step comes first."""
    config, state = run.config, run.state
    version = int(time.time() * 1000) if config.activate_version else None
    planned = steps(selection, config.incident_modes, config.child_strategy)
    return [resume_point(step, state, config, version) for step in rotated(planned, states.currently_syncing(state))]


def _finish(run: RunContext) -> None:
    finished = states.clear_cursors(run.state, *BY_NAME)
    if finished != {"bookmarks": {}, **run.state}:
        # Drop cursors of streams that are no longer selected, or a later sync would start in the middle.
        run.writer.state(finished)
    run.writer.flush()


def _end(run: RunContext) -> None:
    """Log totals and delete temporary files."""
    run.log_unknown_properties()
    run.log_timers()
    run.log_record_counts()
    run.log_missing_parents()
    run.seen.close()


def _log_key(identity: Prefetched) -> None:
    """Log the name and roles of the key. A key that the API does not know ends the run here."""
    try:
        for row in next(identity).rows:
            roles = [*(row.get("roles") or []), *(f"{role} (in its teams)" for role in row.get("team_roles") or [])]
            text = f'API key "{row.get("name")}", roles: {", ".join(map(str, roles)) or "none"}'
            LOGGER.info("%s", " ".join(text.split()))
    except (BadKey, Stopped):
        raise
    except (TapError, TypeError) as error:
        LOGGER.info("The API does not say whose key this is; the sync continues (%s)", error)


def _sync_list(run: RunContext, opened: OpenList, last_page: Callable[[], None]) -> None:
    """Write one list with all its children. `last_page` is called when its last page has arrived."""
    point, index = opened.point, opened.list_index
    name = point.step.name
    if point.version is not None:
        # No version for streams with a window: rows outside the window still exist.
        full = (selected.stream.name for selected in point.step.emitted() if not selected.stream.window)
        run.writer.versions |= dict.fromkeys(full, point.version)
    if index == point.list_index:
        run.partial.update(point.skipped)
        if point.newest:
            run.newest[name] = point.newest
    streams = (selected.stream.name for selected in emitted_streams(point, index))
    readable = [stream for stream in streams if stream not in run.denied]
    if opened.pages is not None and readable:
        since = f", changed since {point.since}" if point.since else ""
        LOGGER.info("%s: reading %s%s", name, ", ".join(readable), since)
        try:
            for page in written_pages(run, opened, opened.pages, last_page):
                if page.after is not None:
                    _write_page_state(run, point, index, page.after)
            if index + 1 < len(point.step.lists):
                _write_page_state(run, point, index + 1, None)
        except MissingPermission as error:
            run.deny(opened.node, error)
    if index + 1 == len(point.step.lists):
        _close(run, point)


def _close(run: RunContext, point: ResumePoint) -> None:
    """After the last list of a step: SCHEMA of empty streams, ACTIVATE_VERSION, and the bookmark."""
    run.log_unknown_properties()
    emitted = [selected for selected in point.step.emitted() if selected.stream.name not in run.denied]
    for selected in emitted:
        run.writer.schema(selected)
        if not _may_be_incomplete(run, selected.stream.name):
            run.writer.activate(selected.stream.name)
    if emitted:
        newest = run.newest.get(point.step.name)
        _write_state(run, state_at_end(point, run.state, newest=newest, began=run.client.began))


def _may_be_incomplete(run: RunContext, name: str) -> bool:
    """True if the stream may be incomplete, so that ACTIVATE_VERSION must not be written."""
    return name in run.partial or 0 < run.requested[name] == run.gone[name]


def _write_page_state(run: RunContext, point: ResumePoint, list_index: int, after: str | None) -> None:
    state = state_after_page(
        point,
        run.state,
        list_index=list_index,
        after=after,
        skipped=run.partial | run.denied,
        newest=run.newest.get(point.step.name),
        began=run.client.began,
    )
    _write_state(run, state)


def _write_state(run: RunContext, state: states.State) -> None:
    run.state = state
    run.writer.state(state)
