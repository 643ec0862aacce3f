"""The deepest rows there are: the template of an alert source, with its expressions."""

from __future__ import annotations

from .making import BARE, Row, World, cycle

STRATEGIES = ("first_wins", "last_wins", "append", "max", "min", "coin_toss")
OPERATIONS = ("navigate", "filter", "count", "parse", "branches", "cast", "juggle")


def template(world: World, number: int) -> Row:
    """How a source turns a payload into an alert."""
    used = [] if number == BARE else world.some(world.rows["/v2/alert_attributes"], number)
    row: Row = {
        "attributes": [_attribute(world, number, row["id"]) for row in used],
        "description": _value(world, number),
        "expressions": [] if number == BARE else [_expression(world, number)],
        "is_private": number == 3,
        "title": _value(world, number + 1),
    }
    return world.optional(row, number, visible_to_teams=_binding(world, number))


def _attribute(world: World, number: int, attribute_id: str) -> Row:
    binding = world.optional(_binding(world, number), number, merge_strategy=cycle(STRATEGIES, number))
    return {"alert_attribute_id": attribute_id, "binding": binding}


def _value(world: World, number: int) -> Row:
    return world.optional(
        {"label": world.text()}, number, literal=f"literal {number}", reference=f"payload[{number}].x"
    )


def _binding(world: World, number: int) -> Row:
    return world.optional(
        {}, number, value=_value(world, number), array_value=[_value(world, number)] * (number % 3 != 2)
    )


def _returns(number: int) -> Row:
    return {"array": number % 2 == 0, "type": 'CatalogEntry["Dish"]'}


def _expression(world: World, number: int) -> Row:
    row: Row = {
        "label": world.text(),
        "operations": [_operation(world, number, operation_type) for operation_type in OPERATIONS],
        "reference": f"expr-{number}",
        "returns": _returns(number),
        "root_reference": "payload",
    }
    return world.optional(row, number, else_branch={"result": _binding(world, number)})


def _operation(world: World, number: int, operation_type: str) -> Row:
    row: Row = {"operation_type": operation_type, "returns": _returns(number)}
    details = {
        "branches": {"branches": [_branch(world, number)], "returns": _returns(number)},
        "filter": {"condition_groups": [_conditions(world, number)]},
        "navigate": {"reference": "catalog.soup", "reference_label": "Soup"},
        "parse": {"returns": _returns(number), "source": '$["a b"]\n'},
    }
    if operation_type in details:
        row[operation_type] = details[operation_type]
    return world.surprise(row, number)


def _branch(world: World, number: int) -> Row:
    return {"condition_groups": [_conditions(world, number), {"conditions": []}], "result": _binding(world, number)}


def _conditions(world: World, number: int) -> Row:
    condition = {
        "operation": {"label": "is not", "value": "is_not"},
        "param_bindings": [_binding(world, number)],
        "subject": {"label": world.text(), "reference": "payload.kind"},
    }
    return {"conditions": [condition]}
