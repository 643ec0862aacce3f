"""Rows of the catalog: types with 0, 3, 40 and 300 entries, and the entries."""

from __future__ import annotations

from .making import BIG, Row, World, cycle, dated

ENTRIES_PER_TYPE = (40, 0, 3, 300)
MODES = ("", "api", "dashboard", "external", "internal", "dynamic", "backlink", "path")
CATEGORIES = ("customer", "issue-tracker", "product-feature", "service", "on-call", "team", "user")


def catalog_types(world: World) -> list[Row]:
    """Four types."""
    return [_catalog_type(world, number) for number in range(len(ENTRIES_PER_TYPE))]


def _catalog_type(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    row |= {
        "name": f"Dish {number}",
        "type_name": f'Custom["Dish{number}"]',
        "description": world.text(),
        "annotations": {} if number == 1 else {"kitchen/importer.id": f"menu-{number}", "spaced key": ""},
        "categories": world.some(CATEGORIES, number),
        "color": cycle(("cyan", "orange", "ultraviolet"), number),
        "icon": cycle(("bolt", "database", "spoon"), number),
        "engine_resource_type": f'CatalogEntry["Dish{number}"]',
        "is_editable": number % 2 == 0,
        "ranked": number % 2 == 1,
        "use_name_as_identifier": False,
        "schema": {
            "version": BIG + number,
            "attributes": [_attribute(world, step) for step in range(0 if number == 1 else 8)],
        },
    }
    world.optional(
        row,
        number,
        dynamic_resource_parameter=f"dish-{number}",
        estimated_count=ENTRIES_PER_TYPE[number],
        is_team_type=number == 0,
        last_synced_at="" if number == 3 else world.stamp(world.when(number)),
        owning_team_ids=[world.id_at(world.when(0))],
        registry_type="Dish",
        required_integrations=["slack", "pantry"],
        source_repo_url="https://code.invalid/kitchen/menu",
    )
    return row


def _attribute(world: World, number: int) -> Row:
    row: Row = {
        "id": f"ATTRIBUTE{number:017d}",
        "name": f"Ingredient {number}",
        "mode": cycle(MODES, number),
        "type": cycle(("String", "Number", 'Custom["Dish2"]'), number),
        "array": number % 2 == 1,
    }
    world.optional(
        row,
        number,
        backlink_attribute=f"ATTRIBUTE{number + 1:017d}",
        path=[{"attribute_id": f"ATTRIBUTE{number:017d}", "attribute_name": "Spice"}],
    )
    return world.surprise(row, number)


def catalog_entries(world: World) -> list[Row]:
    """The entries of all types, in the order of the types."""
    return [
        _entry(world, catalog_type["id"], number)
        for catalog_type, count in zip(world.rows["/v3/catalog_types"], ENTRIES_PER_TYPE, strict=True)
        for number in range(count)
    ]


def _entry(world: World, catalog_type_id: str, number: int) -> Row:
    row = dated(world, world.when(number))
    row |= {
        "catalog_type_id": catalog_type_id,
        "name": f"Entry {number} {world.text()}",
        "rank": number,
        "aliases": world.some(("soup", "søppe", "スープ", 'the "red" one'), number),
        "attribute_values": _attribute_values(world, number),
    }
    world.optional(
        row,
        number,
        archived_at=cycle(("", world.stamp(world.when(number))), number + 1),
        external_id=f"entry/{number}",
    )
    return world.surprise(row, number)


def _attribute_values(world: World, number: int) -> Row:
    if number % 5 == 1:
        return {}
    one = world.optional({"label": world.text()}, number, literal=f"SPICE{number}")
    values: Row = {
        "ATTRIBUTE00000000000000001": {"array_value": [one, {"label": "salt"}]},
        "odd key / 🧂": {"array_value": []},
    }
    values["ATTRIBUTE00000000000000000"] = world.surprise({"value": one}, number)
    return values
