"""A run: its plan, the readers and the writer of its messages, and what it says at the end.

Readers put what they read into one queue. Only the main thread writes and keeps the state.
Source: Singer spec, section "Sync mode".
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from tap_incident.api.children import shift_window
from tap_incident.api.client import Client
from tap_incident.api.identity import organisation
from tap_incident.config import Config
from tap_incident.errors import BadOutput
from tap_incident.protocol.messages import Encoder, Writer
from tap_incident.protocol.selection import Selection
from tap_incident.protocol.state import State, bookmark
from tap_incident.sync.flow import Flow, Pool
from tap_incident.sync.plan import Node, steps
from tap_incident.sync.problems import Problems
from tap_incident.sync.progress import Progress
from tap_incident.sync.reader import fill, read
from tap_incident.sync.resume import Start, start
from tap_incident.sync.shared import Shared
from tap_incident.sync.spool import Spool
from tap_incident.sync.state_writer import StateWriter
from tap_incident.sync.summary import log_metrics, log_plan, log_summary
from tap_incident.sync.verdict import raise_failures

LOGGER = logging.getLogger(__name__)


def sync(
    selection: Selection,
    config: Config,
    state: State,
    *,
    client: Client,
    stop: threading.Event,
    writer: Writer,
    now: datetime,
    sample: bool = False,
) -> None:
    """Read and write everything that is selected. `state` comes from the last run, which may have been interrupted.

    `schedule_entries` is read for a window around `now`. `sample`: only a few rows of each stream, whatever the state.
    Raises what ends the run early; the last STATE then only covers records that were written before it. Raises TapError
    at the end if some of what was selected could not be read. Sets `stop` once it has begun to read.
    """
    if sample:
        # Without versions: a target must not delete rows because these few are all that came.
        state, config = {}, replace(config, start_date=None, activate_version=False, child_strategy="per_incident")
    problems, flow = Problems(), Flow(stop)
    starts = _planned(selection, config, state, organisation(client), sample=sample)
    versions = _versions(starts, config)
    progress = Progress(lambda: client.sent, client.seconds_for, time.monotonic)
    state_writer = StateWriter(state, writer, problems, progress, client.began, versions)
    pool, encoder = Pool(config.max_concurrency), Encoder(config.api_key, versions)
    span = shift_window(now, config.schedule_window_days)
    shared = Shared(config, client, pool, problems, encoder, span, flow.put, stop, sample)
    log_plan(starts, now)
    _run(starts, shared, flow, state_writer, selection)


def _run(starts: Sequence[Start], shared: Shared, flow: Flow, state_writer: StateWriter, selection: Selection) -> None:
    """Read, write, and say at the end what was read."""
    began_at, finished = time.monotonic(), False
    try:
        _read_all(starts, shared, flow, state_writer)
        finished = True
        state_writer.finish()
        raise_failures(shared.problems, selection)
    except Exception:
        # The output may be what failed.
        with suppress(OSError, BadOutput):
            state_writer.repeat_state()
        raise
    finally:
        shared.stop.set()
        shared.close()
        shared.encoder.log_unknown_properties()
        shared.problems.log_deleted_parents()
        records, client = state_writer.writer.records, shared.client
        log_metrics(records, client.timings())
        seconds = time.monotonic() - began_at
        log_summary(records, shared.problems, selection, requests=client.sent, seconds=seconds, finished=finished)


def _planned(selection: Selection, config: Config, state: State, whose: str | None, *, sample: bool) -> list[Start]:
    """Where each step starts. A step whose bookmark no longer fits is planned as one that is read whole."""
    whole: set[str] = set()

    def has_bookmark(name: str) -> bool:
        return name not in whole and bool(config.start_date or bookmark(state, name).updated_at)

    by_list = config.child_strategy == "list"
    while True:
        found = steps(selection, config.incident_modes, by_list=by_list, filtered=not sample, has_bookmark=has_bookmark)
        if sample:
            found = tuple(replace(step, lists=step.lists[:1], changed_parents=None) for step in found)
        starts = [start(step, state, config, whose) for step in found]
        outdated = {each.step.name for each in starts if each.step.replication_key and each.since is None}
        if not outdated - whole:
            return starts
        whole |= outdated


def _versions(starts: Sequence[Start], config: Config) -> dict[str, int]:
    """The version of each table that this run reads from scratch and completely, by stream."""
    if not config.activate_version:
        return {}
    # No version for streams with a window: rows outside the window still exist.
    emitted = (each for start in starts for each in start.step.emitted())
    full = (each.stream.name for each in emitted if not each.replication_key and not each.stream.window)
    return dict.fromkeys(full, int(time.time() * 1000))


def _read_all(starts: Sequence[Start], shared: Shared, flow: Flow, state_writer: StateWriter) -> None:
    """Read all steps side by side, and write what comes."""
    # First, because other readers wait for them: there may be fewer threads than readers.
    for node in _spooled(starts):
        spool = shared.spools[node.name] = Spool()
        flow.start(partial(fill, shared, node, spool))
    # With one request at a time, windows would only cost requests.
    windows = shared.config.max_concurrency if shared.config.max_concurrency > 1 else 0
    for source in [source for each in starts for source in state_writer.begin(each, windows)]:
        flow.start(partial(read, shared, source))
    while not state_writer.is_done:
        for source in state_writer.take(flow.get()):
            flow.start(partial(read, shared, source))


def _spooled(starts: Sequence[Start]) -> list[Node]:
    """One node for each stream that is spooled for what is left of these steps: the nested one, if there are two."""
    roots = [start.listing(left, "")[0] for start in starts for left in start.left if not start.is_second_look(left)]
    nodes = [node for root in roots for node in root.tree() if node.spooled]
    return list({node.name: node for node in sorted(nodes, key=lambda node: node.nested)}.values())
