"""Rows that tie other rows together: relationships, post-mortems, alerts of incidents, notes on alerts."""

from __future__ import annotations

from collections.abc import Sequence

from .making import DAY, NULLED, Row, World, cycle, dated, part
from .rows_alerts import SLIM_ALERT, slim_incident
from .rows_incidents import opened_at
from .rows_people import actor, slim_user

DOCUMENT_STATUSES = ("in_progress", "in_review", "completed", "framed")


def incident_relationships(world: World) -> list[Row]:
    """Every third incident and the one behind it: two rows of one id, each with the `incident_id` that sees it."""
    incidents = world.rows["/v2/incidents"]
    rows: list[Row] = []
    for number, (one, other) in enumerate(zip(incidents[::3], incidents[1::3], strict=False)):
        known = world.id_at(opened_at(3 * number))
        rows += [_relationship(known, number, pair) for pair in ((one, other), (other, one))]
        world.surprise(rows[-1], number)
    return rows


def _relationship(known: str, number: int, pair: tuple[Row, Row]) -> Row:
    seen = {"external_id": number + 1, **part(pair[1], "id", "name")}
    return {"id": known, "incident_id": pair[0]["id"], "incident": seen}


def seen_relationship(row: Row, page_size: int) -> Row:
    """A relationship as its endpoint sends it: without the incident that it was asked for by."""
    return {name: value for name, value in row.items() if name != "incident_id"}


def postmortem_documents(world: World) -> list[Row]:
    """The documents that incidents name, oldest first."""
    named = [
        (number, incident, document)
        for number, incident in enumerate(world.rows["/v2/incidents"])
        for document in incident.get("postmortem_document_ids") or ()
    ]
    return [_document(world, number, incident, document) for number, incident, document in named]


def _document(world: World, number: int, incident: Row, document: str) -> Row:
    when = opened_at(number) + DAY
    row: Row = {
        "id": document,
        "incident_id": incident["id"],
        "created_at": world.stamp(when),
        "updated_at": world.stamp(when + DAY),
        "document_url": f"https://dashboard.invalid/post-mortems/{number}",
        "editors": [slim_user(world) for _ in range(number % 3)],
        "exported_urls": [f"https://docs.invalid/{number}"] * (number % 2),
        "status": cycle(DOCUMENT_STATUSES, number),
        "title": f"{world.text()} #{number}",
        "type": cycle(("in_app", "external"), number),
    }
    return world.surprise(row, number)


def incident_alerts(world: World) -> list[Row]:
    """Sixty-five alerts in an incident, some in two; the other alerts are in none."""
    incidents, alerts = world.rows["/v2/incidents"], world.rows["/v2/alerts"]
    return [
        _incident_alert(world, number, cycle(alerts, number % 50), cycle(incidents, 3 * number))
        for number in range(65 if incidents else 0)
    ]


def _incident_alert(world: World, number: int, alert: Row, incident: Row) -> Row:
    row: Row = {
        "id": world.id_at(world.when(number)),
        "alert": part(alert, *SLIM_ALERT),
        "incident": slim_incident(world, number, incident),
    }
    world.optional(row, number, alert_route_id=cycle(world.rows["/v3/alert_routes"], number)["id"])
    return world.surprise(row, number)


def alert_notes(world: World) -> list[Row]:
    """None to two on each alert, and one on every other group of alerts."""
    alerts = world.rows["/v2/alerts"]
    groups = list(dict.fromkeys(group for alert in alerts for group in alert.get("alert_group_ids") or ()))
    noted = [("alert_id", alert["id"]) for number, alert in enumerate(alerts) for _ in range(number % 3)]
    noted += [("alert_group_id", group) for group in groups[::2]]
    return [_note(world, number, name, value) for number, (name, value) in enumerate(noted)]


def _note(world: World, number: int, name: str, value: str) -> Row:
    row = dated(world, world.when(number % 120))
    row |= {
        name: value,
        "content": f"**{world.text()}**",
        "creator": actor(world, number, ("user", "api_key")),
        "images": _images(world, range(number % 3)),
    }
    if number % 4 == NULLED:
        row |= {other: None for other in ("alert_id", "alert_group_id") if other != name}
    return world.surprise(world.optional(row, number, last_edited_at=world.stamp(world.when(number % 120))), number)


def _images(world: World, numbers: Sequence[int]) -> list[Row]:
    return [
        {
            "id": world.id_at(world.when(number)),
            "url": f"https://storage.invalid/notes/{number}?signature=do-not-leak-{number}",
        }
        for number in numbers
    ]
