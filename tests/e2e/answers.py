"""What the marts have to say of an organisation, computed from the stand-in's rows with the default definitions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from math import floor
from statistics import median, quantiles
from typing import Any

from tap_incident.settings import INCIDENT_MODES
from tests.fake_api import Organisation
from tests.fake_api.making import instant
from tests.support.runs import Json, there

Answers = list[Json]
UNCOUNTED = ("declined", "merged", "canceled")
UNRESOLVED = ("triage", "active", "live", "paused")
COUNTED_MODES = ("standard", "retrospective")
DAYS = 14


def utc(text: str) -> datetime:
    """The whole second of a timestamp."""
    return instant(text)[0].astimezone(timezone.utc)


def rows(org: Organisation, stream: str) -> list[Json]:
    """What was loaded of a stream."""
    return there(org, stream, INCIDENT_MODES)


def incident_metrics(org: Organisation) -> Answers:
    """An incident each: its month, its times, and why it has no time to resolve."""
    return [_metrics(row) for row in rows(org, "incidents")]


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
        else "uncounted mode"
        if row["mode"] not in COUNTED_MODES
        else ("not resolved yet" if category in UNRESOLVED else "no resolve timestamp")
        if resolved is None
        else "reopened"
        if category in UNRESOLVED
        else None
    )
    counted = left_out not in ("uncounted status", "uncounted mode")

    def seconds(name: str) -> int | None:
        return floor((stamps[name] - start).total_seconds()) if counted and name in stamps else None

    return {
        "incident_id": row["id"],
        "month": str(start.date().replace(day=1)),
        "started_on": str(start.date()),
        "resolved_on": None if left_out or resolved is None else str(resolved.date()),
        "severity": (row["severity"] or {"name": "none"})["name"],
        "is_counted": counted,
        "is_open": counted and category in UNRESOLVED,
        "left_out_because": left_out,
        "lead": next(one["assignee"]["name"] for one in row["incident_role_assignments"]),
        "has_postmortem": bool(row["postmortem_document_ids"]),
        "seconds_to_detect": None,
        "seconds_to_acknowledge": seconds("Accepted at"),
        "seconds_to_mitigate": seconds("Fixed at"),
        "seconds_to_resolve": None if left_out else seconds("Resolved at"),
    }


def _counted(org: Organisation) -> set[str]:
    return {row["incident_id"] for row in incident_metrics(org) if row["is_counted"]}


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


def follow_up_metrics(org: Organisation) -> Answers:
    """A follow-up each: whose it is, its age, and why it does not count."""
    incidents = {row["id"]: row for row in rows(org, "incidents")}
    reasons = {row["incident_id"]: row["left_out_because"] for row in incident_metrics(org) if not row["is_counted"]}
    teams = {row["id"]: row["name"] for row in rows(org, "teams")}
    found = []
    for row in rows(org, "follow_ups"):
        incident = incidents.get(row["incident_id"])
        own = [teams[known] for known in (incident or {"team_ids": []})["team_ids"]]
        is_open = row["status"] == "outstanding"
        found.append(
            {
                "follow_up_id": row["id"],
                "incident_reference": incident and incident["reference"],
                "team": (row["assignee_team"] or {"name": own[0]})["name"],
                "assignee": row["assignee"]["name"],
                "age_days": (org.now.date() - utc(row["created_at"]).date()).days,
                "is_open": is_open,
                "closed_on": None if is_open else str(utc(row.get("completed_at") or row["updated_at"]).date()),
                "left_out_because": reasons.get(row["incident_id"]) if incident else "incident not loaded",
            }
        )
    return found


def open_follow_ups(org: Organisation) -> Answers:
    """Those that are outstanding."""
    left = ("is_open", "closed_on")
    found = [row for row in follow_up_metrics(org) if row["is_open"]]
    return [{name: value for name, value in row.items() if name not in left} for row in found]


def notices(org: Organisation) -> Iterator[tuple[str, str, datetime, Json]]:
    """The escalation, the urgency, when, and who was paged."""
    for row in rows(org, "escalations"):
        for event in row["events"]:
            if event["event"] == "notified_users":
                for user in event["users"]:
                    yield row["id"], event["urgency"], utc(event["occurred_at"]), user


def monday(moment: datetime) -> date:
    """The first day of its week."""
    return moment.date() - timedelta(days=moment.weekday())


def paging_load(org: Organisation) -> Answers:
    """Week and person: notices, and interruptions, which are one for each escalation."""
    counts: dict[tuple[date, str, str], Counter[str]] = defaultdict(Counter)
    first: dict[tuple[str, str], tuple[datetime, Json]] = {}
    for escalation, urgency, when, user in notices(org):
        counts[monday(when), user["id"], user["name"]]["pages"] += 1
        if urgency != "low":
            key = (escalation, user["id"])
            first[key] = min(first.get(key, (when, user)), (when, user), key=lambda each: each[0])
    for when, user in first.values():
        count = counts[monday(when), user["id"], user["name"]]
        count["interruptions"] += 1
        count["interruptions_in_working_hours"] += when.weekday() < 5 and 9 <= when.hour < 17
        count["interruptions_at_night"] += when.hour >= 22 or when.hour < 7
    kinds = ("pages", "interruptions", "interruptions_in_working_hours", "interruptions_at_night")
    return [
        {"week": str(week), "user_id": known, "person": name, **{kind: count[kind] for kind in kinds}}
        for (week, known, name), count in counts.items()
    ]


def alert_metrics(org: Organisation) -> Answers:
    """An alert each, and whether an incident that counts has it."""
    counted = _counted(org)
    linked = {row["alert"]["id"] for row in rows(org, "incident_alerts") if row["incident"]["id"] in counted}
    sources = {row["id"]: row["name"] for row in rows(org, "alert_sources")}
    return [
        {
            "alert_id": row["id"],
            "source": sources.get(row["alert_source_id"], row["alert_source_id"]),
            "created_on": str(utc(row["created_at"]).date()),
            "is_in_an_incident": row["id"] in linked,
        }
        for row in rows(org, "alerts")
    ]


def alert_yield(org: Organisation) -> Answers:
    """Source: alerts, and those in an incident."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row in alert_metrics(org):
        found[row["source"]].append(row["is_in_an_incident"])
    return [
        {
            "source": source,
            "alerts": len(each),
            "alerts_in_an_incident": sum(each),
            "percent_in_an_incident": 100 * sum(each) / len(each),
        }
        for source, each in found.items()
    ]


def on_call_hours(org: Organisation) -> Answers:
    """Person: shifts and hours of the final plan in the last days, each hour once."""
    since = org.now - timedelta(days=DAYS)
    shifts: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows(org, "schedule_entries"):
        start, end = max(utc(row["start_at"]), since), min(utc(row["end_at"]), org.now)
        if row["entry_type"] == "final" and start < end:
            shifts[row["user"]["id"], row["user"]["name"]].append((start, end))
    found = []
    for (known, name), each in shifts.items():
        edges = sorted({moment for shift in each for moment in shift})
        parts = [(a, b) for a, b in pairwise(edges) if any(start <= a and b <= end for start, end in each)]
        hours = sum((b - a).total_seconds() for a, b in parts) / 3600
        found.append({"user_id": known, "person": name, "shifts": len(each), "hours": hours})
    return found


MARTS: Mapping[str, Callable[[Organisation], Answers]] = {
    "alert_metrics": alert_metrics,
    "alert_yield": alert_yield,
    "follow_up_metrics": follow_up_metrics,
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
