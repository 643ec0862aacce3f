"""Rows that hang on an incident: actions, follow-ups, updates, attachments; or on work streams, which no list has."""

from __future__ import annotations

from collections.abc import Callable

from .making import Row, World, cycle, dated, part
from .rows_incidents import PROVIDERS, opened_at
from .rows_people import actor, slim_user

STATUSES = ("outstanding", "completed", "deleted", "not_doing")
RESOURCES = ("github_pull_request", "slack_file", "arbitrary_url", "jira_issue", "carrier_pigeon", "sentry_issue")
WORK_STREAMS = 3
HOUR = 3600
# In: the world, the running number, the incident's id, the moment. Out: the row.
ChildMaker = Callable[[World, int, str, int], Row]


def _children(world: World, count: Callable[[int], int], make: ChildMaker) -> list[Row]:
    rows = [
        make(world, number + step, incident["id"], opened_at(number) + step * HOUR)
        for number, incident in enumerate(world.rows["/v2/incidents"])
        for step in range(count(number))
    ]
    return sorted(rows, key=lambda row: str(row["id"]))


def _with_streams(world: World, rows: list[Row], make: ChildMaker) -> list[Row]:
    streams = [incident_id for incident_id, mode in world.modes.items() if mode == "stream"]
    while len(streams) < WORK_STREAMS:
        streams.append(world.id_at(opened_at(len(streams))))
        world.modes[streams[-1]] = "stream"
    rows += [
        make(world, number, stream, opened_at(number) + HOUR) for number, stream in enumerate([*streams, streams[0]])
    ]
    return sorted(rows, key=lambda row: str(row["id"]))


def actions(world: World) -> list[Row]:
    """None to three an incident, and four of work streams."""
    return _with_streams(world, _children(world, lambda number: (3 - number) % 4, _action), _action)


def _action(world: World, number: int, incident_id: str, when: int) -> Row:
    row = dated(world, when)
    row |= {
        "incident_id": incident_id,
        "creator": actor(world, number),
        "description": world.text(),
        "status": "pondering" if number % 11 == 7 else cycle(STATUSES, number),
    }
    done = "" if number % 5 == 4 else world.stamp(when + HOUR)
    return world.surprise(world.optional(row, number, assignee=slim_user(world), completed_at=done), number)


def follow_ups(world: World) -> list[Row]:
    """None to two an incident, and four of work streams."""
    return _with_streams(world, _children(world, lambda number: (2 - number) % 3, _follow_up), _follow_up)


def _follow_up(world: World, number: int, incident_id: str, when: int) -> Row:
    row = dated(world, when)
    row |= {
        "incident_id": incident_id,
        "creator": actor(world, number),
        "labels": world.some(("slow", "séance", "a b", ""), number),
        "status": "pondering" if number % 11 == 8 else cycle(STATUSES, number),
        "title": world.text() or "tidy up",
    }
    issue = {
        "issue_name": f"TIDY-{number}",
        "issue_permalink": f"https://issues.invalid/t/{number}",
        "provider": cycle(PROVIDERS, number),
    }
    world.optional(
        row,
        number,
        assignee=slim_user(world),
        assignee_team=part(cycle(world.rows["/v3/teams"], number), "id", "name"),
        category=_ranked(world, number, "CATEGORY"),
        completed_at="" if number % 5 == 4 else world.stamp(when + HOUR),
        description=world.text() or "sweep\nmop",
        external_issue_reference=issue,
        priority=_ranked(world, number, "PRIORITY"),
    )
    return world.surprise(row, number)


def _ranked(world: World, number: int, kind: str) -> Row:
    row: Row = {"id": f"{kind}{number % 4:018d}", "name": f"{kind.title()} {number % 4}", "rank": number % 4}
    return world.surprise(world.optional(row, number, description=world.text() or "why"), number + 3)


def incident_updates(world: World) -> list[Row]:
    """One to four an incident."""
    return _children(world, lambda number: 1 + number % 4, _update)


def _update(world: World, number: int, incident_id: str, when: int) -> Row:
    status = cycle(world.rows["/v1/incident_statuses"], number)
    row: Row = {
        "id": world.id_at(when),
        "incident_id": incident_id,
        "created_at": world.stamp(when),
        "new_incident_status": status,
        "updater": actor(world, number),
    }
    world.optional(
        row, number, message=world.text() or "still warm", new_severity=cycle(world.rows["/v1/severities"], number)
    )
    if status["category"] == "merged":
        row["merged_into_incident_id"] = world.pick(world.rows["/v2/incidents"])["id"]
    elif number % 5 == 0:
        row["merged_into_incident_id"] = None
    return world.surprise(row, number)


def incident_attachments(world: World) -> list[Row]:
    """None to two an incident."""
    return _children(world, lambda number: (number + 1) % 3, _attachment)


def _attachment(world: World, number: int, incident_id: str, when: int) -> Row:
    resource = {
        "external_id": f"{number:04d}",
        "permalink": f"https://files.invalid/{number}",
        "resource_type": cycle(RESOURCES, number),
        "title": world.text(),
    }
    row: Row = {"id": world.id_at(when), "incident_id": incident_id, "resource": world.surprise(resource, number + 1)}
    return world.surprise(row, number)
