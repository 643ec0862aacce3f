"""What the API does and its document doesn't say, by path: hidden rows, refusals, and the ways in which a list ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from . import shifts
from .making import Row, instant
from .wire import Query

# In: a row, the request's parameters, the mode of each incident, the present. Out: whether the request can see the row.
Shows = Callable[[Row, Query, Mapping[str, str], datetime], bool]
# In: a row, the page size. Out: the row as it is sent.
Shape = Callable[[Row, int], Row]
# In: the rows that a request can see, its parameters, the present. Out: the body of the answer.
Body = Callable[[Sequence[Row], Query, datetime], Row]

HIDDEN_CATEGORIES = frozenset({"declined", "canceled", "merged"})
SHOWN_MODES = ("standard", "retrospective")
NEXT_SHIFTS_UP_TO = 25


class End(Enum):
    """How the last page says that it is the last."""

    NO_META = "pagination_meta is missing"
    ABSENT = "after is missing"
    NULL = "after is null"
    EMPTY = 'after is ""'


@dataclass(frozen=True)
class Trap:
    """What is odd about an endpoint.

    The API serves pages of at most `largest` rows; a full last page is followed by an empty one (`empty_page`); a
    cursor that it doesn't know is answered with `unknown_after`. `required` parameters are optional in the document;
    a request has one of `exactly_one`. `parents` are as in `Endpoint`, where the names don't say them. `shows` picks
    the rows that a request can see, by the parameters that it `reads` (and their values, where no schema has them).
    Rows are sorted by `order`. Filters by time take `days`, both ends inclusive, instead of timestamps and half-open
    ranges. `has` are parameters that pick rows by whether another list has some with their id: its path and property.
    `shape` and `body` make what is sent of a row, and of all of them.
    """

    largest: int | None = None
    end: End = End.ABSENT
    empty_page: bool = False
    unknown_after: int = 422
    required: tuple[str, ...] = ()
    exactly_one: tuple[str, ...] = ()
    parents: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    shows: Shows | None = None
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    days: bool = False
    has: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    shape: Shape | None = None
    body: Body | None = None


def _shows_incident(row: Row, query: Query, modes: Mapping[str, str], now: datetime) -> bool:
    category, wanted = row["incident_status"]["category"], query.get("status_category[one_of]")
    return row["mode"] in query.get("mode[one_of]", SHOWN_MODES) and (
        category in wanted if wanted else category not in HIDDEN_CATEGORIES
    )


def _shows_by_mode(row: Row, query: Query, modes: Mapping[str, str], now: datetime) -> bool:
    return modes.get(row["incident_id"], "standard") in query.get("incident_mode", SHOWN_MODES)


def _shows_user(row: Row, query: Query, modes: Mapping[str, str], now: datetime) -> bool:
    return row["is_active"] or query.get("include_inactive") == ("true",)


def _shows_pause(row: Row, query: Query, modes: Mapping[str, str], now: datetime) -> bool:
    start = instant(query["from"][0])[0] if "from" in query else now
    return start < instant(row["ends_at"])[0]


def _without_next_shifts(row: Row, page_size: int) -> Row:
    if page_size <= NEXT_SHIFTS_UP_TO:
        return row
    return {name: value for name, value in row.items() if name != "next_shifts"}


MODES = ("retrospective", "standard", "test", "tutorial")
CATEGORIES = ("live", "triage", "learning", "closed", "paused", "declined", "canceled", "merged")
_OF_ALERTS = {
    "alert_id": ("/v2/alerts", "id", "alert_id"),
    "alert_group_id": ("/v2/alerts", "alert_group_ids", "alert_group_id"),
}
_OF_PAGE_INCIDENT = {
    "id": ("/v2/status_pages", "id", "status_page_id"),
    "incident_id": ("/v2/status_page_incidents", "id", "status_page_incident_id"),
}
# A work stream's rows come with those of its incident, and keep the stream's own incident_id.
_WITH_STREAMS = {"incident_id": ("/v2/incidents", "id", "of_incident_id")}

NONE = Trap()
TRAPS: Mapping[str, Trap] = {
    "/v1/alert_notes": Trap(end=End.NULL, exactly_one=tuple(_OF_ALERTS), parents=_OF_ALERTS),
    "/v1/incident_attachments": Trap(required=("incident_id",)),
    "/v1/incident_relationships": Trap(end=End.NO_META),
    "/v1/maintenance_windows": Trap(end=End.NULL),
    "/v1/status-pages/{id}/incidents/{incident_id}/response-incidents": Trap(parents=_OF_PAGE_INCIDENT),
    "/v2/alert_attachments": Trap(largest=25, exactly_one=tuple(_OF_ALERTS), parents=_OF_ALERTS),
    "/v2/alerts": Trap(
        end=End.EMPTY,
        empty_page=True,
        reads={"has_notes[is]": ("true", "false")},
        has={"has_notes[is]": ("/v1/alert_notes", "alert_id")},
    ),
    "/v2/escalations": Trap(end=End.NO_META, days=True),
    "/v2/incident_activity_log_entries": Trap(parents=_WITH_STREAMS),
    "/v2/incident_alerts": Trap(end=End.EMPTY),
    "/v2/incident_timeline_items": Trap(parents=_WITH_STREAMS),
    "/v2/incident_updates": Trap(end=End.NO_META, order=("id",)),
    "/v2/incidents": Trap(
        largest=250,
        days=True,
        shows=_shows_incident,
        reads={"mode[one_of]": MODES, "status_category[one_of]": CATEGORIES},
    ),
    "/v2/on_call_notification_pauses": Trap(shows=_shows_pause, reads={"from": ()}),
    "/v2/schedule_entries": Trap(reads={"entry_window_start": (), "entry_window_end": ()}, body=shifts.entries_page),
    "/v2/schedule_overrides": Trap(end=End.NO_META),
    "/v2/schedules": Trap(end=End.NO_META, shape=_without_next_shifts),
    "/v2/status_page_incidents": Trap(end=End.EMPTY),
    "/v2/status_pages/{status_page_id}/components/{component_id}/availability": Trap(
        reads={"start_at": (), "end_at": ()}
    ),
    "/v2/users": Trap(end=End.NULL, shows=_shows_user, reads={"include_inactive": ()}),
    "/v2/workflow_runs": Trap(end=End.NO_META, unknown_after=404),
    "/v3/actions": Trap(end=End.NULL, shows=_shows_by_mode, reads={"incident_mode": ()}, order=("id",)),
    "/v3/alert_routes": Trap(empty_page=True),
    "/v3/catalog_entries": Trap(end=End.NULL),
    "/v3/follow_ups": Trap(
        end=End.EMPTY, empty_page=True, shows=_shows_by_mode, reads={"incident_mode": ()}, order=("id",)
    ),
}
