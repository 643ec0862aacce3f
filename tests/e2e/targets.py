"""The loaders with a database behind them: where they store, and what they make of a text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.runs import Json

from .loaders import DUCKDB, MELTANO, PIPELINEWISE, Loader, ask_duckdb
from .postgres import Database

SCHEMA = "incident"
"""The loaders' default_target_schema."""
TABLES = f"SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"  # noqa: S608


@dataclass(frozen=True)
class Place:
    """Where a loader stores."""

    config: Json
    """The loader's settings."""
    rows: Callable[[], Mapping[str, list[Json]]]
    """Gives the rows of each table."""
    database: Database | None = None


@dataclass(frozen=True)
class Target:
    """A loader with a database behind it."""

    loader: Loader
    place: Callable[[pytest.FixtureRequest, Path], Place]
    """In: pytest's request, for its fixtures, and a new folder. Out: a place that is empty."""
    text: Callable[[str], str | None]
    """What it makes of a text."""


def _postgres(name_of_database: str) -> Callable[[pytest.FixtureRequest, Path], Place]:
    def place(request: pytest.FixtureRequest, folder: Path) -> Place:
        server = request.getfixturevalue("postgres")
        database = server.create(folder.name)
        at = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        config = {**at, name_of_database: database.name, "default_target_schema": SCHEMA}
        return Place(config, lambda: _rows(database), database)

    return place


def _rows(database: Database) -> Mapping[str, list[Json]]:
    tables = [row["name"] for row in database.rows(TABLES)]
    return {table: database.rows(f'SELECT * FROM {SCHEMA}."{table}"') for table in tables}  # noqa: S608


def _file(_: pytest.FixtureRequest, folder: Path) -> Place:
    # Not named as the schema is: DuckDB would take `incident.users` for a table of the file's main schema.
    path = folder / "loaded.duckdb"

    def rows() -> Mapping[str, list[Json]]:
        use = f"ATTACH '{path}' AS loaded (READ_ONLY); USE loaded.{SCHEMA}"
        tables = [row["name"] for row in ask_duckdb(use, tables=TABLES)["tables"]]
        return ask_duckdb(use, **{table: f'FROM "{table}"' for table in tables})

    return Place({"path": str(path), "default_target_schema": SCHEMA}, rows)


def _pipelinewise_text(text: str) -> str | None:
    # It writes JSON into a CSV file whose escape character is the backslash, and an empty field is null.
    return re.sub(r'\\(["\\])', r"\1", json.dumps(text, ensure_ascii=False)[1:-1]) or None


MELTANO_TARGET = Target(MELTANO, _postgres("database"), lambda text: text)
PIPELINEWISE_TARGET = Target(PIPELINEWISE, _postgres("dbname"), _pipelinewise_text)
DUCKDB_TARGET = Target(DUCKDB, _file, lambda text: text or None)
