"""Rows that an organisation sets up once: severities, statuses, types, roles, timestamps, custom fields, options."""

from __future__ import annotations

from .making import BIG, Row, World, cycle, dated

CATEGORIES = ("live", "triage", "learning", "closed", "paused", "declined", "canceled", "merged")
FIELD_TYPES = ("single_select", "multi_select", "text", "link", "numeric")
OPTIONS_PER_FIELD = (40, 3, 0, 0, 1)


def severities(world: World) -> list[Row]:
    """Four severities; the last has an id longer than any other."""
    rows = [_ranked(world, number, cycle(("Simmer", "Boil", "Burnt 🔥", "Fire"), number)) for number in range(4)]
    rows[-1]["id"] += "LONGER0123456789"
    return rows


def incident_statuses(world: World) -> list[Row]:
    """One status of each category."""
    return [
        _ranked(world, number, category.title()) | {"category": category} for number, category in enumerate(CATEGORIES)
    ]


def _ranked(world: World, number: int, name: str) -> Row:
    row = dated(world, world.when(number)) | {"name": name, "description": world.text(), "rank": number * 10}
    return world.surprise(row, number)


def incident_types(world: World) -> list[Row]:
    """Five types."""
    return [_incident_type(world, number) for number in range(5)]


def _incident_type(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    row |= {
        "name": f"Mishap {number}",
        "description": world.text(),
        "create_in_triage": cycle(("always", "optional", "on_tuesdays"), number),
        "is_default": number == 0,
        "private_incidents_only": number == 3,
    }
    world.optional(row, number, owning_team_ids=[team["id"] for team in world.some(world.rows["/v3/teams"], number)])
    return world.surprise(row, number)


def incident_roles(world: World) -> list[Row]:
    """Four roles."""
    kinds = ("lead", "reporter", "custom", "sous_chef")
    return [
        dated(world, world.when(number))
        | {
            "name": f"Role {number}",
            "description": world.text(),
            "instructions": "Wear the hat.\n\t- **always**" if number == 0 else world.text(),
            "role_type": kind,
            "shortform": f"r{number}",
        }
        for number, kind in enumerate(kinds)
    ]


def incident_timestamps(world: World) -> list[Row]:
    """Five timestamps, not a page more."""
    return [
        world.surprise({"id": world.id_at(world.when(number)), "name": name, "rank": number}, number)
        for number, name in enumerate(("Reported at", "Boiled at", "Skimmed at", "Resolved at", "Closed at"))
    ]


def custom_fields(world: World) -> list[Row]:
    """One field of each type."""
    return [_custom_field(world, number, field_type) for number, field_type in enumerate(FIELD_TYPES)]


def _custom_field(world: World, number: int, field_type: str) -> Row:
    row = dated(world, world.when(number)) | {
        "name": f"Field {number}",
        "description": world.text(),
        "field_type": field_type,
    }
    world.optional(
        row,
        number,
        catalog_type_id=cycle(world.rows["/v3/catalog_types"], number)["id"],
        filter_by={"catalog_attribute_id": "ATTRIBUTE00000000000000001", "custom_field_id": row["id"]},
        fixed_filter={
            "catalog_attribute_id": "ATTRIBUTE00000000000000002",
            "values": [] if number == 3 else ["soup", "ñ"],
        },
        group_by_catalog_attribute_id="ATTRIBUTE00000000000000003",
        helptext_catalog_attribute_id="ATTRIBUTE00000000000000004",
    )
    return world.surprise(row, number)


def custom_field_options(world: World) -> list[Row]:
    """The options of all fields, in the order of the fields; the sort keys do not fit a double."""
    return [
        {
            "id": world.id_at(world.when(number)),
            "custom_field_id": field["id"],
            "sort_key": BIG + 2 * number,
            "value": f"Option {number} 🥕",
        }
        for field, count in zip(world.rows["/v2/custom_fields"], OPTIONS_PER_FIELD, strict=True)
        for number in range(count)
    ]
