"""Where a step begins, and the bookmark that it ends with.

A step is a full refresh, or reads from a little before its bookmark on. Both resume in the middle of their lists after
an interruption. Source: Singer spec, section "State"; API documents, sections on the filters by `updated_at`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tap_incident.config import Config
from tap_incident.protocol.state import Bookmark, Left, State, bookmark, fingerprint
from tap_incident.settings import SETTINGS
from tap_incident.streams import Params, Stream
from tap_incident.sync.plan import Listing, Node, Step
from tap_incident.timestamps import before, instant, rfc3339

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
    notices: tuple[str, ...] = ()
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


def start(
    step: Step, state: State, config: Config, organisation: str | None, may_read: Callable[[Node, str], bool]
) -> Start:
    """Where to start with `step`, given the `state` of the last run and the organisation that the key belongs to.

    `may_read(node, id)` asks the API whether the key may read the nested part of this row by now.
    """
    known = bookmark(state, step.name)
    # Not the lists that come and go with the selection of children.
    scope = fingerprint(
        [config.endpoint, [params for node, params in step.lists if node.selected is step.root.selected]]
    )
    default_modes = config.incident_modes == tuple(SETTINGS["properties"]["incident_modes"]["default"])
    outdated = _outdated(step, known, scope, default_modes=default_modes) or _regained(step, known, may_read)
    if _is_other(known, organisation):
        outdated = "the key belongs to another organisation than in the last run: reading all of it"
    since = config.start_date if step.replication_key else None
    if step.replication_key and known.updated_at and not outdated:
        since = rfc3339(before(known.updated_at, _OVERLAP if known.scope else _OFFICIAL_OVERLAP))
    walk = _walk(step, scope, since, config)
    wrong = _wrong_cursor(known, walk, organisation)
    notices = tuple(f"{step.name}: {text}" for text in [outdated or wrong] if text)
    if known.left and not wrong and not outdated:
        notices = (*notices, f"{step.name}: resuming where the interrupted run stopped")
    else:
        known = Bookmark() if outdated else known.lasting()
    return Start(step, walk, scope, organisation or known.organisation, since, known, notices)


def _walk(step: Step, scope: str, since: str | None, config: Config) -> str:
    described = [root.described() for root, _ in step.lists]
    # A window moves from run to run, and a run may resume in a moved one. Only its length is part of the fingerprint.
    is_window = any(node.stream.window for root, _ in step.lists for node in root.tree())
    days = [config.schedule_window_days] if is_window else []
    versioned = config.activate_version and not all(selected.replication_key for selected in step.emitted())
    lists = [params for _, params in step.lists]
    return fingerprint([scope, lists, described, *days, step.replication_key, since, versioned])


def _wrong_cursor(known: Bookmark, walk: str, organisation: str | None) -> str:
    """Why the interrupted run can't be resumed; "" if it can, or if there was none."""
    if known.walk is None:
        return ""
    if known.walk == walk and known.left and not _is_other(known, organisation):
        lacks = " and ".join(known.lacks)
        return f"the interrupted run could not read {lacks} of some rows: starting over" if lacks else ""
    return "the selection or the settings have changed since the interrupted run: starting over"


def _is_other(known: Bookmark, organisation: str | None) -> bool:
    return None not in (known.organisation, organisation) and known.organisation != organisation


def _outdated(step: Step, known: Bookmark, scope: str, *, default_modes: bool) -> str:
    """Why rows up to the bookmark must be read again; "" if they need not be."""
    if not known.updated_at or not step.replication_key:
        return ""
    # The official tap's bookmarks have no scope. It only reads what the default modes show.
    if known.scope != scope and (known.scope or not default_modes):
        return "incident_modes or the endpoint have changed: reading all of it again"
    return ""


def _regained(step: Step, known: Bookmark, may_read: Callable[[Node, str], bool]) -> str:
    """The same, for nested parts that can be read now. `may_read` is asked about each that was refused before."""
    if not known.updated_at or not step.replication_key:
        return ""
    back = [
        part
        for part in _missing(step, known)
        if not (refused := known.denied.get(part)) or may_read(step.parts[part], refused)
    ]
    return f"{' and '.join(back)} can be read again: reading all of it" if back else ""


def _missing(step: Step, known: Bookmark) -> list[str]:
    """The selected nested parts that rows up to the bookmark lack."""
    if known.parts is None:
        return [part for part in step.parts if part in known.denied]
    return [part for part in step.parts if part not in known.parts]


def _filter(stream: Stream, since: str | None) -> Params:
    if since is None or stream.replication_key is None:
        return ()
    days_only = stream.filters_by_day
    # A start_date may have a form that the API does not accept, or more digits than it reads.
    sent = rfc3339(before(since, _HALF_A_DAY))[:10] if days_only else rfc3339(before(since, timedelta()))
    return ((f"{stream.replication_key}[gte]", sent),)


def final(
    begun: Start, *, began: str, newest: str | None, denied: Mapping[str, str], lacks: Mapping[str, int]
) -> Bookmark:
    """The bookmark once all rows of an incremental step are out. It is not later than `began`.

    `newest` is the latest change among its rows, also those of an interrupted run. `denied` are nested parts that were
    refused as a whole, `lacks` the numbers of rows for which a part could not be read.
    """
    known, parts = begun.known, begun.step.parts
    if newest is None and known.updated_at is None:
        return Bookmark()
    # A row that changed after the start may have changed on a page that was already read: the next run reads it.
    latest = max((time for time in (newest, known.updated_at) if time is not None), key=instant)
    missing = {part for part in denied if part in parts} | set(_missing(begun.step, known) if known.updated_at else ())
    counts = {part: known.lacking.get(part, 0) + lacks.get(part, 0) for part in (*known.lacking, *lacks)}
    return Bookmark(
        updated_at=min(latest, known.started or began, began, key=instant),
        scope=begun.scope,
        organisation=begun.organisation,
        parts=tuple(part for part in parts if part not in missing),
        denied={part: id for part, id in {**known.denied, **denied}.items() if part in missing},
        lacking={part: count for part, count in counts.items() if part in parts and part not in missing},
    )
