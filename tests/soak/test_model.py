"""The model does see what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.loader import VERSION, Habits, Loader, Table, mistakes
from tests.soak.oracle import After, Counts, Excuses, differences
from tests.soak.steps import Settings
from tests.soak.world import World, key_of

SETTINGS = Settings(streams=("incidents", "actions"), activate=True, nested=True)
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


def lose(tables: dict[str, Table]) -> None:
    """A row is not there."""
    del tables["actions"][min(tables["actions"])]


def age(tables: dict[str, Table]) -> None:
    """A row is not in its present state."""
    tables["incidents"][min(tables["incidents"])]["name"] = "as it was before"


def keep(tables: dict[str, Table]) -> None:
    """A row is there that the world no longer has."""
    tables["actions"]["gone", "gone"] = {"id": "gone", "incident_id": "gone", VERSION: 1}


def void(tables: dict[str, Table]) -> None:
    """A nested part was never filled."""
    tables["incidents"][min(tables["incidents"])]["attachments"] = None


def nothing(tables: dict[str, Table]) -> None:
    """All is as it should be."""


@pytest.mark.parametrize(
    ("harm", "known_before", "rules"),
    [
        (nothing, True, []),
        (lose, False, ["a row is missing"]),
        (lose, True, ["an existing row was deleted"]),
        (age, True, ["a row is outdated"]),
        (keep, True, ["a deleted row is still there"]),
        (void, True, ["a nested part is outdated"]),
    ],
)
def test_the_model_sees_what_is_wrong_in_a_table(
    harm: Callable[[dict[str, Table]], None], known_before: bool, rules: list[str]
) -> None:
    world = World(1, 6)
    tables = loaded(world)
    harm(tables)
    before = loaded(world) if known_before else {}
    after = After(world, SETTINGS, 0, before, tables, [], Excuses(), complete=True)
    counts = Counts()
    assert [difference.rule for difference in differences(after, counts)] == rules
    assert counts.rows > 10
    # A run that ended early need not have everything, but it must not delete anything.
    early = [d.rule for d in differences(replace(after, complete=False), counts)]
    assert early == [rule for rule in rules if rule == "an existing row was deleted"]


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


def test_a_version_deletes_the_rows_of_all_others() -> None:
    loader = Loader()
    loader.load(lines(SCHEMA, record("1", 1), record("2", 2)), Habits(), died=False)
    loader.load(lines(SCHEMA, {"type": "ACTIVATE_VERSION", "stream": "a", "version": 2}), Habits(), died=False)
    assert set(loader.tables["a"]) == {("2",)}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ((record("1"),), "before its SCHEMA"),
        ((SCHEMA, SCHEMA), "SCHEMA came twice"),
        ((SCHEMA, record("1"), record("1")), "came 2 times"),
        ((SCHEMA, record("1"), record("2", 2)), "two versions"),
        ((SCHEMA, {**record("1"), "record": {"id": 1}}), "is not of type"),
        ((SCHEMA, record("1")), None),
    ],
)
def test_the_model_sees_what_is_wrong_in_the_messages(messages: tuple[dict[str, Any], ...], text: str | None) -> None:
    found = list(mistakes(lines(*messages), repeats=()))
    assert len(found) == (text is not None)
    assert text is None or text in found[0]
