"""models/ and docs/guides/duckdb.sql: made from the schemas, and all of it described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb

from tests.support.paths import REPOSITORY

MODELS = REPOSITORY / "models"
PAGE = (MODELS / "README.md").read_text("utf-8")
PROJECT = (MODELS / "dbt_project.yml").read_text("utf-8")
USED = re.compile(r"""\b(?:var|is_one_of|first_timestamp)\((?:'[^']*', )?'(incident_\w+)'""")


def test_a_row_in_the_files_of_several_runs_is_read_once(tmp_path: Path) -> None:
    for run, reference in (("20260101T000000", "OLD"), ("20260102T000000", "NEW")):
        rows = [{"id": known, "reference": reference, "updated_at": "2026-01-01T00:00:00Z"} for known in "AB"]
        text = "".join(json.dumps(row) + "\n" for row in rows[: 1 if reference == "NEW" else 2])
        (tmp_path / f"incidents-{run}.jsonl").write_text(text)
    with duckdb.connect() as database:
        database.execute((REPOSITORY / "docs" / "guides" / "duckdb.sql").read_text("utf-8"))
        query = f"SELECT id, reference FROM read_incidents('{tmp_path}/incidents-*.jsonl') ORDER BY id"  # noqa: S608
        assert database.execute(query).fetchall() == [("A", "NEW"), ("B", "OLD")]


def test_each_variable_is_described_and_used() -> None:
    _, _, table = PAGE.partition("## Variables")
    described = re.findall(r"^\| `(incident_\w+)` \|", table, re.MULTILINE)
    files = [path for path in MODELS.glob("*/*") if path.suffix in (".sql", ".yml") and path.parent.name != "target"]
    used = {name for path in files for name in USED.findall(path.read_text("utf-8"))}
    assert set(described) == used
    # Without a default, the database is that of the target.
    assert set(re.findall(r"^  (incident_\w+):", PROJECT, re.MULTILINE)) == used - {"incident_database"}
