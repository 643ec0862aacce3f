"""Rows of alerts and escalations, and of what alerts are made of; alert sources' templates are in `rows_templates`."""

from __future__ import annotations

from .making import BIG, NULLED, Row, World, cycle, dated, part
from .rows_people import actor, slim_user
from .rows_templates import template

SOURCE_TYPES = (
    "http_custom",
    "email",
    "heartbeat",
    "jira",
    "sns",
    "toaster",
    "grafana",
    "datadog",
    "sentry",
    "http",
    "email",
    "jira",
)
EVENTS = (
    "entered_grace_period",
    "triggered",
    "notified_users",
    "notified_channels",
    "acked",
    "cancelled",
    "resolved",
    "expired",
    "sang",
)
STATUSES = (
    "triggered",
    "pending",
    "acked",
    "resolved",
    "expired",
    "cancelled",
    "snoozed",
    "delayed",
    "pending_repeat",
    "hummed",
)

SLIM_ALERT = (
    *("alert_group_ids", "alert_source_id", "created_at", "deduplication_key", "description", "id"),
    *("resolved_at", "source_url", "status", "title", "updated_at"),
)


def alert_attributes(world: World) -> list[Row]:
    """Six attributes, half of them lists."""
    return [
        world.optional(
            {
                "id": world.id_at(world.when(number)),
                "name": f"Attribute {number}",
                "array": number % 2 == 1,
                "required": number == 0,
                "type": cycle(("String", 'CatalogEntry["Dish"]', "Bool"), number),
            },
            number,
            emoji=cycle(("fire", "soup", ""), number),
        )
        for number in range(6)
    ]


def alert_sources(world: World) -> list[Row]:
    """Twelve sources; those that take requests carry a `secret_token`, which no reader may pass on."""
    return [_source(world, number, source_type) for number, source_type in enumerate(SOURCE_TYPES)]


def _source(world: World, number: int, source_type: str) -> Row:
    row: Row = {
        "id": world.id_at(world.when(number)),
        "name": f"Source {number} {world.text()}",
        "source_type": source_type,
        "template": template(world, number),
    }
    options = _options(world, number)
    for kind, values in options.items():
        if kind == source_type:
            row[f"{kind}_options"] = values
        elif number % 4 == NULLED:
            row[f"{kind}_options"] = None
    if source_type in ("http", "http_custom", "sns"):
        row["secret_token"] = f"do-not-leak-{number}"
        row["alert_events_url"] = f"https://hooks.invalid/{number}"
    world.optional(
        row,
        number,
        auto_resolve_incident_alerts=number % 2 == 0,
        auto_resolve_timeout_minutes=number * 15,
        owning_team_ids=[team["id"] for team in world.some(world.rows["/v3/teams"], number)],
    )
    return world.surprise(row, number)


def _options(world: World, number: int) -> dict[str, Row]:
    email: Row = {"email_address": f"in{number}@hooks.invalid", "redactions": ["phone_numbers"] if number < 6 else []}
    return {
        "email": world.optional(email, number - 1, transform_expression="return subject"),
        "heartbeat": {
            "failure_threshold": 2,
            "grace_period_seconds": 30,
            "interval_seconds": 60,
            "ping_url": "https://hooks.invalid/ping",
        },
        "http_custom": {"deduplication_key_path": "$.id", "transform_expression": 'return {\n\t"title": $.t\n}'},
        "jira": {"project_ids": ["10001", "SOUP"] if number < 6 else []},
    }


def alerts(world: World) -> list[Row]:
    """A hundred and twenty alerts, oldest first; some share a group, and one is in two."""
    rows = [_alert(world, number) for number in range(120)]
    grouped = [row for row in rows if row.get("alert_group_ids")]
    for first, second in zip(grouped[::4], grouped[1::4], strict=False):
        second["alert_group_ids"] = first["alert_group_ids"]
    grouped[2]["alert_group_ids"] = grouped[0]["alert_group_ids"] + grouped[4]["alert_group_ids"]
    return rows


def _alert(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    row |= {
        "alert_source_id": world.pick(world.rows["/v2/alert_sources"])["id"],
        "attributes": [
            _attribute_entry(world, number, row) for row in world.some(world.rows["/v2/alert_attributes"], number)
        ],
        "deduplication_key": f"dedupe:{number}:{world.text()}",
        "status": "smouldering" if number == 11 else cycle(("firing", "resolved"), number),
        "title": world.text() or "untitled",
    }
    world.optional(
        row,
        number,
        alert_group_ids=[world.id_at(world.when(number))] * (number % 3 != 2),
        description=world.text() or "smoke",
        resolved_at=cycle((world.stamp(world.when(number)), "", world.stamp(world.when(number))), number),
        source_url=f"https://monitor.invalid/?q={number}&x=%20",
        tags=[{"id": f"TAG{step:023d}", "name": f"tag {step}"} for step in range(1 if number == 0 else number % 3)],
    )
    return world.surprise(row, number)


def _attribute_entry(world: World, number: int, attribute: Row) -> Row:
    entry: Row = {"attribute": attribute}
    value = _attribute_value(world, number)
    return world.optional(entry, number, value=value, array_value=[value, *([{}] if number % 4 == 3 else [])])


def _attribute_value(world: World, number: int) -> Row:
    entry = part(world.pick(world.rows["/v3/catalog_entries"]), "catalog_type_id", "id", "name")
    return world.surprise(
        world.optional({}, number, catalog_entry=entry, label=world.text() or "salt", literal=f"lit-{number}"), number
    )


def escalations(world: World) -> list[Row]:
    """Sixty escalations with the alerts and incidents that they are about."""
    return [_escalation(world, number) for number in range(60)]


def _escalation(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    around = world.rows["/v2/alerts"]
    row |= {
        "creator": actor(world, number, ("user", "workflow", "alert")),
        "description": world.text(),
        "events": [_event(world, number + step) for step in range(number % 4 + (number == 0))],
        "priority": world.surprise({"name": cycle(("P1", "P2", "later"), number)}, number),
        "related_alerts": [
            part(alert, *SLIM_ALERT) for alert in ([around[0]] if number == 0 else world.some(around, number))
        ],
        "related_incidents": [
            slim_incident(world, number, row) for row in world.some(world.rows["/v2/incidents"], number, 2)
        ],
        "status": cycle(STATUSES, number),
        "title": world.text() or "wake up",
    }
    return world.surprise(world.optional(row, number, escalation_path_id=world.id_at(world.when(number))), number)


def _event(world: World, number: int) -> Row:
    when = world.when(number)
    event: Row = {"id": world.id_at(when), "event": cycle(EVENTS, number), "occurred_at": world.stamp(when)}
    channel = world.optional(
        {},
        number,
        microsoft_teams_channel_id="19:soup@thread",
        microsoft_teams_team_id="team-soup",
        slack_channel_id=f"C{number:06d}",
        slack_team_id="T000001",
    )
    people = [slim_user(world) for _ in range(number % 3 + (number == 0))]
    return world.optional(
        event, number, channels=[channel], urgency=cycle(("high", "low", "meh"), number), users=people
    )


def slim_incident(world: World, number: int, incident: Row) -> Row:
    """An incident as other rows embed one."""
    row = part(incident, "id", "name", "reference", "visibility")
    row |= {
        "external_id": BIG + number,
        "status_category": cycle(("active", "triage", "post-incident", "closed"), number),
    }
    return world.optional(row, number, summary=world.text() or "sum")
