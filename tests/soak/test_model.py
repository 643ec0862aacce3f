"""The model does see what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.loader import VERSION, Habits, Loader, Table
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


def lines(*messages: Mapping[str, Any]) -> list[str]:
    """Messages as the tap writes them."""
    return [json.dumps(message) for message in messages]


SCHEMA = {
    "type": "SCHEMA",
    "stream": "a",
    "schema": {"properties": {"id": {"type": "string"}}},
    "key_properties": ["id"],
}


def record(key: str, version: int = 1) -> dict[str, Any]:
    """A RECORD of the stream a."""
    return {"type": "RECORD", "stream": "a", "record": {"id": key}, "version": version}


def state(value: int) -> dict[str, Any]:
    """A STATE."""
    return {"type": "STATE", "value": {"is": value}}


@pytest.mark.parametrize(
    ("habits", "died", "rows", "kept"),
    [
        (Habits(), False, {("1",), ("2",)}, 1),
        (Habits(forgets=True), False, {("1",), ("2",)}, None),
        (Habits(), True, {("1",)}, None),
        (Habits(prints_early=True), True, {("1",)}, 1),
        (Habits(stores_early=True), True, {("1",), ("2",)}, None),
    ],
)
def test_what_a_loader_has_after_a_run(habits: Habits, died: bool, rows: set[tuple[str]], kept: int | None) -> None:
    loader = Loader()
    loader.load(lines(SCHEMA, record("1"), state(1), record("2")), habits, died=died)
    assert set(loader.tables["a"]) == rows
    assert loader.state == (None if kept is None else {"is": kept})
