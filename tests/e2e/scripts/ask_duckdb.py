"""Run by a Python that has DuckDB: runs some SQL, then prints the rows of queries by their names, as JSON."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb


def main(asked: str) -> None:
    """Print {NAME: [row, ...]}; in: a file with {"before": SQL, "queries": {NAME: SQL}}."""
    given = json.loads(Path(asked).read_text("utf-8"))
    with duckdb.connect() as database:
        database.execute(given["before"])
        found = {name: _rows(database.execute(query)) for name, query in given["queries"].items()}
    json.dump(found, sys.stdout, default=_printed)


def _rows(answer: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _printed(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
