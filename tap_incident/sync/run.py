"""A run: one step of the plan after the other, STATE as each gets on, and the resuming of one that was interrupted.

Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from singer import metrics

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import BadKey, MissingPermission, Stopped, TapError
from tap_incident.protocol import state as states
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import Selection
from tap_incident.streams import BY_NAME
from tap_incident.sync.child_requests import window
from tap_incident.sync.fanout import Ahead, Workers
from tap_incident.sync.lists import Begun, begin, emitted, pages
from tap_incident.sync.plan import rotated, steps
from tap_incident.sync.replication import Start, ended, start, under_way
from tap_incident.sync.walk import Run, deny, log_timers, tell_gone, tell_unknown

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
    """Read all that is selected and write it; `state` is that of the run before, which may have been interrupted.

    `now` is the moment around which streams with a window are read.
    Returns the streams that the catalog asks for by name and that the key may not read. Raises what ends the run;
    the last STATE that was written then speaks only for records that were written before it.
    """
    run = Run(config, client, workers, writer, state, window(now, config.schedule_window_days))
    coming = deque((at, part) for at in _starts(selection, run) for part in range(at.part, len(at.step.lists)))
    begun: deque[Begun] = deque()

    def begin_next(most: int) -> None:
        while coming and len(begun) < most:
            begun.append(begin(run, *coming.popleft()))

    try:
        if coming:
            identity = workers.ahead(client.identity())
            begin_next(1)
            _tell_key(identity)
        while coming or begun:
            begin_next(1)
            _list(run, begun.popleft(), lambda: begin_next(config.max_concurrency))
        _finish(run)
    finally:
        _end(run)
    return run.missed


def _starts(selection: Selection, run: Run) -> list[Start]:
    """From where each step goes on, the one that was interrupted first."""
    config, state = run.config, run.state
    version = int(time.time() * 1000) if config.activate_version else None
    planned = steps(selection, config.incident_modes, config.child_strategy)
    return [start(step, state, config, version) for step in rotated(planned, states.currently_syncing(state))]


def _finish(run: Run) -> None:
    finished = states.ended(run.state, *BY_NAME)
    if finished != {"bookmarks": {}, **run.state}:
        # What an earlier run left of a stream that is no longer walked would make a later sync of it partial.
        run.writer.state(finished)
    run.writer.flush()


def _end(run: Run) -> None:
    """Log what is only known at the end, and give back what the run kept."""
    tell_unknown(run)
    log_timers(run)
    for name, count in run.writer.records.items():
        metrics.log(LOGGER, metrics.Point("counter", metrics.Metric.record_count, count, {"endpoint": name}))
    tell_gone(run)
    run.seen.close()


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


def _list(run: Run, begun: Begun, nearly_done: Callable[[], None]) -> None:
    """Write one list with all that hangs on it; `nearly_done` is called when its last page is there."""
    at, part = begun.start, begun.part
    name = at.step.name
    if at.version is not None:
        # What a moving window leaves behind is not gone.
        whole = (selected.stream.name for selected in at.step.emitted() if not selected.stream.window_params)
        run.writer.versions |= dict.fromkeys(whole, at.version)
    if part == at.part:
        run.partial.update(at.skipped)
        if at.newest:
            run.newest[name] = at.newest
    readable = [selected.stream.name for selected in emitted(at, part) if selected.stream.name not in run.denied]
    if begun.pages is not None and readable:
        since = f", changed since {at.since}" if at.since else ""
        LOGGER.info("%s: reading %s%s", name, ", ".join(readable), since)
        try:
            for page in pages(run, begun, begun.pages, nearly_done):
                if page.after is not None:
                    _tell_page(run, at, part, page.after)
            if part + 1 < len(at.step.lists):
                _tell_page(run, at, part + 1, None)
        except MissingPermission as error:
            deny(run, begun.node, error)
    if part + 1 == len(at.step.lists):
        _close(run, at)


def _close(run: Run, at: Start) -> None:
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
