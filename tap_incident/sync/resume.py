"""Where a step begins, and the bookmark that it ends with.

A step is a full refresh, or reads from a little before its bookmark on. Both resume in the middle of their lists after
an interruption. Source: Singer spec, section "State"; API documents, sections on the filters by `updated_at`.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tap_incident.config import Config
from tap_incident.protocol.state import Bookmark, Left, State, Tally, bookmark, fingerprint
from tap_incident.settings import SETTINGS
from tap_incident.streams import Params, Stream
from tap_incident.sync.plan import Listing, Node, Step
from tap_incident.timestamps import before, instant, rfc3339

LOGGER = logging.getLogger(__name__)

_OVERLAP = timedelta(minutes=5)
"""A row can become visible a little after the time in its updated_at."""
_OFFICIAL_OVERLAP = timedelta(days=1)
"""The official tap reads from the day before its bookmark."""
_HALF_A_DAY = timedelta(hours=12)
"""The API filters by day without saying in which time zone. 12 h is the largest offset west of UTC."""


@dataclass(frozen=True)
class Start:
    """Where a step starts to read."""

    step: Step
    walk: str
    """Fingerprint of what is read. A cursor is only valid for the same."""
    scope: str
    """Fingerprint of the lists that are read. A bookmark is only valid for the same."""
    organisation: str | None
    since: str | None = None
    """Rows that have not changed since then are left out."""
    known: Bookmark = field(default_factory=Bookmark)
    """The bookmark that `since` was derived from, and the place to resume at. Empty if the step is read whole."""
    notice: str = ""
    """What to log about it."""

    @property
    def is_resumed(self) -> bool:
        """True if an interrupted run read the first rows."""
        return bool(self.known.left)

    @property
    def left(self) -> tuple[Left, ...]:
        """What to read first: all lists, or what the interrupted run left of them."""
        return self.known.left or tuple(Left(number) for number in range(len(self.step.lists)))

    def is_second_look(self, left: Left) -> bool:
        """True if this is the list for a second look."""
        return left.list >= len(self.step.lists)

    def key_of(self, node: Node) -> str | None:
        """The replication key of the rows of a list of this step."""
        return self.step.replication_key if node.stream is self.step.root.stream else None

    def listing(self, left: Left, began: str) -> Listing:
        """One of the lists: its node, and its query parameters with the filter by change."""
        if self.is_second_look(left):
            node, params = self.step.changed_parents or self.step.lists[0]
            return node, (*params, *_filter(node.stream, self.since or self.known.started or began))
        node, params = self.step.lists[left.list]
        return node, (*params, *_filter(node.stream, self.since if self.key_of(node) else None))


def start(step: Step, state: State, config: Config, organisation: str | None) -> Start:
    """Where to start with `step`, given the `state` of the last run and the organisation that the key belongs to."""
    known = bookmark(state, step.name)
    organisation = organisation or known.organisation
    # Not the lists that come and go with the selection of children.
    lists = [params for node, params in step.lists if node.selected is step.root.selected]
    scope = fingerprint([config.endpoint, lists])
    notice = _outdated(step, known, scope, config)
    if known.organisation not in (None, organisation):
        notice = "the key belongs to another organisation than in the last run: reading all of it"
    if notice:
        known = Bookmark()
    since = config.start_date if step.replication_key else None
    notice += f" since {since}" if notice and since else ""
    if step.replication_key and known.updated_at:
        since = rfc3339(before(known.updated_at, _OVERLAP if known.scope else _OFFICIAL_OVERLAP))
    walk = _walk(step, scope, since, config)
    if known.walk is not None:
        wrong = _wrong_cursor(step, known, walk)
        known = known.lasting() if wrong else known
        notice = wrong or "resuming where the interrupted run stopped"
    return Start(step, walk, scope, organisation, since, known, notice)


def _walk(step: Step, scope: str, since: str | None, config: Config) -> str:
    described = [root.described() for root, _ in step.lists]
    # A window moves from run to run, and a run may resume in a moved one. Only its length is part of the fingerprint.
    is_window = any(node.stream.window for root, _ in step.lists for node in root.tree())
    days = [config.schedule_window_days] if is_window else []
    versioned = config.activate_version and not all(selected.replication_key for selected in step.emitted())
    lists = [params for _, params in step.lists]
    return fingerprint([scope, lists, described, *days, step.replication_key, since, versioned])


def _wrong_cursor(step: Step, known: Bookmark, walk: str) -> str:
    """Why the interrupted run can't be resumed; "" if it can."""
    lists = len(step.lists) + bool(step.changed_parents)
    if known.walk != walk or not known.left or any(left.list >= lists for left in known.left):
        return "the selection or the settings have changed since the interrupted run: starting over"
    lacks = " and ".join(known.tally.lacks)
    return f"the interrupted run could not read {lacks} of some rows: starting over" if lacks else ""


def _outdated(step: Step, known: Bookmark, scope: str, config: Config) -> str:
    """Why rows up to the bookmark must be read again; "" if they need not be."""
    if not known.updated_at or not step.replication_key:
        return ""
    # The official tap's bookmarks have no scope. It only reads what the default modes show.
    default_modes = tuple(SETTINGS["properties"]["incident_modes"]["default"])
    if known.scope != scope and (known.scope or config.incident_modes != default_modes):
        return "incident_modes or the endpoint have changed: reading all of it again"
    rows_have = step.parts if known.parts is None else {*known.parts, *known.denied}
    added = [part for part in step.parts if part not in rows_have]
    return f"{' and '.join(added)} newly selected: reading all of it again" if added else ""


def _filter(stream: Stream, since: str | None) -> Params:
    if since is None or stream.replication_key is None:
        return ()
    days_only = stream.filters_by_day
    # A start_date may have a form that the API does not accept, or more digits than it reads.
    sent = rfc3339(before(since, _HALF_A_DAY))[:10] if days_only else rfc3339(before(since, timedelta()))
    return ((f"{stream.replication_key}[gte]", sent),)


def final(begun: Start, *, began: str, tally: Tally) -> Bookmark:
    """The bookmark once all rows of an incremental step are out. It is not later than `began`.

    `tally` is about these rows, also those of an interrupted run. If the key can read a nested part again, there is no
    bookmark, so that the next run reads all rows with this part.
    """
    known, parts = begun.known, begun.step.parts
    latest = max(filter(None, (tally.newest, known.updated_at)), key=instant, default=None)
    back = [part for part in known.denied if part in parts and part not in {*tally.refused, *tally.lacks}]
    if back and tally.rows:
        LOGGER.info("%s: %s can be read again: the next run reads all of it", begun.step.name, " and ".join(back))
    if latest is None or (back and tally.rows):
        return Bookmark()
    missing = {*tally.refused, *known.denied}
    # Once more, the next run reads what was answered with 404: it may not be deleted.
    again = None if _is_later(known.updated_at, tally.again) else tally.again
    lacking = Counter(known.lacking) + Counter(tally.lacks)
    return Bookmark(
        # A row that changed after the start may have changed on a page that was already read: the next run reads it.
        updated_at=min(filter(None, (latest, known.started, again, began)), key=instant),
        scope=begun.scope,
        organisation=begun.organisation,
        parts=tuple(part for part in parts if part not in missing),
        denied=tuple(part for part in parts if part in missing),
        lacking={part: count for part, count in lacking.items() if part in parts and part not in missing},
    )


def _is_later(first: str | None, second: str | None) -> bool:
    """True if both are known, and the first is not before the second."""
    return first is not None and second is not None and instant(first) >= instant(second)
