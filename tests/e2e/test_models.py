"""models/: `dbt build` on what each loader stores and on files, and its marts against the rows of the stand-in."""

from __future__ import annotations

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
    assert counts.keys() == {"success", "pass"}, built.printed[-3000:]
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
