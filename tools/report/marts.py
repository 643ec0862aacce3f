"""The marts: built by dbt from files, a DuckDB file or PostgreSQL, and read as rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

Row = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "output"
MARTS = OUTPUT / "marts.duckdb"
_TABLES = ("incident_metrics", "open_follow_ups", "stg_pages", "alert_yield")


def build(database: str, environ: Mapping[str, str]) -> str:
    """Build the marts from `database`, and return the target of dbt that was used.

    `database` is "" for the files of `make run`, a path for a DuckDB file of target-duckdb, or "postgres" for the
    database that the variables PGHOST, PGDATABASE and so on name. Raises CalledProcessError.
    """
    target, variables, more = _target(database)
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "--quiet", "run", "--project-dir", "models", "--profiles-dir", "models", "--target", target]
    command += ["--vars", json.dumps(variables)]
    subprocess.run(command, cwd=ROOT, check=True, env={**environ, **more}, stdout=sys.stderr)
    return target


def _target(database: str) -> tuple[str, dict[str, str], dict[str, str]]:
    if not database:
        return "files", {"incident_files": str(OUTPUT)}, {"INCIDENT_MARTS": str(MARTS)}
    if database == "postgres":
        return "postgres", {}, {}
    path = str(Path(database).resolve())
    return "duckdb", {"incident_database": "loaded"}, {"INCIDENT_DUCKDB": path, "INCIDENT_MARTS": str(MARTS)}


def read(target: str) -> dict[str, list[Row]]:
    """The rows of each mart that the report needs, by its name."""
    connection = _postgres() if target == "postgres" else _duckdb()
    try:
        found = {}
        for table in _TABLES:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            names = [column[0] for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return found
    finally:
        connection.close()


def _duckdb() -> Any:
    return duckdb.connect(str(MARTS), read_only=True)


def _postgres() -> Any:
    schema = os.environ.get("INCIDENT_MARTS_SCHEMA", "incident_marts")
    return psycopg2.connect(options=f"-c search_path={schema}")
