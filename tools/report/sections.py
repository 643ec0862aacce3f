"""What the report says: each section is worked out from rows of the marts, without drawing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

Row = dict[str, Any]
Cell = str | int | float | None

DAYS = 90
"""Length of the period that is compared with the one before it."""
_AGES = ("up to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days", "unknown")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_ROWS = 15


@dataclass(frozen=True)
class Section:
    """One question with its answer."""

    title: str
    period: str
    method: str
    left_out: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """The numbers. Empty if there is nothing to say; `left_out` then says why."""
    kind: str
    """How it is drawn; a name in charts.py."""
    points: tuple[Row, ...] = ()
    """What is drawn: one mark each."""


def sections(marts: dict[str, list[Row]], now: datetime) -> list[Section]:
    """All sections of the report, as of `now` (UTC, without a zone, as the marts have it)."""
    incidents = marts["incident_metrics"]
    return [
        by_month(incidents),
        time_to_resolve(incidents, now),
        follow_ups(marts["open_follow_ups"]),
        paging(marts["stg_pages"]),
        paging_hours(marts["stg_pages"]),
        alert_yield(marts["alert_yield"]),
    ]


def by_month(incidents: Sequence[Row]) -> Section:
    """Incidents per month and severity."""
    counted = [row for row in incidents if row["is_counted"] and row["month"] is not None]
    severities = _severities(counted)
    months = sorted({row["month"] for row in counted})
    count = Counter((row["month"], row["severity"]) for row in counted)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (_month(month), *(count[month, severity] for severity in severities), sum(count[month, s] for s in severities))
        for month in months
    )
    return Section(
        "Incidents by month and severity",
        _span(row["started_at"] for row in counted),
        "An incident counts in the month in which it started.",
        _left_out(incidents, len(counted), "incidents", _not_counted(incidents)),
        ("month", *severities, "all"),
        rows,
        "months",
        tuple(
            {"month": _month(month), "severity": severity, "order": place, "incidents": count[month, severity]}
            for month in months
            for place, severity in enumerate(severities)
        ),
    )


def time_to_resolve(incidents: Sequence[Row], now: datetime) -> Section:
    """Median and 90th percentile of the hours to resolve, in the last days and in those before."""
    limits = [now - timedelta(days=days) for days in (0, DAYS, 2 * DAYS)]
    started = [row for row in incidents if row["is_counted"] and row["started_at"] is not None]
    periods = [[row for row in started if limits[n + 1] < row["started_at"] <= limits[n]] for n in range(2)]
    rows: list[tuple[Cell, ...]] = []
    points: list[Row] = []
    for severity in [*_severities(started), "all"] if started else ():
        hours = [
            [row["seconds_to_resolve"] / 3600 for row in rows if row["seconds_to_resolve"] is not None]
            for rows in ([row for row in period if severity in ("all", row["severity"])] for period in periods)
        ]
        middle, tail = [median(each) if each else None for each in hours], [_p90(each) for each in hours]
        rows.append((severity, len(hours[0]), *map(_hours, (middle[0], middle[1], tail[0], tail[1]))))
        names = (f"last {DAYS} days", f"{DAYS} days before")
        points += [
            {"severity": severity, "period": name, "hours": value}
            for name, value in zip(names, middle, strict=True)
            if value is not None
        ]
    latest, timed = periods[0], sum(row["seconds_to_resolve"] is not None for row in periods[0])
    why = Counter(row["left_out_because"] for row in latest if row["left_out_because"])
    header = ("severity", "resolved", "median h", "before", "p90 h", "before")
    left_out = _left_out(latest, timed, "incidents of the period", why)
    method = "Hours from the start of an incident to its resolve timestamp. Nine of ten are resolved within p90."
    period = f"{_day(limits[1])} to {_day(now)}, against {_day(limits[2])} to {_day(limits[1])}"
    return Section("Time to resolve", period, method, left_out, header, tuple(rows), "resolve", tuple(points))


def follow_ups(rows: Sequence[Row]) -> Section:
    """Open follow-ups per team and age."""
    ages = [age for age in _AGES if any(row["age"] == age for row in rows)]
    count = Counter((row["team"], row["age"]) for row in rows)
    teams = sorted({row["team"] for row in rows}, key=lambda team: -sum(count[team, age] for age in ages))
    table = tuple((team, *(count[team, a] for a in ages), sum(count[team, a] for a in ages)) for team in teams)
    points = tuple(
        {"team": team, "age": age, "order": place, "follow-ups": count[team, age]}
        for team in teams
        for place, age in enumerate(ages)
    )
    method = "Follow-ups that are outstanding, by the team that they are assigned to. The age is in days."
    left_out = "" if rows else "No follow-up is open, or the stream follow_ups was not loaded."
    return Section("Open follow-ups", "Now", method, left_out, ("team", *ages, "all"), table, "follow_ups", points)


def paging(pages: Sequence[Row]) -> Section:
    """Pages per person: in working hours, at night, and at other times."""
    kinds = ("working hours", "other times", "night")
    count = Counter((str(row["person"] or "unknown"), _kind(row)) for row in pages)
    people = sorted({person for person, _ in count}, key=lambda person: -sum(count[person, kind] for kind in kinds))
    shown = people[:_MOST_ROWS]
    table: tuple[tuple[Cell, ...], ...] = tuple(
        (person, *(count[person, k] for k in kinds), sum(count[person, k] for k in kinds)) for person in shown
    )
    points = tuple(
        {"person": p, "when": k, "order": n, "pages": count[p, k]} for p in shown for n, k in enumerate(kinds)
    )
    more = len(people) - len(shown)
    left_out = f"{more} more people with fewer pages." if more else "" if pages else _missing("escalations")
    method = "One page per person and escalation step that notified them."
    period = _span(row["paged_at"] for row in pages)
    return Section("Pages by person", period, method, left_out, ("person", *kinds, "all"), table, "paging", points)


def paging_hours(pages: Sequence[Row]) -> Section:
    """Pages per weekday and hour of the day."""
    count = Counter((int(row["day_of_week"]), int(row["hour_of_day"])) for row in pages)
    days = range(1, 8) if pages else ()
    table: tuple[tuple[Cell, ...], ...] = tuple(
        (_WEEKDAYS[day - 1], *(sum(count[day, h + n] for n in range(4)) for h in range(0, 24, 4))) for day in days
    )
    points = tuple(
        {"day": _WEEKDAYS[day - 1], "place": day, "hour": hour, "pages": count[day, hour]}
        for day in days
        for hour in range(24)
    )
    header = ("day", *(f"{hour}-{hour + 4} h" for hour in range(0, 24, 4)))
    method = "The hour is that of the time zone in the variable incident_time_zone (UTC unless it is set)."
    left_out = "" if pages else _missing("escalations")
    period = _span(row["paged_at"] for row in pages)
    return Section("Pages by hour", period, method, left_out, header, table, "hours", points)


def alert_yield(sources: Sequence[Row]) -> Section:
    """Which share of a source's alerts is in an incident."""
    ordered = sorted(sources, key=lambda row: -row["alerts"])[:_MOST_ROWS]
    table = tuple(
        (row["source"], row["alerts"], row["alerts_in_an_incident"], round(float(row["percent_in_an_incident"]), 1))
        for row in ordered
    )
    points = tuple({"source": row[0], "percent": row[3]} for row in table)
    header, title = ("source", "alerts", "in an incident", "percent"), "Alerts that become incidents"
    left_out = "" if table else _missing("incident_alerts, which is not selected by default,")
    method = "An alert counts if it is linked to an incident."
    return Section(title, "All loaded alerts", method, left_out, header, table, "yield", points)


def _missing(what: str) -> str:
    return f"Nothing to show: {what} was not loaded."


def _kind(row: Row) -> str:
    return "night" if row["is_at_night"] else "working hours" if row["is_in_working_hours"] else "other times"


def _severities(rows: Iterable[Row]) -> list[str]:
    """The names of the severities, the worst first."""
    ranks = {row["severity"]: row["severity_rank"] for row in rows}
    return sorted(ranks, key=lambda name: (ranks[name] is None, -(ranks[name] or 0), name))


def _not_counted(incidents: Sequence[Row]) -> Counter[str]:
    return Counter(row["left_out_because"] for row in incidents if not row["is_counted"])


def _left_out(rows: Sequence[Row], used: int, what: str, why: Counter[str]) -> str:
    if used == len(rows):
        return f"All {len(rows):,} {what} are in it."
    reasons = ", ".join(f"{reason}: {count:,}" for reason, count in why.most_common())
    return f"{len(rows) - used:,} of {len(rows):,} {what} are left out ({reasons or 'no start'})."


def _p90(hours: Sequence[float]) -> float | None:
    if len(hours) < 2:
        return hours[0] if hours else None
    return quantiles(hours, n=10, method="inclusive")[8]


def _hours(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _span(moments: Iterable[datetime | None]) -> str:
    known = [moment for moment in moments if moment is not None]
    return f"{_day(min(known))} to {_day(max(known))}" if known else "No data"
