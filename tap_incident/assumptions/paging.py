"""Checks of pages, orders, filters by time, and cursors. What each is about: table.json."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from tap_incident.api.answers import Page, PageTooLarge, Row
from tap_incident.assumptions.probe import Check, Finding, Probe, Untold
from tap_incident.errors import Gone, Rejected
from tap_incident.streams import Stream
from tap_incident.timestamps import instant, rfc3339

_BY_DAY = timedelta(hours=14)
"""Where a filter takes days, a row may be so far outside: nobody says in which time zone a day is."""


def _page_size(probe: Probe, stream: Stream) -> Finding:
    page, size = probe.page(stream), stream.page_size or 0
    return Finding(len(page.rows) >= _told(page, size), "smaller pages")


def _largest(probe: Probe, stream: Stream) -> Finding:
    size = stream.page_size or 0
    try:
        page = probe.page(stream, size=2 * size)
    except PageTooLarge:
        return Finding(holds=True)
    return Finding(len(page.rows) <= _told(page, size), "larger pages")


def _told(page: Page, size: int) -> int:
    if page.after is None and len(page.rows) < size:
        raise Untold
    return size


def _order(probe: Probe, stream: Stream) -> Finding:
    rows = probe.page(stream).rows
    if len({str(row.get("created_at")) for row in rows}) < 2:
        raise Untold
    for key in ("created_at", "id", "updated_at"):
        values = [(str(row["id"]), "") if key == "id" else instant(row.get(key)) for row in rows]
        for first, falls in (("oldest", False), ("newest", True)):
            if values == sorted(values, reverse=falls):
                return Finding(key != "updated_at", seen=f"by {key}, {first} first")
    return Finding(holds=False, if_not="no order")


def _filter(*keys: str) -> Check:
    """A check that the filters by these timestamps leave out what is older, and what is older by only one of them."""

    def check(probe: Probe, stream: Stream) -> Finding:
        days, rows = stream.filters_by_day, probe.page(stream).rows
        since = {key: sorted(_moment(row, key) for row in rows)[len(rows) // 2] for key in keys}
        if days:
            since = {key: each.replace(hour=0, minute=0, second=0) for key, each in since.items()}

        def passed(row: Row) -> int:
            slack = _BY_DAY if days else timedelta()
            return sum(_moment(row, key) >= each - slack for key, each in since.items())

        # Of one filter, a row that fails; of two, a row that passes only one of them.
        telling = 0 if len(keys) == 1 else 1
        if all(passed(row) != telling for row in rows):
            raise Untold
        sent = ((f"{key}[gte]", rfc3339(each)[: 10 if days else None]) for key, each in since.items())
        return Finding(all(passed(row) == len(keys) for row in probe.page(stream, *sent).rows), "other rows come too")

    return check


def _ends(probe: Probe, stream: Stream) -> Finding:
    rows = sorted(probe.page(stream).rows, key=lambda row: instant(row.get("created_at")))
    if stream.filters_by_day:
        return Finding(bool(_of_day(probe, stream, rows[0])), "an end is out")
    pairs = [(row, later) for row, later in pairwise(rows) if row["created_at"] != later["created_at"]]
    pair = pairs[len(pairs) // 2]
    found = probe.page(stream, ("created_at[date_range]", "~".join(row["created_at"] for row in pair))).rows
    start, end = ("in" if row in found else "out" for row in pair)
    return Finding((start, end) == ("in", "out"), seen=f"start {start}, end {end}")


def _zone(probe: Probe, stream: Stream) -> Finding:
    by_hour = sorted(probe.page(stream).rows, key=lambda row: _moment(row).time())
    if _moment(by_hour[0]).hour > 0 or _moment(by_hour[-1]).hour < 23:
        raise Untold
    found = {row["id"]: _of_day(probe, stream, row) for row in (by_hour[0], by_hour[-1])}
    return Finding(all(known in [row["id"] for row in rows] for known, rows in found.items()), "another zone")


def _of_day(probe: Probe, stream: Stream, row: Row) -> list[Row]:
    """What the API has of the day, in UTC, on which a row was created."""
    day = rfc3339(_moment(row))[:10]
    return probe.page(stream, ("created_at[date_range]", f"{day}~{day}")).rows


def _moment(row: Row, key: str = "created_at") -> datetime:
    return instant(row.get(key))[0]


def _cursor(probe: Probe, stream: Stream) -> Finding:
    rows, after = _begun(probe, stream)
    since = "2015-01-01" if stream.filters_by_day else "2015-01-01T00:00:00Z"
    found = probe.page(stream, ("after", after), ("created_at[gte]", since), size=3).rows
    return Finding([row["id"] for row in found] == [row["id"] for row in rows[2:5]], "other rows")


def _deleted_cursor(probe: Probe, stream: Stream) -> Finding:
    rows, after = _begun(probe, stream)
    if after != rows[1]["id"]:
        raise Untold
    try:
        # Most likely nobody's id.
        found = probe.page(stream, ("after", after[:-1] + ("1" if after.endswith("0") else "0")), size=3).rows
    except (Rejected, Gone):
        return Finding(holds=True, seen="refused")
    ids = [row["id"] for row in found]
    holds = rows[2]["id"] in ids and rows[0]["id"] not in ids
    return Finding(holds, "the list starts over" if found else "an empty page", seen="continues" if holds else "")


def _begun(probe: Probe, stream: Stream) -> tuple[list[Row], str]:
    """The first rows, and the cursor behind the first two."""
    rows, after = probe.page(stream).rows, probe.page(stream, size=2).after
    if after is None or len(rows) < 5:
        raise Untold
    return rows, after


CHECKS: Mapping[str, Check] = {
    "order": _order,
    "created-filter": _filter("created_at"),
    "updated-filter": _filter("updated_at"),
    "two-filters": _filter("created_at", "updated_at"),
    "filter-ends": _ends,
    "day-zone": _zone,
    "cursor": _cursor,
    "deleted-cursor": _deleted_cursor,
    "largest-page": _largest,
    "page-size": _page_size,
}
