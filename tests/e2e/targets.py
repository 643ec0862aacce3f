"""The loaders with a database behind them: where they store, and what they make of a text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.runs import Json

from .loaders import DUCKDB, MELTANO, PIPELINEWISE, DuckFile, Loader
from .postgres import Database

LOADED: Mapping[str, Loader] = {loader.name: loader for loader in (MELTANO, PIPELINEWISE, DUCKDB)}
SCHEMA = "incident"
"""The loaders' default_target_schema."""
TABLES = f"SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"  # noqa: S608


@dataclass(frozen=True)
class Place:
    """Where a loader stores."""

    config: Json
    """The loader's settings."""
    store: Database | DuckFile

    def rows(self) -> Mapping[str, list[Json]]:
        """The rows of each table."""
        names = [row["name"] for row in self.store.rows(TABLES, SCHEMA)]
        return {name: self.store.rows(f'SELECT * FROM "{name}"', SCHEMA) for name in names}  # noqa: S608


def place_of(loader: Loader, request: pytest.FixtureRequest, folder: Path) -> Place:
    """An empty place for a loader. In: pytest's request, for its fixtures, and a new folder."""
    if loader is DUCKDB:
        # Not named as the schema is: DuckDB would take `incident.users` for a table of the file's main schema.
        path = folder / "loaded.duckdb"
        return Place({"path": str(path), "default_target_schema": SCHEMA}, DuckFile(path))
    server = request.getfixturevalue("postgres")
    database = server.create(folder.name)
    at = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    name = "dbname" if loader is PIPELINEWISE else "database"
    return Place({**at, name: database.name, "default_target_schema": SCHEMA}, database)


def stored(loader: Loader, text: str) -> str | None:
    """What a loader makes of a text."""
    if loader is PIPELINEWISE:
        # It writes JSON into a CSV file whose escape character is the backslash.
        text = re.sub(r'\\(["\\])', r"\1", json.dumps(text, ensure_ascii=False)[1:-1])
    return text if loader is MELTANO else text or None
