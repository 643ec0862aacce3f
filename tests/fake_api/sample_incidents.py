"""The sample organisation's year: incidents, and the work that came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from random import Random

from .cases import DATA, MINUTE, Case, members, story
from .making import ABSENT, HOUR, Row, cycle
from .relations import Rows
from .rows import Maker, Recipe

REACHED = ("Investigating", "Investigating", "Fixing", "Monitoring", "Reviewing", "Closed")
"""Statuses after each of the timestamps of an incident."""
STAMPS = [row["name"] for row in DATA["rows"]["/v2/incident_timestamps"]]
ROLES = [row["name"] for row in DATA["rows"]["/v2/incident_roles"]]
UNKNOWN = ("debriefs", "external_issue_reference", "ms_teams_channel_url", "postmortem_document_url")
WORKLOADS = tuple(f"workload_minutes_{kind}" for kind in ("late", "sleeping", "total", "working"))


def _cases(maker: Maker) -> tuple[Case, ...]:
    return story(maker.world.incidents, maker.world.now)[0]


def _with_incidents(maker: Maker) -> Iterator[tuple[Case, Row]]:
    return zip(_cases(maker), maker.rows("/v2/incidents"), strict=True)


def _over(maker: Maker, case: Case) -> list[int]:
    """The moments of a case that have passed; one that was declined, merged or canceled has only the first one."""
    return [when for when in case.steps if when <= maker.world.now][: None if case.ended == "closed" else 1]


def _status(maker: Maker, case: Case, reached: int) -> Row:
    return maker.named("IncidentStatusV2", REACHED[reached - 1] if case.ended == "closed" else case.ended.title())


def _incidents(maker: Maker) -> Rows:
    stamp, absent = maker.world.stamp, dict.fromkeys((*UNKNOWN, *WORKLOADS), ABSENT)
    for case in _cases(maker):
        known, over, private = maker.world.id_at(case.opened), _over(maker, case), case.number % 17 == 16
        maker.world.modes[known] = "standard"
        yield (
            case.opened,
            {
                **absent,
                "id": known,
                "updated_at": stamp(over[-1]),
                "last_activity_at": stamp(over[-1]),
                "creator": {"user": maker.named("UserV2", case.lead)},
                "custom_field_entries": _fields(maker, case, len(over) >= 5),
                "duration_metrics": [_metric(case, place, over) for place in (1, 4)],
                "incident_role_assignments": _roles(maker, case),
                "incident_status": _status(maker, case, len(over)),
                "incident_timestamp_values": _timestamps(maker, over),
                "incident_type": maker.named("IncidentTypeV2", "Security" if private else "Default"),
                "mode": "standard",
                "name": f"{case.service}: {case.problem}",
                "permalink": f"https://app.example.com/incidents/{case.number + 1}",
                "postmortem_document_ids": [f"{known[:-4]}DOCS"] if len(over) >= 5 and case.severity < 2 else [],
                "reference": f"INC-{case.number + 1}",
                "severity": maker.named("SeverityV2", f"SEV{case.severity + 1}"),
                "summary": f"{case.service}: {case.problem}. {case.team} took care of it.",
                "team_ids": [maker.named("TeamSlimV2", case.team)["id"]],
                "visibility": "private" if private else "public",
            },
        )


def _fields(maker: Maker, case: Case, resolved: bool) -> list[Row]:
    options, dice = maker.rows("/v1/custom_field_options"), Random(case.number)
    customers = dice.randint(0, 4000) // (1 + case.severity) ** 2
    values: tuple[tuple[str, list[Row], Row], ...] = (
        ("Affected service", [], {"value_catalog_entry": maker.named("EmbeddedCatalogEntryV2", case.service)}),
        ("Cause", options, {"value_option": dice.choice(options)}),
        ("Customers affected", [], {"value_numeric": str(customers)}),
    )
    return [
        {
            "custom_field": {**maker.named("CustomFieldTypeInfoV2", name), "options": choices},
            "values": [value] if resolved or "value_catalog_entry" in value else [],
        }
        for name, choices, value in values
    ]


def _roles(maker: Maker, case: Case) -> list[Row]:
    team = members(case.team)
    people = (case.lead, cycle(team, case.number), cycle(team, case.number + 1))[: 3 if case.severity < 2 else 2]
    return [
        {"role": maker.named("EmbeddedIncidentRoleV2", role), "assignee": maker.named("UserV2", name)}
        for role, name in zip(ROLES, people, strict=False)
    ]


def _timestamps(maker: Maker, over: list[int]) -> list[Row]:
    values: list[Row] = [{"value": {"value": maker.world.stamp(when)}} for when in over]
    rows = zip_longest(maker.rows("/v2/incident_timestamps"), values, fillvalue=Row())
    return [{"incident_timestamp": row, **value} for row, value in rows]


def _metric(case: Case, place: int, over: list[int]) -> Row:
    metric = {"id": f"METRIC{place:020d}", "name": f"Time to {('accept', 'resolve')[place > 1]}"}
    if place >= len(over):
        return {"duration_metric": metric, "status": "timestamps_missing"}
    return {"duration_metric": metric, "status": "success", "value_seconds": over[place] - case.opened}


def _updates(maker: Maker) -> Rows:
    incidents = maker.rows("/v2/incidents")
    for case, incident in _with_incidents(maker):
        merged = incidents[case.number - 1]["id"] if case.ended == "merged" else ABSENT
        for reached, when in enumerate(_over(maker, case), 1):
            yield (
                when,
                {
                    "incident_id": incident["id"],
                    "merged_into_incident_id": merged,
                    "message": f"{STAMPS[reached - 1].split()[0]}: {case.problem}",
                    "new_incident_status": _status(maker, case, reached),
                    "new_severity": incident["severity"] if reached == 1 else ABSENT,
                    "updater": {"user": maker.named("UserV2", case.lead)},
                },
            )


def _attachments(maker: Maker) -> Rows:
    """The change that mended every third incident."""
    for case, incident in list(_with_incidents(maker))[::3]:
        known = f"acme/{case.service}/pull/{case.number + 100}"
        resource = {"external_id": known, "permalink": f"https://github.com/{known}", "title": f"Fix {case.problem}"}
        resource["resource_type"] = "github_pull_request"
        yield case.opened, {"incident_id": incident["id"], "resource": resource}


def _tasks(kind: str, hours: int) -> Recipe:
    """Actions begin with their incident; follow-ups begin when it is resolved, and many stay open for long."""

    def recipe(maker: Maker) -> Rows:
        for case, incident in _with_incidents(maker):
            dice = Random(case.number)
            for place in range(dice.randint(0, (3, 2, 2, 1)[case.severity]) if case.ended == "closed" else 0):
                when = (case.opened if kind == "actions" else case.resolved) + dice.randint(5, 50) * MINUTE
                done = when + int(dice.expovariate(1 / (hours * HOUR)))
                is_open = done > maker.world.now
                status = "outstanding" if is_open else dice.choices(("completed", "not_doing"), (93, 7))[0]
                text = cycle(DATA[kind], case.number + place).format(service=case.service, problem=case.problem)
                given = {
                    "assignee": maker.named("UserV2", dice.choice(members(case.team))),
                    "completed_at": maker.world.stamp(done) if status == "completed" else ABSENT,
                    "creator": {"user": maker.named("UserV2", case.lead)},
                    "description": text,
                    "incident_id": incident["id"],
                    "status": status,
                    "updated_at": maker.world.stamp(when if is_open else done),
                }
                if when <= maker.world.now:
                    yield when, {**given, **(_follow_up(maker, case, text) if kind == "follow_ups" else {})}

    return recipe


def _follow_up(maker: Maker, case: Case, text: str) -> Row:
    rank = min(case.severity, 2)
    priority = {"id": f"PRIORITY{rank:018d}", "name": ("Urgent", "High", "Normal")[rank], "rank": rank}
    return {"title": text, "assignee_team": maker.named("TeamSlimV2", case.team), "priority": priority, "labels": []}


RECIPES: Mapping[str, Recipe] = {
    "/v1/incident_attachments": _attachments,
    "/v2/incident_updates": _updates,
    "/v2/incidents": _incidents,
    "/v3/actions": _tasks("actions", 1),
    "/v3/follow_ups": _tasks("follow_ups", 60 * 24),
}
