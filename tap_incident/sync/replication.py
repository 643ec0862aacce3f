"""Replication: from where a step goes on, which rows of it count, and what its bookmark comes to.

A step is read whole, or from a little before its bookmark on. Either way it goes on in the middle of its lists if it
was interrupted there. Source: Singer spec, section "State"; API documents, sections on the filters by `updated_at`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.config import Config
from tap_incident.errors import BadData
from tap_incident.protocol import state as states
from tap_incident.protocol.records import shown_id
from tap_incident.protocol.state import State
from tap_incident.streams import Params, Stream
from tap_incident.sync.plan import Step
from tap_incident.timestamps import before, instant, stamp

LOGGER = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=5)
"""Rows are stamped before they can be seen."""
_HALF_A_DAY = timedelta(hours=12)
"""Nobody says in which zone the API's days begin, and none is further west."""


@dataclass(frozen=True)
class Start:
    """From where a step goes on."""

    step: Step
    walk: str
    """Fingerprint of what is walked: a cursor is only good for the same."""
    scope: str
    """Fingerprint of where rows are looked for: a bookmark says nothing of those elsewhere."""
    since: str | None = None
    """Rows that have not changed since then are left out."""
    bookmark: str | None = None
    """What `since` was made of."""
    version: int | None = None
    """Version of the table, for streams that are read whole."""
    part: int = 0
    """Which of the step's lists to begin with."""
    after: str | None = None
    """Cursor in that list."""
    skipped: tuple[str, ...] = ()
    """Streams with a version that the interrupted run left out: their tables are not whole."""
    started: str | None = None
    """When the run began that was interrupted; None: it was this one."""
    newest: str | None = None
    """The last change among the rows that it has read."""

    def params(self, part: int) -> Params:
        """The parameters of one of the lists, with the filter by change."""
        root, params = self.step.lists[part]
        return (*params, *_filter(root.stream, self.since))


def start(step: Step, state: State, config: Config, version: int | None) -> Start:
    """From where to go on with `step`, by `state`; `version` is for one that begins anew."""
    scope = states.fingerprint([config.endpoint, [params for _, params in step.lists]])
    found = states.bookmark(state, step.name)
    bookmark = found.get("updated_at") if step.replication_key else None
    void = bool(bookmark) and found.get("scope") != scope
    bookmark = None if void else bookmark
    since = config.start_date if step.replication_key else None
    if bookmark:
        since = stamp(before(bookmark, _OVERLAP))
    versioned = version is not None and not step.replication_key
    described = [root.described() for root, _ in step.lists]
    # The window moves from run to run, and a walk may go on in a moved one; another length would be another walk.
    days = [config.schedule_window_days] if any(root.windowed() for root, _ in step.lists) else []
    walk = states.fingerprint([scope, described, *days, step.replication_key, since, versioned])
    begun = Start(step, walk, scope, since, bookmark, version if versioned else None)
    resumed = _resumed(begun, found)
    if void and resumed is begun:
        LOGGER.info("%s: incident_modes or the endpoint have changed: reading all of it again", step.name)
    return resumed


def _resumed(begun: Start, found: dict[str, Any]) -> Start:
    if not (found.get("after") or found.get("part")):
        return begun
    name, part = begun.step.name, found.get("part") or 0
    if found.get("walk") != begun.walk or part >= len(begun.step.lists):
        LOGGER.info("%s: the selection or the settings have changed since the interrupted run: starting over", name)
        return begun
    LOGGER.info("%s: going on where the interrupted run stopped", name)
    return replace(
        begun,
        part=part,
        after=found.get("after"),
        version=found.get("version"),
        skipped=tuple(found.get("skipped") or ()),
        started=found.get("started"),
        newest=found.get("newest"),
    )


def _filter(stream: Stream, since: str | None) -> Params:
    if since is None:
        return ()
    # A start_date may have a form that the API doesn't take, and more digits than it reads.
    at = stamp(before(since, _HALF_A_DAY))[:10] if stream.since_day else stamp(before(since, timedelta()))
    return ((f"{stream.replication_key}[gte]", at),)


def changed(start: Start, pages: Iterator[Page], newest: dict[str, str]) -> Iterator[Page]:
    """The pages with the rows that have changed since the start, and no others; enters the last change into `newest`.

    Raises BadData for a row of which nobody can tell when it changed.
    """
    key, name = start.step.replication_key, start.step.name
    since = instant(start.since) if start.since else None
    for page in pages:
        if key is not None:
            kept = []
            for row in page.rows:
                at = _changed_at(row, key, name)
                if at is not None and since is not None and instant(at) < since:
                    continue
                if at is not None:
                    newest[name] = latest(at, newest.get(name))
                kept.append(row)
            page.rows[:] = kept
        yield page


def _changed_at(row: Row, key: str, name: str) -> str | None:
    value = row.get(key)
    if value in (None, ""):
        return None
    try:
        instant(value)
    except ValueError:
        raise BadData(f"{name}: row {shown_id(row)}: {key} should be a timestamp, and can't be read as one") from None
    return str(value)


def latest(*timestamps: str | None) -> str:
    """The latest of some timestamps, as it stands there; one at least must be there."""
    return max((at for at in timestamps if at is not None), key=instant)


def under_way(
    start: Start,
    state: State,
    *,
    part: int,
    after: str | None,
    skipped: Collection[str],
    newest: str | None,
    began: str,
) -> State:
    """The state once all rows before the cursor `after` of the list `part` are out, in a run that `began` then."""
    fields: dict[str, Any] = {"after": after, "walk": start.walk, "part": part or None, "version": start.version}
    if start.version is not None:
        emitted = (selected.stream.name for selected in start.step.emitted())
        fields["skipped"] = [name for name in emitted if name in skipped] or None
    if start.step.replication_key:
        fields |= {"started": start.started or began, "newest": newest}
    return states.under_way(state, start.step.name, **fields)


def ended(start: Start, state: State, *, newest: str | None, began: str) -> State:
    """The state once all rows of the step are out, in a run that `began` then."""
    state = states.ended(state, start.step.name)
    if not start.step.replication_key or newest is None:
        return state
    # What changed after the beginning may have changed on a page that was read before: it belongs to the next run.
    bookmark = min(latest(newest, start.bookmark), start.started or began, key=instant)
    return states.replicated(state, start.step.name, bookmark, start.scope)
