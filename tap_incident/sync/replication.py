"""Replication: where a step resumes, which rows of it count, and its bookmark at the end.

A step is a full refresh, or reads from a little before its bookmark on. Both resume in the middle of their lists after
an interruption. Source: Singer spec, section "State"; API documents, sections on the filters by `updated_at`.
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
from tap_incident.timestamps import before, instant, rfc3339

LOGGER = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=5)
"""A row can become visible a little after the time in its updated_at."""
_HALF_A_DAY = timedelta(hours=12)
"""The API filters by day without saying in which time zone. 12 h is the largest offset west of UTC."""


@dataclass(frozen=True)
class ResumePoint:
    """Where a step starts to read."""

    step: Step
    walk: str
    """Fingerprint of what is read. A cursor is only valid for the same."""
    scope: str
    """Fingerprint of the lists that are read. A bookmark is only valid for the same."""
    since: str | None = None
    """Rows that have not changed since then are left out."""
    bookmark: str | None = None
    """The bookmark that `since` was derived from."""
    version: int | None = None
    """Table version, for a full refresh."""
    list_index: int = 0
    """Index of the step's list to start with."""
    after: str | None = None
    """Cursor in that list."""
    skipped: tuple[str, ...] = ()
    """Streams with a version that the interrupted run skipped, so that their tables are incomplete."""
    started: str | None = None
    """Start time of the interrupted run; None if this run started from scratch."""
    newest: str | None = None
    """Latest change among the rows that the interrupted run read."""

    def params(self, list_index: int) -> Params:
        """Query parameters of one of the lists, including the filter by change."""
        root, params = self.step.lists[list_index]
        return (*params, *_filter(root.stream, self.since))


def resume_point(step: Step, state: State, config: Config, version: int | None) -> ResumePoint:
    """Where to start with `step`, given the `state`. `version` is used if the step starts from scratch."""
    scope = states.fingerprint([config.endpoint, [params for _, params in step.lists]])
    found = states.bookmark(state, step.name)
    bookmark = found.get("updated_at") if step.replication_key else None
    outdated = bool(bookmark) and found.get("scope") != scope
    bookmark = None if outdated else bookmark
    since = config.start_date if step.replication_key else None
    if bookmark:
        since = rfc3339(before(bookmark, _OVERLAP))
    versioned = version is not None and not step.replication_key
    described = [root.described() for root, _ in step.lists]
    # A window moves from run to run, and a run may resume in a moved one. Only its length is part of the fingerprint.
    days = [config.schedule_window_days] if any(root.has_window() for root, _ in step.lists) else []
    walk = states.fingerprint([scope, described, *days, step.replication_key, since, versioned])
    scratch = ResumePoint(step, walk, scope, since, bookmark, version if versioned else None)
    resumed = _resumed(scratch, found)
    if outdated and resumed is scratch:
        LOGGER.info("%s: incident_modes or the endpoint have changed: reading all of it again", step.name)
    return resumed


def _resumed(scratch: ResumePoint, found: dict[str, Any]) -> ResumePoint:
    if not (found.get("after") or found.get("part")):
        return scratch
    name, list_index = scratch.step.name, found.get("part") or 0
    if found.get("walk") != scratch.walk or list_index >= len(scratch.step.lists):
        LOGGER.info("%s: the selection or the settings have changed since the interrupted run: starting over", name)
        return scratch
    LOGGER.info("%s: resuming where the interrupted run stopped", name)
    return replace(
        scratch,
        list_index=list_index,
        after=found.get("after"),
        version=found.get("version"),
        skipped=tuple(found.get("skipped") or ()),
        started=found.get("started"),
        newest=found.get("newest"),
    )


def _filter(stream: Stream, since: str | None) -> Params:
    if since is None:
        return ()
    days_only = stream.incremental.days_only
    # A start_date may have a form that the API does not accept, or more digits than it reads.
    start = rfc3339(before(since, _HALF_A_DAY))[:10] if days_only else rfc3339(before(since, timedelta()))
    return ((f"{stream.replication_key}[gte]", start),)


def changed_rows(point: ResumePoint, pages: Iterator[Page], newest: dict[str, str]) -> Iterator[Page]:
    """The pages with only the rows that changed since `point.since`. Writes the latest change into `newest`.

    Raises BadData for a row whose replication key can't be read.
    """
    key, name = point.step.replication_key, point.step.name
    since = instant(point.since) if point.since else None
    for page in pages:
        if key is not None:
            kept = []
            for row in page.rows:
                changed_at = _changed_at(row, key, name)
                if changed_at is not None and since is not None and instant(changed_at) < since:
                    continue
                if changed_at is not None:
                    newest[name] = latest(changed_at, newest.get(name))
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
    """The latest of some timestamps, unchanged. At least one must not be None."""
    return max((timestamp for timestamp in timestamps if timestamp is not None), key=instant)


def state_after_page(
    point: ResumePoint,
    state: State,
    *,
    list_index: int,
    after: str | None,
    skipped: Collection[str],
    newest: str | None,
    began: str,
) -> State:
    """The state once all rows before the cursor `after` of one list are out, in a run that started at `began`."""
    fields: dict[str, Any] = {
        "after": after,
        "walk": point.walk,
        "part": list_index or None,
        "version": point.version,
    }
    if point.version is not None:
        emitted = (selected.stream.name for selected in point.step.emitted())
        fields["skipped"] = [name for name in emitted if name in skipped] or None
    if point.step.replication_key:
        fields |= {"started": point.started or began, "newest": newest}
    return states.set_cursor(state, point.step.name, **fields)


def state_at_end(point: ResumePoint, state: State, *, newest: str | None, began: str) -> State:
    """The state once all rows of the step are out, in a run that started at `began`."""
    state = states.clear_cursors(state, point.step.name)
    if not point.step.replication_key or newest is None:
        return state
    # A row that changed after the start may have changed on a page that was already read: the next run reads it.
    bookmark = min(latest(newest, point.bookmark), point.started or began, key=instant)
    return states.set_bookmark(state, point.step.name, bookmark, point.scope)
