"""Run by target-duckdb's own Python: prints what a database file holds, as JSON; arguments: the file, the schema."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import duckdb

TYPES = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ?"
KEYS = """SELECT table_name, constraint_column_names FROM duckdb_constraints()
          WHERE schema_name = ? AND constraint_type = 'PRIMARY KEY'"""


def main(path: str, schema: str) -> None:
    """Print rows, types of columns, numbers of nulls and key columns, each by table."""
    with duckdb.connect(path, read_only=True) as database:
        types: dict[str, dict[str, str]] = {}
        for table, column, name in database.execute(TYPES, [schema]).fetchall():
            types.setdefault(table, {})[column] = name
        rows, nulls = {}, {}
        for table, columns in types.items():
            source = f'FROM "{schema}"."{table}"'
            rows[table] = _dicts(database.execute(f"SELECT * {source}"))
            counts = ", ".join(f'count(*) - count("{column}") AS "{column}"' for column in columns)
            nulls[table] = _dicts(database.execute(f"SELECT {counts} {source}"))[0]
        keys = dict(database.execute(KEYS, [schema]).fetchall())
    json.dump({"rows": rows, "types": types, "nulls": nulls, "keys": keys}, sys.stdout, default=_printed)


def _dicts(answer: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _printed(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
