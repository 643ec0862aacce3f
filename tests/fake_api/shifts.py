"""Shifts of schedules: an answer covers a window of time, and the next page's cursor takes the start's place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from .making import Row, instant
from .problems import invalid
from .wire import Query

LISTS = ("scheduled", "overrides", "final")
PAGE = timedelta(days=7)
CURSOR = "cursor:"


def entries_page(rows: Sequence[Row], query: Query, now: datetime) -> Row:
    """A week of the window asked for (none: a fortnight from now), list by list, and where the next one begins.

    A shift that reaches over the border of two weeks is in both answers.
    """
    begin, end = _window_of(query, now)
    until = min(begin + PAGE, end)
    lists: dict[str, list[Row]] = {name: [] for name in LISTS}
    for row in rows:
        if instant(row["start_at"])[0] < until and instant(row["end_at"])[0] > begin:
            shown = {name: value for name, value in row.items() if name not in ("schedule_id", "entry_type")}
            lists[row["entry_type"]].append(shown)
    if until == end:
        return {"schedule_entries": lists}
    cursor = f"{CURSOR}{until.isoformat()}|{end.isoformat()}"
    url = f"https://api.invalid/v2/schedule_entries?entry_window_start={cursor}"
    return {"schedule_entries": lists, "pagination_meta": {"after": cursor, "after_url": url}}


def _window_of(query: Query, now: datetime) -> tuple[datetime, datetime]:
    start = query.get("entry_window_start", (now.isoformat(),))[0]
    end = _moment(query, "entry_window_end", now + 2 * PAGE)
    if start.startswith(CURSOR):
        start, _, same_end = start.removeprefix(CURSOR).partition("|")
        if same_end != end.isoformat():
            raise invalid("entry_window_end", "It stays what it was on the first page.")
        return datetime.fromisoformat(start), end
    begin = _moment(query, "entry_window_start", now)
    if begin >= end:
        raise invalid("entry_window_end", "It comes after the start.")
    return begin, end


def _moment(query: Query, name: str, default: datetime) -> datetime:
    if name not in query:
        return default
    try:
        return instant(query[name][0])[0].astimezone(timezone.utc)
    except ValueError:
        raise invalid(name, "A date and time.") from None
