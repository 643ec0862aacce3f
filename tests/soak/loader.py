"""A model of a loader: upsert by key, table versions, the last STATE kept; it may die, or forget its state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.soak.steps import Step
from tests.soak.world import Key

Json = dict[str, Any]
Table = dict[Key, Json]
VERSION = "_version"
"""The column for the table version of a row."""


@dataclass
class Loader:
    """The tables and the state that are left after each run."""

    tables: dict[str, Table] = field(default_factory=dict)
    state: Json | None = None

    def load(self, lines: Sequence[str], step: Step) -> None:
        """Read the messages of the run of a step."""
        died = step.ends == "loader died"
        tables = {name: dict(rows) for name, rows in self.tables.items()}
        committed, state, keys = self.tables, None, dict[str, list[str]]()
        for message in map(json.loads, lines):
            name = message.get("stream", "")
            if message["type"] == "SCHEMA":
                keys[name] = message["key_properties"]
                tables.setdefault(name, {})
            elif message["type"] == "RECORD":
                key = tuple(message["record"][column] for column in keys[name])
                old = tables[name].get(key, {})
                tables[name][key] = {**old, **message["record"], VERSION: message.get("version")}
                state = None if step.forgets else state
            elif message["type"] == "ACTIVATE_VERSION":
                kept = message["version"]
                tables[name] = {key: row for key, row in tables[name].items() if row[VERSION] == kept}
            else:
                state = message["value"]
                committed = {name: dict(rows) for name, rows in tables.items()}
        self.tables = committed if died and not step.stores_early else tables
        if state is not None and (step.prints_early or not died):
            self.state = state
