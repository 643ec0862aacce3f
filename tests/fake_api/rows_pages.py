"""Rows of status pages: the pages, and what is published on them."""

from __future__ import annotations

from .making import DAY, Row, World, cycle

INCIDENTS_PER_PAGE = (251, 0, 3)
MAINTENANCES_PER_PAGE = (0, 4, 2)
IMPACTS = ("degraded_performance", "partial_outage", "full_outage", "lukewarm")
STATES = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_STATES = ("maintenance_scheduled", "maintenance_in_progress", "maintenance_complete")


def status_pages(world: World) -> list[Row]:
    """Three pages."""
    return [
        world.optional(
            {"id": world.id_at(world.when(number)), "name": f"Page {number} 🍜"},
            number,
            description=world.text() or "what is on",
            public_url=f"https://status.invalid/{number}",
        )
        for number in range(3)
    ]


def status_page_incidents(world: World) -> list[Row]:
    """More than a page of the API on the first status page, none on the second, three on the third."""
    return [
        _incident(world, number, page["id"])
        for page, count in zip(world.rows["/v2/status_pages"], INCIDENTS_PER_PAGE, strict=True)
        for number in range(count)
    ]


def _incident(world: World, number: int, page: str) -> Row:
    when = world.when(number % 50)
    known = world.id_at(when)
    impact = {
        "component_id": f"COMPONENT{number % 4}",
        "component_status": cycle(IMPACTS, number),
        "start_at": world.stamp(when),
    }
    row: Row = {
        "id": known,
        "status_page_id": page,
        "name": world.text() or "cold soup",
        "incident_status": cycle(STATES, number),
        "published_at": world.stamp(when),
        "component_impacts": [world.optional(impact, number, end_at=world.stamp(when + DAY))] * (number % 3 != 2),
        "updates": [_update(world, number + step, known, "incident") for step in range(number % 3)],
    }
    return world.surprise(row, number)


def _update(world: World, number: int, known: str, kind: str) -> Row:
    when = world.when(number % 50)
    components = [
        {"component_id": f"COMPONENT{number % 4}", "component_status": cycle(("operational", *IMPACTS), number)}
    ]
    row: Row = {
        "id": world.id_at(when),
        f"status_page_{kind}_id": known,
        f"{kind}_status": cycle(STATES if kind == "incident" else MAINTENANCE_STATES, number),
        "message": world.text(),
        "published_at": world.stamp(when),
        "component_statuses": components * (number % 3),
    }
    return world.surprise(row, number)


def status_page_maintenances(world: World) -> list[Row]:
    """None on the first status page, four on the second, two on the third."""
    return [
        _maintenance(world, number, page["id"])
        for page, count in zip(world.rows["/v2/status_pages"], MAINTENANCES_PER_PAGE, strict=True)
        for number in range(count)
    ]


def _maintenance(world: World, number: int, page: str) -> Row:
    when = world.when(number)
    known = world.id_at(when)
    period = {"component_id": f"COMPONENT{number}", "start_at": world.stamp(when)}
    row: Row = {
        "id": known,
        "status_page_id": page,
        "name": world.text() or "descaling",
        "maintenance_status": cycle(MAINTENANCE_STATES, number),
        "published_at": world.stamp(when),
        "component_maintenance_periods": [world.optional(period, number, end_at=world.stamp(when + DAY))],
        "updates": [_update(world, number + step, known, "maintenance") for step in range(number % 3)],
    }
    return world.surprise(row, number)
