"""models/: `dbt build` on what each loader stores and on files, and its marts against the rows of the stand-in."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.fake_api import Organisation
from tests.support.runs import there

from .answers import MARTS, comparable
from .dbt import MODELS, Built, Layout, bin_folder, build, in_duckdb, in_files, in_postgres
from .environments import output
from .postgres import Server
from .sample import layout_of
from .targets import Filled

KINDS = ("base", "staging", "marts")


def test_all_models_and_tests_of_dbt_pass(built: Built) -> None:
    assert built.code == 0, built.printed[-3000:]
    counts = Counter(built.statuses.values())
    assert counts.keys() == {"success", "pass", "warn"}, built.printed[-3000:]
    # Of alerts whose source was deleted.
    assert [name for name, status in built.statuses.items() if status == "warn" and "alert_source" not in name] == []
    assert counts["success"] == sum(1 for kind in KINDS for _ in (MODELS / kind).glob("*.sql"))


@pytest.mark.parametrize("mart", MARTS)
def test_marts_have_the_answers(mart: str, layout: Layout, built: Built, sample: Organisation) -> None:
    assert built.code == 0, built.printed[-3000:]
    wanted = MARTS[mart](sample)
    assert len(wanted) > 3
    assert comparable(layout.rows()[mart], [*wanted[0]]) == comparable(wanted, [*wanted[0]])


def test_rows_that_loaders_change_break_no_model(filled: Filled, org: Organisation, tmp_path: Path) -> None:
    layout = layout_of(filled.place, tmp_path / "marts.duckdb")
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    assert set(built.statuses.values()) <= {"success", "pass", "warn"}
    rows = layout.rows()
    assert {row["incident_id"] for row in rows["incident_metrics"]} == {row["id"] for row in there(org, "incidents")}
    # These two streams were not selected.
    assert (rows["alert_yield"], rows["on_call_hours"]) == ([], [])


@pytest.mark.parametrize("place", ["postgres", "duckdb", "files"])
def test_nothing_loaded_makes_marts_without_rows(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    if place == "postgres":
        server: Server = request.getfixturevalue("postgres")
        layout = in_postgres(server.create("nothing"))
    elif place == "duckdb":
        output(str(bin_folder() / "python"), "-c", f"import duckdb; duckdb.connect({str(tmp_path / 'loaded')!r})")
        layout = in_duckdb(tmp_path / "loaded", marts)
    else:
        layout = in_files(tmp_path, marts)
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    assert set(layout.rows()) == set(MARTS)
    assert not any(layout.rows().values())
    assert "there is no incidents, so what is made of it has no rows" in built.printed


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
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    (row,) = layout.rows()["incident_metrics"]
    shown = {name: row[name] for name in ("incident_id", "created_at", "month", "severity", "reference")}
    assert shown == {
        "incident_id": "kept",
        "created_at": "2026-02-01T04:30:00",
        "month": "2026-02-01",
        "severity": "Major",
        "reference": None,
    }


def test_the_newest_of_several_files_has_the_row(tmp_path: Path) -> None:
    for run, reference, mode in (("1", "OLD", "standard"), ("2", "NEW", "test"), ("2b", "NEWEST", "tutorial")):
        row = {"id": "A", "reference": reference, "mode": mode, "created_at": "2026-01-01T00:00:00.123456789+02:00"}
        (tmp_path / f"incidents-{run}.jsonl").write_text(json.dumps(row) + "\n")
    # Of another stream, whose name begins in the same way.
    (tmp_path / "incidents_of_others.jsonl").write_text("no JSON")
    layout = in_files(tmp_path, tmp_path / "marts.duckdb")
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    (row,) = layout.rows()["incident_metrics"]
    assert (row["reference"], row["left_out_because"]) == ("NEWEST", "uncounted mode")
    assert row["created_at"] == "2025-12-31T22:00:00.123456"
