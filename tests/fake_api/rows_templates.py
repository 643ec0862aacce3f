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
        "expressions": [] if number == BARE else [expression(world, number)],
        "is_private": number == 3,
        "title": _value(world, number + 1),
    }
    return world.optional(row, number, visible_to_teams=binding(world, number))


def _attribute(world: World, number: int, attribute_id: str) -> Row:
    merged = world.optional(binding(world, number), number, merge_strategy=cycle(STRATEGIES, number))
    return {"alert_attribute_id": attribute_id, "binding": merged}


def _value(world: World, number: int) -> Row:
    return world.optional(
        {"label": world.text()}, number, literal=f"literal {number}", reference=f"payload[{number}].x"
    )


def binding(world: World, number: int) -> Row:
    """One value or a list of them, each a literal or a reference."""
    return world.optional(
        {}, number, value=_value(world, number), array_value=[_value(world, number)] * (number % 3 != 2)
    )


def _returns(number: int) -> Row:
    return {"array": number % 2 == 0, "type": 'CatalogEntry["Dish"]'}


def expression(world: World, number: int) -> Row:
    """An expression with an operation of each kind."""
    row: Row = {
        "label": world.text(),
        "operations": [_operation(world, number, operation_type) for operation_type in OPERATIONS],
        "reference": f"expr-{number}",
        "returns": _returns(number),
        "root_reference": "payload",
    }
    return world.optional(row, number, else_branch={"result": binding(world, number)})


def _operation(world: World, number: int, operation_type: str) -> Row:
    row: Row = {"operation_type": operation_type, "returns": _returns(number)}
    details = {
        "branches": {"branches": [_branch(world, number)], "returns": _returns(number)},
        "filter": {"condition_groups": [condition_group(world, number)]},
        "navigate": {"reference": "catalog.soup", "reference_label": "Soup"},
        "parse": {"returns": _returns(number), "source": '$["a b"]\n'},
    }
    if operation_type in details:
        row[operation_type] = details[operation_type]
    return world.surprise(row, number)


def _branch(world: World, number: int) -> Row:
    return {"condition_groups": [condition_group(world, number), {"conditions": []}], "result": binding(world, number)}


def condition_group(world: World, number: int) -> Row:
    """A group of one condition."""
    condition = {
        "operation": {"label": "is not", "value": "is_not"},
        "param_bindings": [binding(world, number)],
        "subject": {"label": world.text(), "reference": "payload.kind"},
    }
    return {"conditions": [condition]}
