"""What a database holds after a load, whichever database it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.runs import Json

from .environments import loader_command, output
from .loaders import DUCKDB
from .pipes import exact
from .postgres import Database

SCHEMA = "incident"
"""The loaders' default_target_schema."""
# Columns that a loader adds on its own account.
OWN = "_sdc_"
SCRIPT = Path(__file__).parent / "scripts" / "read_duckdb.py"
COLUMNS = f"""SELECT table_name, column_name, ltrim(udt_name, '_') || repeat('[]', (data_type = 'ARRAY')::int) AS type
              FROM information_schema.columns WHERE table_schema = '{SCHEMA}'"""  # noqa: S608
KEYS = f"""SELECT conrelid::regclass::text AS name, json_agg(attname ORDER BY place) AS columns
           FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS keys (number, place), pg_attribute
           WHERE contype = 'p' AND connamespace = '{SCHEMA}'::regnamespace
             AND attrelid = conrelid AND attnum = number GROUP BY 1"""  # noqa: S608


@dataclass(frozen=True)
class Stored:
    """What there is of each table; without the columns that the loader adds."""

    rows: Mapping[str, list[Json]]
    types: Mapping[str, Mapping[str, str]]
    """Types of the columns."""
    nulls: Mapping[str, Mapping[str, int]]
    """In how many rows a column is null for SQL; a null of JSON is not."""
    keys: Mapping[str, list[str]]
    """Columns of the primary key."""


def in_postgres(database: Database) -> Stored:
    """What the loader's schema holds in PostgreSQL."""
    types: dict[str, Json] = {}
    for column in database.rows(COLUMNS):
        types.setdefault(column["table_name"], {})[column["column_name"]] = column["type"]
    rows = {table: database.rows(f'SELECT * FROM {SCHEMA}."{table}"') for table in types}  # noqa: S608
    nulls = {table: database.rows(_nulls_of(table, columns))[0] for table, columns in types.items()}
    # regclass names the schema too, since it is not on the search path.
    keys = {row["name"].split(".")[1]: row["columns"] for row in database.rows(KEYS)}
    return _without_own(rows, types, nulls, keys)


def in_duckdb(path: Path) -> Stored:
    """What the loader's schema holds in a DuckDB file."""
    python = loader_command(DUCKDB).parent / "python"
    return _without_own(**exact(output(str(python), str(SCRIPT), str(path), SCHEMA)))


def _nulls_of(table: str, columns: Iterable[str]) -> str:
    """SQL that counts the nulls of each column."""
    counts = ", ".join(f'count(*) - count("{column}") AS "{column}"' for column in columns)
    return f'SELECT {counts} FROM {SCHEMA}."{table}"'  # noqa: S608


def _without_own(
    rows: dict[str, list[Json]], types: dict[str, Json], nulls: dict[str, Json], keys: dict[str, list[str]]
) -> Stored:
    return Stored(
        {table: [_kept(row) for row in found] for table, found in rows.items()},
        {table: _kept(columns) for table, columns in types.items()},
        {table: _kept(columns) for table, columns in nulls.items()},
        keys,
    )


def _kept(columns: Json) -> Json:
    return {name: value for name, value in columns.items() if not name.startswith(OWN)}
