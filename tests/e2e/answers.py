"""What the marts have to say of an organisation, computed from the stand-in's rows with the default definitions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from math import floor
from statistics import median, quantiles
from typing import Any

from tests.fake_api import Organisation
from tests.fake_api.making import instant
from tests.support.runs import Json, there

Answers = list[Json]
UNCOUNTED = ("declined", "merged", "canceled")
UNRESOLVED = ("triage", "active", "live", "paused")


def utc(text: str) -> datetime:
    """The whole second of a timestamp."""
    return instant(text)[0].astimezone(timezone.utc)


def incident_metrics(org: Organisation) -> Answers:
    """An incident each: its month, its times, and why it has no time to resolve."""
    return [_metrics(row) for row in there(org, "incidents")]


def _metrics(row: Json) -> Json:
    stamps = {
        stamp["incident_timestamp"]["name"]: utc(stamp["value"]["value"])
        for stamp in row["incident_timestamp_values"]
        if stamp.get("value")
    }
    category, start = row["incident_status"]["category"], stamps.get("Reported at", utc(row["created_at"]))
    resolved = stamps.get("Resolved at")
    left_out = (
        "uncounted status"
        if category in UNCOUNTED
        else ("not resolved yet" if category in UNRESOLVED else "no resolve timestamp")
        if resolved is None
        else "reopened"
        if category in UNRESOLVED
        else None
    )
    counted = category not in UNCOUNTED

    def seconds(name: str) -> int | None:
        return floor((stamps[name] - start).total_seconds()) if counted and name in stamps else None

    return {
        "incident_id": row["id"],
        "month": str(start.date().replace(day=1)),
        "severity": row["severity"]["name"],
        "is_counted": counted,
        "left_out_because": left_out,
        "lead": next(one["assignee"]["name"] for one in row["incident_role_assignments"]),
        "seconds_to_detect": None,
        "seconds_to_acknowledge": seconds("Accepted at"),
        "seconds_to_mitigate": seconds("Fixed at"),
        "seconds_to_resolve": None if left_out else seconds("Resolved at"),
    }


def incidents_by_month(org: Organisation) -> Answers:
    """Month and severity: incidents, and hours to resolve."""
    groups: dict[tuple[str, str], list[int | None]] = defaultdict(list)
    for row in incident_metrics(org):
        if row["is_counted"]:
            groups[row["month"], row["severity"]].append(row["seconds_to_resolve"])
    return [
        {"month": month, "severity": severity, "incidents": len(found), **_hours([s for s in found if s is not None])}
        for (month, severity), found in groups.items()
    ]


def _hours(seconds: list[int]) -> Json:
    hours = [value / 3600 for value in seconds]
    p90 = quantiles(hours, n=10, method="inclusive")[8] if len(hours) > 1 else hours[0] if hours else None
    return {
        "incidents_with_time": len(hours),
        "median_hours_to_resolve": median(hours) if hours else None,
        "p90_hours_to_resolve": p90,
    }


def open_follow_ups(org: Organisation) -> Answers:
    """A follow-up each that is outstanding: whose it is, and its age."""
    references = {row["id"]: row["reference"] for row in there(org, "incidents")}
    return [
        {
            "follow_up_id": row["id"],
            "incident_reference": references.get(row["incident_id"]),
            "team": row["assignee_team"]["name"],
            "assignee": row["assignee"]["name"],
            "age_days": (org.now.date() - utc(row["created_at"]).date()).days,
        }
        for row in there(org, "follow_ups")
        if row["status"] == "outstanding"
    ]


def pages(org: Organisation) -> Iterator[tuple[datetime, Json]]:
    """When who was paged."""
    for row in there(org, "escalations"):
        for event in row["events"]:
            if event["event"] == "notified_users":
                yield from ((utc(event["occurred_at"]), user) for user in event["users"])


def monday(moment: datetime) -> date:
    """The first day of its week."""
    return moment.date() - timedelta(days=moment.weekday())


def paging_load(org: Organisation) -> Answers:
    """Week and person: pages, those in working hours and those at night."""
    counts: dict[tuple[date, str, str], Counter[str]] = defaultdict(Counter)
    for when, user in pages(org):
        count = counts[monday(when), user["id"], user["name"]]
        count["pages"] += 1
        count["pages_in_working_hours"] += when.weekday() < 5 and 9 <= when.hour < 17
        count["pages_at_night"] += when.hour >= 22 or when.hour < 7
    return [
        {"week": str(week), "user_id": known, "person": name, **count} for (week, known, name), count in counts.items()
    ]


def alert_yield(org: Organisation) -> Answers:
    """Source: alerts, and those in an incident."""
    linked = {row["alert"]["id"] for row in there(org, "incident_alerts")}
    sources = {row["id"]: row["name"] for row in there(org, "alert_sources")}
    found: dict[str, list[bool]] = defaultdict(list)
    for row in there(org, "alerts"):
        found[row["alert_source_id"]].append(row["id"] in linked)
    return [
        {
            "source": sources[known],
            "alerts": len(each),
            "alerts_in_an_incident": sum(each),
            "percent_in_an_incident": 100 * sum(each) / len(each),
        }
        for known, each in found.items()
    ]


def on_call_hours(org: Organisation) -> Answers:
    """Person: shifts and hours of the final plan."""
    hours: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in there(org, "schedule_entries"):
        if row["entry_type"] == "final":
            length = utc(row["end_at"]) - utc(row["start_at"])
            hours[row["user"]["id"], row["user"]["name"]].append(length.total_seconds() / 3600)
    return [
        {"user_id": known, "person": name, "shifts": len(each), "hours": sum(each)}
        for (known, name), each in hours.items()
    ]


MARTS: Mapping[str, Callable[[Organisation], Answers]] = {
    "alert_yield": alert_yield,
    "incident_metrics": incident_metrics,
    "incidents_by_month": incidents_by_month,
    "on_call_hours": on_call_hours,
    "open_follow_ups": open_follow_ups,
    "paging_load": paging_load,
}


def comparable(rows: Answers, names: list[str]) -> list[list[Any]]:
    """The columns of these names, in an order that is the rows' own; numbers to the sixth digit."""
    found = [[_plain(row[name]) for name in names] for row in rows]
    return sorted(found, key=repr)


def _plain(value: Any) -> Any:
    is_number = value is not None and not isinstance(value, (bool, str))
    return round(float(value), 6) if is_number else value
