"""models/ and docs/questions.md on what each loader stores and on files: one answer everywhere, by every query."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fake_api import Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import Json
from tools.model_sources import DUCKDB

from .dbt import MODELS, Layout, build, comparable, in_duckdb, in_files, in_postgres
from .loaders import DuckFile, ask_duckdb
from .postgres import Database, Server
from .targets import SCHEMA as LOADED

KINDS = ("base", "staging", "marts")
TEXT = (REPOSITORY / "docs" / "questions.md").read_text("utf-8")
QUERIES = re.findall(r"^```sql\n-- (mart|PostgreSQL|DuckDB): (.+?)\n(.+?)^```", TEXT, re.DOTALL | re.MULTILINE)
NAMES = ("time to resolve", "open follow-ups", "interruptions", "alerts that became incidents", "hours on call")


def test_all_models_and_tests_of_dbt_pass(built: str) -> None:
    (warning,) = re.findall(r"Warning in test (\w+)", built)
    assert "alert_source_id" in warning  # Of alerts whose source was deleted.
    models = sum(1 for kind in KINDS for _ in (MODELS / kind).glob("*.sql"))
    assert len(re.findall(r" OK created ", built)) == models


def test_marts_are_the_same_in_every_database(layout: Layout, built: str, marts: Mapping[str, list[Json]]) -> None:
    found = layout.rows()
    for mart, wanted in marts.items():
        assert len(wanted) > 3, mart
        assert comparable(found[mart], wanted) == comparable(wanted, wanted), mart


@pytest.mark.parametrize("place", ["postgres", "duckdb", "files"])
def test_nothing_loaded_makes_marts_without_rows(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    layout = in_files(tmp_path, tmp_path / "marts.duckdb")
    if place == "postgres":
        layout = in_postgres(request.getfixturevalue("postgres").create("nothing"))
    elif place == "duckdb":
        duckdb.connect(tmp_path / "loaded").close()
        layout = in_duckdb(tmp_path / "loaded", tmp_path / "marts.duckdb")
    printed = build(layout, tmp_path)
    assert not any(layout.rows().values())
    assert "there is no incidents, so what is made of it has no rows" in printed


def test_columns_that_are_missing_are_null_and_deleted_rows_are_left_out(postgres: Server, tmp_path: Path) -> None:
    database = postgres.create("few columns")
    database.execute("""
        CREATE SCHEMA incident;
        CREATE TABLE incident.incidents (id text, created_at timestamptz, severity text, _sdc_deleted_at timestamp);
        INSERT INTO incident.incidents VALUES
            ('kept', '2026-01-31 23:30:00-05:00', '{"id": "S1", "name": "Major"}', NULL),
            ('deleted', '2026-01-31 23:30:00-05:00', NULL, '2026-02-01 00:00:00');
    """)
    layout = in_postgres(database)
    build(layout, tmp_path)
    (row,) = layout.rows()["incident_metrics"]
    assert (row["incident_id"], row["severity"], row["reference"]) == ("kept", "Major", None)
    assert (row["created_at"], row["month"]) == ("2026-02-01T04:30:00", "2026-02-01")


def test_the_newest_of_several_files_has_the_row(tmp_path: Path) -> None:
    for run, reference, mode in (("1", "OLD", "standard"), ("2", "NEW", "test"), ("2b", "NEWEST", "tutorial")):
        row = {"id": "A", "reference": reference, "mode": mode, "created_at": "2026-01-01T00:00:00.123456789+02:00"}
        (tmp_path / f"incidents-{run}.jsonl").write_text(json.dumps(row) + "\n")
    # Of another stream, whose name begins in the same way.
    (tmp_path / "incidents_of_others.jsonl").write_text("no JSON")
    layout = in_files(tmp_path, tmp_path / "marts.duckdb")
    build(layout, tmp_path)
    (row,) = layout.rows()["incident_metrics"]
    assert (row["reference"], row["left_out_because"]) == ("NEWEST", "uncounted mode")
    assert row["created_at"] == "2025-12-31T22:00:00.123456"


def of_tables(layout: Layout, queries: Mapping[str, str]) -> list[Json]:
    """The answer of a query of the streams: tables of a loader, or those of docs/guides/duckdb.md."""
    if isinstance(layout.marts, Database):
        return layout.marts.rows(queries["PostgreSQL"], LOADED)
    if "INCIDENT_DUCKDB" in layout.environ:
        return DuckFile(Path(layout.environ["INCIDENT_DUCKDB"])).rows(queries["DuckDB"], LOADED)
    files = Path(layout.variables["incident_files"]).glob("*.jsonl")
    made = (f"CREATE TABLE {file.stem} AS FROM read_{file.stem}('{file}');" for file in files)
    return ask_duckdb(queries["DuckDB"], DUCKDB.read_text("utf-8") + "".join(made))


def test_each_question_has_three_queries() -> None:
    assert [(kind, name) for kind, name, _ in QUERIES] == [
        (kind, name) for name in NAMES for kind in ("mart", "PostgreSQL", "DuckDB")
    ]
    assert len(QUERIES) == TEXT.count("```sql")


@pytest.mark.parametrize("name", NAMES)
def test_queries_of_marts_and_of_tables_have_the_same_answers(
    name: str, layout: Layout, built: str, sample: Organisation
) -> None:
    # The organisation's present, in the place of the reader's.
    today, now = f"DATE '{sample.now.date()}'", f"TIMESTAMPTZ '{sample.now.isoformat()}'"
    texts = {kind: sql for kind, of, sql in QUERIES if of == name}
    queries = {kind: sql.replace("current_date", today).replace("now()", now) for kind, sql in texts.items()}
    by_mart, by_table = layout.query(queries["mart"]), of_tables(layout, queries)
    assert len(by_mart) > 3
    assert [*by_mart[0]] == [*by_table[0]]
    assert sorted_values(by_mart) == [[close(value) for value in row] for row in sorted_values(by_table)]


def sorted_values(rows: list[Json]) -> list[list[Any]]:
    """The values of each row, in an order that the texts decide: numbers may be rounded."""
    values = [[float(value) if isinstance(value, Decimal) else value for value in row.values()] for row in rows]
    return sorted(values, key=lambda row: [value for value in row if isinstance(value, str)])


def close(value: Any) -> Any:
    """Equal to what a query makes of a value by rounding to one digit."""
    return pytest.approx(value, abs=0.051) if isinstance(value, float) else value
