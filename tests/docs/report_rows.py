"""Rows of the marts as tests of `make report` have them, and what the report makes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from tools.report import tiles
from tools.report.marts import TABLES, Origin, Row
from tools.report.numbers import Data, Line, Link, data
from tools.report.options import Options
from tools.report.page import pages

# A Monday.
NOW = datetime(2026, 6, 1, 12)
READ = Origin(NOW.replace(tzinfo=timezone.utc), "https://app.incident.io/acme", noted=True)
RANKS = {"SEV1": 3, "SEV2": 2, "SEV3": 1}


def incident(days_ago: float, severity: str = "SEV2", hours: float | None = 1.0, **more: Any) -> Row:
    """A row of incident_metrics; without hours it is open."""
    started = NOW - timedelta(days=days_ago)
    resolved = None if hours is None else started + timedelta(hours=hours)
    known = f"i{days_ago}-{severity}-{hours}"
    row: Row = {"incident_id": known, "reference": f"INC-{known}", "name": f"Trouble {known}", "status": "Fixing"}
    row |= {"permalink": f"https://app.incident.io/acme/incidents/{known}", "incident_type": "Default"}
    row |= {"severity": severity, "severity_rank": RANKS.get(severity), "has_postmortem": False}
    row |= {"lead_id": "u1", "lead": "Ann", "teams": "Payments", "created_at": started, "started_at": started}
    row |= {"started_on": started.date(), "resolved_on": resolved and resolved.date(), "is_open": hours is None}
    row |= {"is_counted": True, "left_out_because": "not resolved yet" if hours is None else None}
    row |= {"seconds_to_detect": None, "seconds_to_acknowledge": 600, "seconds_to_mitigate": None}
    return {**row, "seconds_to_resolve": hours and hours * 3600, **more}


def follow_up(known: str, age: int, team: str = "Payments", **more: Any) -> Row:
    """A row of follow_up_metrics; open."""
    row: Row = {"follow_up_id": known, "incident_reference": "INC-1", "incident_permalink": "https://app.incident.io/1"}
    row |= {"title": f"Do {known}", "status": "outstanding", "is_open": True, "team": team, "priority": None}
    row |= {"assignee_id": "u1", "assignee": "Ann", "issue_permalink": None, "age_days": age}
    row |= {"created_on": NOW.date() - timedelta(days=age), "closed_on": None, "left_out_because": None}
    return {**row, **more}


def page_of(user: str, when: datetime, name: str | None = None, **more: Any) -> Row:
    """A row of stg_pages: an interruption, at night from 22 to 7."""
    night, working = when.hour >= 22 or when.hour < 7, when.isoweekday() < 6 and 9 <= when.hour < 17
    row: Row = {"user_id": user, "person": name or f"Name of {user}", "paged_at": when, "paged_at_local": when}
    row |= {"is_interruption": True, "is_at_night": night, "is_in_working_hours": working}
    return {**row, "day_of_week": when.isoweekday(), "hour_of_day": when.hour, **more}


def alert(title: str, used: bool | None, day: date = date(2026, 5, 20), source: str = "web") -> Row:
    """A row of alert_metrics."""
    row: Row = {"title": title, "alert_source_id": source, "source": source, "is_in_an_incident": used}
    return {**row, "created_at": datetime(day.year, day.month, day.day), "created_on": day}


def counted(tables: Mapping[str, list[Row]], origin: Origin = READ, **chosen: Any) -> Data:
    """What the report counts of some tables; the others are empty."""
    return data({**{name: [] for name in TABLES}, **tables}, Options(**chosen), origin, NOW)


def of(*incidents: Row, **chosen: Any) -> Data:
    """The same of incidents only."""
    return counted({"incident_metrics": list(incidents)}, **chosen)


def cells(lines: list[Line]) -> list[list[Any]]:
    """Texts and numbers of the rows."""
    return [[value.text if isinstance(value, Link) else value for value in line.cells] for line in lines]


def tile(found: Data, title: str) -> tiles.Tile:
    """The headline number of that title."""
    return next(each for each in tiles.tiles(found) if each.title == title)


def text(found: Data, name: str = "report.md") -> str:
    """A page, without the marks that keep a text a text."""
    return re.sub(r"\\([(){}#+.!-])", r"\1", pages(found, [])[name])
