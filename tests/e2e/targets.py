"""The loaders with a database behind them: where they store, and what they make of a property and of its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.runs import Json, Run

from .expected import Change, differences, double, local_rounded, pipelinewise_text, rows, utc_cut, without_zeros
from .loaders import DUCKDB, MELTANO, PIPELINEWISE, Loader
from .pipes import exact
from .postgres import Database
from .stores import SCHEMA, Stored, in_duckdb, in_postgres


@dataclass(frozen=True)
class Place:
    """Where a loader stores."""

    config: Json
    """The loader's settings."""
    read: Callable[[], Stored]
    database: Database | None = None
    """To ask by SQL, if it is PostgreSQL."""


@dataclass(frozen=True)
class Target:
    """A loader with a database behind it."""

    loader: Loader
    place: Callable[[pytest.FixtureRequest, Path], Place]
    """In: pytest's request, for its fixtures, and a new folder. Out: a place that is empty."""
    types: Mapping[str, str]
    """Type of the column for each kind of property; a list's may differ by the kind of its items: `array of KIND`."""
    changes: Mapping[str, Change]
    """What the loader does to values, by kind; null stays null."""
    null_in_json: tuple[str, ...] = ()
    """Kinds of which a null is not one of SQL, but the null of JSON."""


def _postgres(name_of_database: str) -> Callable[[pytest.FixtureRequest, Path], Place]:
    def place(request: pytest.FixtureRequest, folder: Path) -> Place:
        server = request.getfixturevalue("postgres")
        database = server.create(folder.name)
        at = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        config = {**at, name_of_database: database.name, "default_target_schema": SCHEMA}
        return Place(config, lambda: in_postgres(database), database)

    return place


def _file(_: pytest.FixtureRequest, folder: Path) -> Place:
    # Not named as the schema is: DuckDB would take `incident.users` for a table of the file's main schema.
    path = folder / "loaded.duckdb"
    return Place({"path": str(path), "default_target_schema": SCHEMA}, lambda: in_duckdb(path))


MELTANO_TARGET = Target(
    MELTANO,
    _postgres("database"),
    {
        "string": "text",
        "date-time": "timestamp",
        "integer": "int8",
        "number": "numeric",
        "boolean": "bool",
        "object": "jsonb",
        "array of object": "jsonb[]",
        "array of string": "text[]",
    },
    {"date-time": lambda text: without_zeros(utc_cut(text))},
    null_in_json=("object",),
)
PIPELINEWISE_TARGET = Target(
    PIPELINEWISE,
    _postgres("dbname"),
    {
        "string": "varchar",
        "date-time": "timestamp",
        "integer": "numeric",
        "number": "float8",
        "boolean": "bool",
        "object": "jsonb",
        "array": "jsonb",
    },
    {
        "string": pipelinewise_text,
        "date-time": lambda text: without_zeros(local_rounded(text)),
        "number": double,
    },
)
DUCKDB_TARGET = Target(
    DUCKDB,
    _file,
    {
        "string": "VARCHAR",
        "date-time": "TIMESTAMP",
        "integer": "HUGEINT",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
        "object": "JSON",
        "array": "JSON",
    },
    # The text of a JSON column is compared as what it says: see `compared`.
    {"string": lambda text: text or None, "date-time": utc_cut, "number": double},
)
TARGETS = (MELTANO_TARGET, PIPELINEWISE_TARGET, DUCKDB_TARGET)


@dataclass(frozen=True)
class Filled:
    """A target's place after a run of the tap."""

    target: Target
    place: Place
    run: Run

    def compared(self) -> list[str]:
        """In words, how what is stored differs from what it has to be."""
        stored = self.place.read()
        assert sorted(stored.rows) == sorted(self.run.streams())
        told: list[str] = []
        for stream in self.run.streams():
            parsed = {name for name, found in stored.types[stream].items() if found == "JSON"}
            found = [
                {name: exact(value) if name in parsed and value is not None else value for name, value in row.items()}
                for row in stored.rows[stream]
            ]
            told += differences(stream, rows(self.run, stream, self.target.changes), found)
        return told
