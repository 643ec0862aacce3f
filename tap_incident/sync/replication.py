"""Replication: where a step resumes, and which rows of it count. Its state afterwards: bookmarks.

A step is a full refresh, or reads from a little before its bookmark on. Both resume in the middle of their lists after
an interruption. Source: Singer spec, section "State"; API documents, sections on the filters by `updated_at`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tap_incident.api.answers import Row
from tap_incident.config import Config
from tap_incident.errors import BadData
from tap_incident.protocol import state as states
from tap_incident.protocol.records import shown_id
from tap_incident.protocol.state import State
from tap_incident.streams import Params, Stream
from tap_incident.sync.plan import Listing, Node, Step
from tap_incident.sync.second_look import SecondLook
from tap_incident.sync.windows import Window, from_json
from tap_incident.timestamps import before, instant, rfc3339

_OVERLAP = timedelta(minutes=5)
"""A row can become visible a little after the time in its updated_at."""
_OFFICIAL_OVERLAP = timedelta(days=1)
_HALF_A_DAY = timedelta(hours=12)
"""The API filters by day without saying in which time zone. 12 h is the largest offset west of UTC."""


Without = Mapping[str, Mapping[str, Any]]
"""Nested parts that rows up to the bookmark may lack: `{part: {"since": bookmark or None, "denied": id or None}}`.

The rows that changed before `since` have the part. If a permission was missing, `denied` is the id of a row whose part
was refused; None means that the property was not selected.
"""


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
    without: Without = field(default_factory=dict)
    list_index: int = 0
    """Index of the step's list to start with."""
    after: str | None = None
    """Cursor in that list."""
    windows: tuple[Window, ...] = ()
    """Windows of that list that are left, if it was cut."""
    started: str | None = None
    """Start time of the interrupted run; None if this run started from scratch."""
    newest: str | None = None
    """Latest change among the rows that the interrupted run read."""
    denied: tuple[str, ...] = ()
    """Nested parts that the interrupted run was not allowed to read."""
    notices: tuple[str, ...] = ()
    """What to log about it."""

    def with_notice(self, text: str) -> ResumePoint:
        """The same point with one more line to log."""
        return replace(self, notices=(*self.notices, f"{self.step.name}: {text}"))

    @property
    def is_resumed(self) -> bool:
        """True if an interrupted run read the first rows."""
        return self.list_index > 0 or self.after is not None or bool(self.windows)

    @property
    def list_count(self) -> int:
        """Number of lists to read, including a second look."""
        return len(self.step.lists) + (self.step.changed_parents is not None)

    def sources(self, list_index: int) -> tuple[Window, ...]:
        """The windows of one of the lists to read: one without ends, unless the list was cut in an interrupted run."""
        if list_index != self.list_index:
            return (Window(),)
        return self.windows or (Window(after=self.after),)

    def key_of(self, node: Node) -> str | None:
        """The replication key of the rows of a list of this step."""
        return self.step.replication_key if node.stream is self.step.lists[0][0].stream else None

    def is_second_look(self, list_index: int) -> bool:
        """True if this is the list of a second look."""
        return list_index == len(self.step.lists)

    def listing(self, list_index: int, began: str) -> Listing:
        """One of the lists: its node, and its query parameters with the filter by change."""
        if not self.is_second_look(list_index):
            root, params = self.step.lists[list_index]
            return root, (*params, *_filter(root.stream, self.since if self.key_of(root) else None))
        assert self.step.changed_parents is not None  # noqa: S101 - list_count says so
        root, params = self.step.changed_parents
        look = SecondLook(root.stream.replication_key or "", self.started or began, self.since)
        children = tuple(replace(child, second_look=look) for child in root.children)
        node = replace(root, children=children, second_look=look)
        return node, (*params, *_filter(root.stream, look.since or look.began))


def resume_point(step: Step, state: State, config: Config) -> ResumePoint:
    """Where to start with `step`, given the `state`."""
    scope = states.fingerprint([config.endpoint, [params for _, params in step.lists]])
    found = states.bookmark(state, step.name)
    bookmark = found.get("updated_at") if step.replication_key else None
    # The official tap's bookmarks have no scope, and it reads from the day before.
    outdated = bool(bookmark) and (found.get("scope") or (config.reads_as_official_tap and scope)) != scope
    without: Without = {}
    notices: tuple[str, ...] = ()
    if outdated:
        bookmark = None
    elif bookmark:
        bookmark, without, notices = _reselected(step, bookmark, found.get("without") or {})
    since = config.start_date if step.replication_key else None
    if bookmark:
        since = rfc3339(before(bookmark, _OVERLAP if found.get("scope") else _OFFICIAL_OVERLAP))
    described = [root.described() for root, _ in step.lists]
    # A window moves from run to run, and a run may resume in a moved one. Only its length is part of the fingerprint.
    days = [config.schedule_window_days] if any(root.has_window() for root, _ in step.lists) else []
    versioned = config.activate_version and not all(selected.replication_key for selected in step.emitted())
    walk = states.fingerprint([scope, described, *days, step.replication_key, since, versioned])
    scratch = ResumePoint(step, walk, scope, since, bookmark, without, notices=notices)
    resumed = _resumed(scratch, found)
    if outdated and not resumed.is_resumed:
        return resumed.with_notice("incident_modes or the endpoint have changed: reading all of it again")
    return resumed


def _reselected(step: Step, bookmark: str, without: Without) -> tuple[str | None, Without, tuple[str, ...]]:
    """The bookmark to use and the parts that stay incomplete, after nested parts have become readable; and a notice."""
    back = {part: mark for part, mark in without.items() if part in nested_nodes(step) and mark["denied"] is None}
    if not back:
        return bookmark, without, ()
    marks = [mark["since"] for mark in back.values()]
    earliest = None if None in marks else min(marks, key=instant)
    since = earliest or "the beginning"
    notice = f"{step.name}: {' and '.join(back)} can be read again: reading all that changed since {since}"
    return earliest, {part: mark for part, mark in without.items() if part not in back}, (notice,)


def nested_nodes(step: Step) -> dict[str, Node]:
    """The nodes that are nested in the rows of the step, by the property that holds them."""
    root, _ = step.lists[0]
    return {str(child.stream.parent.nested_as): child for child in root.children if child.nested}


def _resumed(scratch: ResumePoint, found: dict[str, Any]) -> ResumePoint:
    if not (found.get("after") or found.get("part") or found.get("windows")):
        return scratch
    list_index = found.get("part") or 0
    if found.get("walk") != scratch.walk or list_index >= scratch.list_count:
        return scratch.with_notice(
            "the selection or the settings have changed since the interrupted run: starting over"
        )
    if found.get("lacks"):
        return scratch.with_notice(f"the interrupted run could not read {', '.join(found['lacks'])}: starting over")
    return replace(
        scratch.with_notice("resuming where the interrupted run stopped"),
        list_index=list_index,
        after=found.get("after"),
        windows=tuple(from_json(window) for window in found.get("windows") or ()),
        started=found.get("started"),
        newest=found.get("newest"),
        denied=tuple(found.get("denied") or ()),
    )


def _filter(stream: Stream, since: str | None) -> Params:
    if since is None:
        return ()
    days_only = stream.incremental.days_only
    # A start_date may have a form that the API does not accept, or more digits than it reads.
    start = rfc3339(before(since, _HALF_A_DAY))[:10] if days_only else rfc3339(before(since, timedelta()))
    return ((f"{stream.replication_key}[gte]", start),)


def changed_rows(point: ResumePoint, node: Node, rows: list[Row], newest: dict[str, str]) -> list[Row]:
    """The rows of one of the step's lists that changed since `point.since`. Writes the latest change into `newest`.

    Raises BadData for a row whose replication key can't be read.
    """
    key, name = point.key_of(node), point.step.name
    if key is None:
        return rows
    since = instant(point.since) if point.since else None
    kept = []
    for row in rows:
        changed_at = _changed_at(row, key, name)
        if changed_at is not None and since is not None and instant(changed_at) < since:
            continue
        if changed_at is not None:
            newest[name] = latest(changed_at, newest.get(name))
        kept.append(row)
    return kept


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
