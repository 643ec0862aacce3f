"""The model does see what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.loader import VERSION, Table
from tests.soak.oracle import After, Excuses, differences
from tests.soak.steps import Settings
from tests.soak.world import World
from tests.support.runs import key_of

SETTINGS = Settings(streams=("incidents", "actions"), activate=True)
STAY = SETTINGS.modes


def loaded(world: World) -> dict[str, Table]:
    """The tables of a loader that has everything."""
    now = world.history[-1]
    tables: dict[str, Table] = {}
    for name in SETTINGS.streams:
        tables[name] = {key_of(name, row): {**row, VERSION: 1} for row in now.visible(name, STAY).values()}
    for row in tables["incidents"].values():
        row["attachments"] = now.nested("incident_attachments", row["id"])
        row["updates"] = now.nested("incident_updates", row["id"])
    return tables


def first(table: Table) -> dict[str, Any]:
    """One row, for a test to change."""
    return table[min(table)]


GONE = {"id": "gone", "incident_id": "gone", VERSION: 1}


@pytest.mark.parametrize(
    ("harm", "known_before", "rules"),
    [
        (lambda tables: None, True, []),
        (lambda tables: tables["actions"].pop(min(tables["actions"])), False, ["a row is missing"]),
        (lambda tables: tables["actions"].pop(min(tables["actions"])), True, ["an existing row was deleted"]),
        (lambda tables: first(tables["incidents"]).update(name="as it was"), True, ["a row is outdated"]),
        (lambda tables: tables["actions"].update({("gone", "gone"): GONE}), True, ["a deleted row is still there"]),
        (lambda tables: first(tables["incidents"]).update(updates=None), True, ["a nested part is outdated"]),
    ],
)
def test_the_model_sees_what_is_wrong_in_a_table(
    harm: Callable[[dict[str, Table]], object], known_before: bool, rules: list[str]
) -> None:
    world = World(1, 6)
    tables = loaded(world)
    harm(tables)
    before = loaded(world) if known_before else {}
    after = After(world, SETTINGS, 0, before, tables, [], Excuses(), complete=True)
    assert broken(after) == rules
    # A run that ended early need not have everything, but it must not delete anything.
    assert broken(replace(after, complete=False)) == [rule for rule in rules if rule == "an existing row was deleted"]


def broken(after: After) -> list[str]:
    """The promises that were broken."""
    figures = Counter[str]()
    found = [difference.rule for difference in differences(after, figures)]
    assert figures["rows compared"] > 10
    return found
