"""Rows of what works by itself: workflows, their runs, API keys, and the kinds of value that the catalog knows."""

from __future__ import annotations

from .making import Row, World, cycle, dated, part
from .rows_people import actor
from .rows_templates import condition_group, expression

STATES = ("active", "disabled", "draft", "error", "on_strike")
OUTCOMES = ("success", "non_2xx", "timeout", "tls_error", "pigeon_lost")
MODES = ("standard", "test", "retrospective")


def workflows(world: World) -> list[Row]:
    """Twelve workflows, of every state."""
    return [_workflow(world, number) for number in range(12)]


def _workflow(world: World, number: int) -> Row:
    row: Row = {
        "id": world.id_at(world.when(number)),
        "name": f"Recipe {number}",
        "condition_groups": [condition_group(world, number)] * (number % 3),
        "continue_on_step_error": number % 2 == 0,
        "expressions": [expression(world, number)] * (number % 2),
        "include_private_escalations": number % 3 == 0,
        "include_private_incidents": number % 3 == 1,
        "once_for": [{"array": False, "key": f"incident.{number}", "label": world.text(), "type": "Incident"}],
        "private_incident_scope": cycle(("all", "owning_teams", "none"), number),
        "runs_on_incident_modes": world.some(MODES, number),
        "runs_on_incidents": cycle(("newly_created", "newly_created_and_active"), number),
        "state": cycle(STATES, number),
        "steps": [{"label": world.text(), "name": f"kitchen.step_{step}"} for step in range(number % 4)],
        "trigger": {"label": world.text(), "name": "incident.updated"},
        "version": number + 1,
    }
    world.optional(
        row,
        number,
        delay={"conditions_apply_over_delay": number % 2 == 1, "for_seconds": number * 60},
        folder=world.text() or "drawer",
        owning_team_ids=[team["id"] for team in world.some(world.rows["/v3/teams"], number)],
        runs_from="" if number % 5 == 4 else world.stamp(world.when(number)),
        shortform=f"recipe-{number}",
    )
    return world.surprise(row, number)


def workflow_runs(world: World) -> list[Row]:
    """A hundred and twenty runs, newest first, which is the one order there is."""
    return [_run(world, number) for number in range(120)][::-1]


def _run(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    workflow = cycle(world.rows["/v2/workflows"], number)
    row |= {
        "progress": [_step(world, number + step) for step in range(number % 4 + (number == 0))],
        "scheduled_at": world.stamp(world.when(number)),
        "workflow_id": workflow["id"],
        "workflow_version_id": f"VERSION{number:019d}",
        "workflow_version_number": workflow["version"],
    }
    world.optional(
        row,
        number,
        enqueued_at=world.stamp(world.when(number)),
        error="It boiled over.",
        workflow_name=workflow["name"],
        **_incident_of(world, number),
    )
    return world.surprise(row, number)


def _incident_of(world: World, number: int) -> Row:
    incidents = world.rows["/v2/incidents"]
    incident = part(cycle(incidents, number), "id", "reference") if incidents else {}
    return {f"incident_{name}": value for name, value in incident.items()}


def _step(world: World, number: int) -> Row:
    delivery = world.optional(
        {
            "endpoint": f"https://cook:do-not-leak-{number}@hooks.invalid:8443/services/do-not-leak-{number}",
            "method": "POST",
            "outcome": cycle(OUTCOMES, number),
        },
        number,
        duration_ms=number * 100,
        status_code=cycle((200, 500), number),
    )
    row: Row = {"status": cycle(("complete", "pending", "error"), number), "step": "webhook.send"}
    return world.optional(
        row,
        number,
        completed_at="" if number % 5 == 4 else world.stamp(world.when(number % 120)),
        error="It boiled over.",
        webhook_delivery=delivery,
        webhook_delivery_state=cycle(("available", "expired", "unavailable"), number),
        **_incident_of(world, number),
    )


def api_keys(world: World) -> list[Row]:
    """Twelve keys."""
    return [_api_key(world, number) for number in range(12)]


def _api_key(world: World, number: int) -> Row:
    when = world.when(number)
    role = {"description": "may stir", "name": cycle(("viewer", "catalog_viewer", "taster"), number)}
    row: Row = {
        "id": world.id_at(when),
        "name": f"Key {number}",
        "created_at": world.stamp(when),
        "creator": actor(world, number, ("user", "api_key")),
        "roles": [role] * (number % 3),
        "team_ids": [team["id"] for team in world.some(world.rows["/v3/teams"], number)],
        "team_roles": [world.surprise(dict(role), number)] * (number % 2),
        "token_last_issued_at": world.stamp(when),
    }
    last_used_at = "" if number % 5 == 4 else world.stamp(when)
    return world.surprise(
        world.optional(row, number, comments=world.text() or "mine", last_used_at=last_used_at), number
    )


def catalog_resources(world: World) -> list[Row]:
    """Primitives, and one for each type of the catalog."""
    kinds = [(name, "primitive") for name in ("String", "Bool", "Number")]
    kinds += [(row["type_name"], "custom") for row in world.rows["/v3/catalog_types"]]
    return [
        world.surprise(
            {
                "type": name,
                "category": category,
                "description": world.text(),
                "engine_resource_type": f"Engine[{name}]",
                "label": f"{name} 🥣",
                "value_docstring": world.text(),
            },
            number,
        )
        for number, (name, category) in enumerate(kinds)
    ]
