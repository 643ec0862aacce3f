"""Which rows a request can see, which no document says.

Shifts are special: an answer covers a window of time, and the next page's cursor takes the start's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .making import STAMP, TRAPS, Row, instant
from .wire import Query, invalid

if TYPE_CHECKING:
    from .organisation import Views

# In: a row, the request's parameters, what else there is. Out: whether the request can see the row.
Shows = Callable[[Row, Query, "Views"], bool]

HIDDEN_CATEGORIES = frozenset({"declined", "canceled", "merged"})
SHOWN_MODES = ("standard", "retrospective")
SMALL_PAGE = 25
HAS_NOTES = "has_notes[is]"


def _incident(row: Row, query: Query, views: Views) -> bool:
    category, wanted = row["incident_status"]["category"], query.get("status_category[one_of]")
    return row["mode"] in query.get("mode[one_of]", SHOWN_MODES) and (
        category in wanted if wanted else category not in HIDDEN_CATEGORIES
    )


def _pause(row: Row, query: Query, views: Views) -> bool:
    start = instant(query["from"][0])[0] if "from" in query else views.org.now
    return start < instant(row["ends_at"])[0]


def _alert(row: Row, query: Query, views: Views) -> bool:
    """The notes of an alert's group are not its own."""
    wanted = query.get(HAS_NOTES)
    return not wanted or bool(views.by("/v1/alert_notes", "alert_id", row["id"])) == (wanted == ("true",))


SHOWS: Mapping[str, Shows] = {
    "": lambda row, query, views: True,
    "alert": _alert,
    "child": lambda row, query, views: (
        views.org.modes.get(row["incident_id"], "standard") in query.get("incident_mode", SHOWN_MODES)
    ),
    "incident": _incident,
    "pause": _pause,
    "user": lambda row, query, views: row["is_active"] or query.get("include_inactive") == ("true",),
}
MODES = TRAPS["/v2/incidents"]["reads"]["mode[one_of]"]
CATEGORIES = TRAPS["/v2/incidents"]["reads"]["status_category[one_of]"]

LISTS = ("scheduled", "overrides", "final")
PAGE = timedelta(days=7)
CURSOR = "cursor:"
WINDOW_START = "entry_window_start"


def week_of(rows: Sequence[Row], query: Query, now: datetime) -> tuple[list[Row], Row]:
    """The shifts of a week of the window asked for (none: a fortnight from now), and where the next one begins.

    A shift that reaches over the border of two weeks is in both answers.
    """
    begin, end = _window_of(query, now)
    until = min(begin + PAGE, end)
    found = [row for row in rows if instant(row["start_at"])[0] < until and instant(row["end_at"])[0] > begin]
    cursor = f"{CURSOR}{until.isoformat()}|{end.isoformat()}"
    meta = {"after": cursor, "after_url": f"/?{WINDOW_START}={cursor}"}
    return found, {"pagination_meta": meta} if until < end else {}


def _window_of(query: Query, now: datetime) -> tuple[datetime, datetime]:
    (start,) = query.get(WINDOW_START, (now.isoformat(),))
    (end_at,) = query.get("entry_window_end", ((now + 2 * PAGE).isoformat(),))
    end = _in_utc(end_at)
    if start.startswith(CURSOR):
        start, _, same_end = start.removeprefix(CURSOR).partition("|")
        if same_end != end.isoformat():
            raise invalid("entry_window_end", "It stays what it was on the first page.")
    elif not STAMP.fullmatch(start):
        raise invalid(WINDOW_START, "A timestamp.")
    elif _in_utc(start) >= end:
        raise invalid("entry_window_end", "It comes after the start.")
    return _in_utc(start), end


def _in_utc(text: str) -> datetime:
    return instant(text)[0].astimezone(timezone.utc)
