"""Rows of incidents."""

from __future__ import annotations

from dataclasses import dataclass

from .making import EPOCH, NULLED, Row, World, cycle, dated, part
from .rows_people import actor, slim_user

MODES = ("standard",) * 3 + ("retrospective",) + ("standard",) * 2 + ("test", "retrospective", "standard", "tutorial")
PROVIDERS = ("linear", "jira", "github", "fridge_door")
METRIC_STATUSES = ("success", "timestamps_missing", "calculating", "invalid_timestamps")
# A whole number, one with no exact binary form, and one that json writes with an exponent.
WORKLOADS = (30, 12.5, 0.1 + 0.2, 1e-07, 0.0, 1234.5678)
BETWEEN = 17 * 3600


@dataclass(frozen=True)
class Kit:
    """The short forms that incidents embed, made once: building them anew would double the time."""

    fields: tuple[Row, ...]
    roles: tuple[Row, ...]
    entries: tuple[Row, ...]
    types: tuple[Row, ...]


def opened_at(number: int) -> int:
    """When incident `number` was opened (Unix seconds): every tenth together with the one before it."""
    return EPOCH + (number - (number % 10 == 3)) * BETWEEN


def incidents(world: World) -> list[Row]:
    """As many incidents as the world wants, oldest first; enters their modes."""
    kit = _kit(world)
    rows: list[Row] = []
    for number in range(world.incidents):
        row = _incident(world, number, kit)
        if number % 10 == 3:
            row["created_at"] = rows[-1]["created_at"]
        rows.append(row)
    world.modes.update((row["id"], row["mode"]) for row in rows)
    return rows


def _kit(world: World) -> Kit:
    options = world.rows["/v1/custom_field_options"]
    fields = tuple(
        part(field, "id", "name", "description", "field_type")
        | {"options": [option for option in options if option["custom_field_id"] == field["id"]][:3]}
        for field in world.rows["/v2/custom_fields"]
    )
    roles = tuple(
        world.optional(dict(row), number, required=number == 0)
        for number, row in enumerate(world.rows["/v2/incident_roles"])
    )
    entries = tuple(
        world.optional(part(row, "id", "name"), number, aliases=row["aliases"], external_id=f"entry/{number}")
        for number, row in enumerate(world.rows["/v3/catalog_entries"][:12])
    )
    types = tuple(
        {name: value for name, value in row.items() if name != "owning_team_ids"}
        for row in world.rows["/v1/incident_types"]
    )
    return Kit(fields, roles, entries, types)


def _incident(world: World, number: int, kit: Kit) -> Row:
    when = opened_at(number)
    row = dated(world, when)
    row |= {
        "creator": actor(world, number),
        "custom_field_entries": [_field_entry(world, number, field, kit) for field in kit.fields[: 5 - number % 3]],
        "incident_role_assignments": [
            _assignment(world, number + step, role) for step, role in enumerate(kit.roles[: 4 - number % 5])
        ],
        "incident_status": world.surprise(dict(cycle(world.rows["/v1/incident_statuses"], number)), number + 2),
        "last_activity_at": world.stamp(when + 90_000),
        "mode": cycle(MODES, number),
        "name": f"{world.text()} #{number}",
        "reference": f"INC-{number + 1}",
        "slack_channel_id": f"C{number:08d}",
        "slack_team_id": "T000001",
        "team_ids": [team["id"] for team in world.some(world.rows["/v3/teams"], number, 2)],
        "visibility": "whispered" if number % 13 == 5 else cycle(("public", "private"), number),
    }
    _chat_and_texts(world, number, row, kit)
    _measures(world, number, row)
    return world.surprise(row, number)


def _chat_and_texts(world: World, number: int, row: Row, kit: Kit) -> None:
    issue = {
        "issue_name": f"SOUP-{number}",
        "issue_permalink": f"https://issues.invalid/{number}",
        "provider": cycle(PROVIDERS, number),
    }
    world.optional(
        row,
        number,
        call_url=f"https://call.invalid/{number}",
        external_issue_reference=issue,
        has_debrief=number % 2 == 0,
        incident_type=cycle(kit.types, number),
        ms_teams_channel_url=f"https://teams.invalid/{number}",
        permalink=f"https://dashboard.invalid/incidents/{number}",
        postmortem_document_ids=[] if number % 4 == 3 else [f"DOC{number:023d}"],
        postmortem_document_url=f"https://docs.invalid/{number}",
        severity=cycle(world.rows["/v1/severities"], number),
        slack_channel_name=f"inc-{number}-søppe",
        slack_channel_url=f"https://chat.invalid/C{number:08d}",
        summary=world.text() or "summary",
    )


def _measures(world: World, number: int, row: Row) -> None:
    timestamps = [
        _timestamp(world, number + step, base, whole=number % 4 > 0 and number > NULLED)
        for step, base in enumerate(world.rows["/v2/incident_timestamps"])
    ]
    world.optional(
        row,
        number,
        duration_metrics=[_metric(world, number + step) for step in range(number % 3 + (number == 0))],
        incident_timestamp_values=timestamps[: 5 - 2 * (number % 3)],
        workload_minutes_late=cycle(WORKLOADS, number),
        workload_minutes_sleeping=cycle(WORKLOADS, number + 1),
        workload_minutes_total=cycle(WORKLOADS, number + 2),
        workload_minutes_working=cycle(WORKLOADS, number + 3),
    )


def _metric(world: World, number: int) -> Row:
    metric: Row = {
        "duration_metric": {"id": f"METRIC{number % 3:020d}", "name": "Time to soup"},
        "status": cycle(METRIC_STATUSES, number),
    }
    return world.optional(metric, number, value_seconds=number * 61)


def _timestamp(world: World, number: int, base: Row, *, whole: bool) -> Row:
    text = "" if number % 7 == 6 else world.stamp(opened_at(number))
    value = world.optional({}, number // 2, value=text)
    row = world.optional({"incident_timestamp": base}, number, value=value)
    return row | {"value": {"value": text}} if whole else row


def _assignment(world: World, number: int, role: Row) -> Row:
    return world.optional({"role": role}, number, assignee=slim_user(world))


def _field_entry(world: World, number: int, field: Row, kit: Kit) -> Row:
    values = [] if number % 4 == 1 else [_field_value(world, number, field, kit)]
    return {"custom_field": field, "values": values * (1 + (field["field_type"] == "multi_select"))}


def _field_value(world: World, number: int, field: Row, kit: Kit) -> Row:
    kind = field["field_type"]
    if kind.endswith("_select"):
        choice: Row = {"value_option": world.pick(field["options"])}
        return choice if number % 2 else {"value_catalog_entry": cycle(kit.entries, number)}
    texts = {
        "text": world.text() or "text",
        "link": f"https://links.invalid/{number}",
        "numeric": cycle(("12.50", "-0", "1e3"), number),
    }
    return {f"value_{kind}": texts[kind], **({"value_option": None} if number % 3 == 2 else {})}
