"""docs/questions.md: each query on it, run on what each loader stores and on files, has the answer of the rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import Json
from tools.model_sources import DUCKDB

from . import answers
from .dbt import SCHEMA, Built, Layout, bin_folder
from .environments import output
from .pipes import exact
from .postgres import Database
from .stores import SCHEMA as LOADED

PAGE = REPOSITORY / "docs" / "questions.md"
TEXT = PAGE.read_text("utf-8")
QUERIES = re.findall(r"^```sql\n-- (mart|PostgreSQL|DuckDB): (.+?)\n(.+?)^```", TEXT, re.DOTALL | re.MULTILINE)
SCRIPT = Path(__file__).parent / "scripts" / "ask_duckdb.py"


def time_to_resolve(org: Organisation) -> list[Json]:
    """Of the months and severities that have a time."""
    return [
        {
            "month": row["month"],
            "severity": row["severity"],
            "incidents": row["incidents_with_time"],
            "median_hours": row["median_hours_to_resolve"],
            "p90_hours": row["p90_hours_to_resolve"],
        }
        for row in answers.incidents_by_month(org)
        if row["incidents_with_time"]
    ]


def open_follow_ups(org: Organisation) -> list[Json]:
    """By team."""
    ages: dict[str, list[int]] = defaultdict(list)
    for row in answers.open_follow_ups(org):
        if row["left_out_because"]:
            continue
        ages[row["team"]].append(row["age_days"])
    return [
        {"team": team, "open": len(days), "older_than_30_days": sum(day > 30 for day in days), "oldest_days": max(days)}
        for team, days in ages.items()
    ]


def interruptions(org: Organisation) -> list[Json]:
    """By week and person."""
    return [
        {
            "week": row["week"],
            "person": row["person"],
            "interruptions": row["interruptions"],
            "in_working_hours": row["interruptions_in_working_hours"],
            "at_night": row["interruptions_at_night"],
        }
        for row in answers.paging_load(org)
        if row["interruptions"]
    ]


def alerts_that_became_incidents(org: Organisation) -> list[Json]:
    """By source."""
    names = {"alerts_in_an_incident": "in_an_incident", "percent_in_an_incident": "percent"}
    return [{names.get(name, name): value for name, value in row.items()} for row in answers.alert_yield(org)]


def hours_on_call(org: Organisation) -> list[Json]:
    """By person."""
    return [{"person": row["person"], "hours": row["hours"]} for row in answers.on_call_hours(org)]


EXPECTED: dict[str, Callable[[Organisation], list[Json]]] = {
    "time to resolve": time_to_resolve,
    "open follow-ups": open_follow_ups,
    "interruptions": interruptions,
    "alerts that became incidents": alerts_that_became_incidents,
    "hours on call": hours_on_call,
}


def in_postgres(database: Database, schema: str, sql: str) -> list[Json]:
    """The rows of a query with the tables of a schema."""
    database.execute(f'ALTER DATABASE "{database.name}" SET search_path TO {schema}')
    return database.rows(sql)


def in_duckdb(before: str, sql: str, folder: Path) -> list[Json]:
    """The rows of a query after other SQL."""
    for name, text in (("before", before), ("query", sql)):
        (folder / name).write_text(text)
    found = output(str(bin_folder() / "python"), str(SCRIPT), str(folder / "before"), str(folder / "query"))
    rows: list[Json] = exact(found)
    return rows


def tables(layout: Layout) -> str:
    """SQL after which the streams are tables: those of a loader's file, or those of docs/guides/duckdb.md."""
    if "INCIDENT_DUCKDB" in layout.environ:
        return f"ATTACH '{layout.environ['INCIDENT_DUCKDB']}' AS loaded (READ_ONLY); USE loaded.{LOADED}"
    made = [
        f"CREATE TABLE {file.stem} AS FROM read_{file.stem}('{file}')"
        for file in Path(layout.variables["incident_files"]).glob("*.jsonl")
    ]
    return DUCKDB.read_text("utf-8") + ";".join(made)


def test_each_question_has_three_queries() -> None:
    assert [(kind, name) for kind, name, _ in QUERIES] == [
        (kind, name) for name in EXPECTED for kind in ("mart", "PostgreSQL", "DuckDB")
    ]
    assert len(QUERIES) == TEXT.count("```sql")


@pytest.mark.parametrize("name", EXPECTED)
def test_queries_have_the_answers(
    name: str, layout: Layout, built: Built, sample: Organisation, tmp_path: Path
) -> None:
    assert built.code == 0, built.printed[-3000:]
    # The organisation's present, in the place of the reader's.
    today, now = f"DATE '{sample.now.date()}'", f"TIMESTAMPTZ '{sample.now.isoformat()}'"
    queries = {
        kind: sql.replace("current_date", today).replace("now()", now) for kind, of, sql in QUERIES if of == name
    }
    if isinstance(layout.marts, Database):
        by_mart = in_postgres(layout.marts, SCHEMA, queries["mart"])
        by_table = in_postgres(layout.marts, LOADED, queries["PostgreSQL"])
    else:
        by_mart = in_duckdb(f"ATTACH '{layout.marts}' AS marts (READ_ONLY); USE marts.main", queries["mart"], tmp_path)
        by_table = in_duckdb(tables(layout), queries["DuckDB"], tmp_path)
    wanted = EXPECTED[name](sample)
    assert len(wanted) > 3
    for found in (by_mart, by_table):
        assert [*found[0]] == [*wanted[0]]
        assert sorted_values(found) == [[close(value) for value in row] for row in sorted_values(wanted)]


def sorted_values(rows: list[Json]) -> list[list[Any]]:
    """The values of each row, in an order that the texts decide: numbers may be rounded."""
    values = [[float(value) if isinstance(value, Decimal) else value for value in row.values()] for row in rows]
    return sorted(values, key=lambda row: [value for value in row if isinstance(value, str)])


def close(value: Any) -> Any:
    """Equal to what a query makes of a value by rounding to one digit."""
    return pytest.approx(value, abs=0.051) if isinstance(value, float) else value
