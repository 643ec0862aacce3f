"""Run by a Python that has DuckDB: runs the SQL of one file, then prints the rows of the query in another, as JSON."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb


def main(before: str, query: str) -> None:
    """Print the rows as a list of objects."""
    with duckdb.connect() as database:
        database.execute(Path(before).read_text("utf-8"))
        answer = database.execute(Path(query).read_text("utf-8"))
        names = [column[0] for column in answer.description]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    json.dump(rows, sys.stdout, default=_printed)


def _printed(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    assert isinstance(value, date)
    return value.isoformat()


if __name__ == "__main__":
    main(*sys.argv[1:])
