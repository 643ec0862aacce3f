"""docs/guides/postgres.md, csv.md and duckdb.md: their commands, run as they stand there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import there
from tools.run import MORE

from .conftest import Pour
from .dbt import bin_folder, in_postgres
from .loaders import JSONL
from .pages import DEFAULT, DOCS, at, commands, finished, shell
from .postgres import Server

DUCKDB_SETUP, DUCKDB_LOOK, DUCKDB_TABLES, DUCKDB_MODELS, *DUCKDB_LOADER = commands(DOCS / "guides" / "duckdb.md")
CSV_INSTALL, CSV_KEY, CSV_WRITE, CSV_BY_DUCKDB, CSV_OLD = commands(DOCS / "guides" / "csv.md")
SAMPLE_INCIDENTS = 200


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_postgres(checkout: Path, api: FakeApi, org: Organisation, postgres: Server) -> None:
    database = postgres.create("guide")
    script = "".join(commands(DOCS / "guides" / "postgres.md"))
    printed = shell(script, checkout, {**at(api), **in_postgres(database).environ})
    counts = [int(line.split("|")[1]) for line in printed if re.fullmatch(r".*\| +\d+", line)]
    assert sum(counts) == len(there(org, "incidents"))
    assert len(counts) > 2
    assert (checkout / "postgres.json").stat().st_mode & 0o777 == 0o600
    assert finished(checkout)


def test_csv(checkout: Path, api: FakeApi, org: Organisation) -> None:
    printed = shell(CSV_INSTALL + CSV_KEY + CSV_WRITE, checkout, at(api))
    assert printed[-len(DEFAULT) :] == [f"{stream}.csv" for stream in DEFAULT]
    for stream in DEFAULT:
        assert len(rows_of(checkout / "tables" / f"{stream}.csv")) == len(there(org, stream)), stream
    assert finished(checkout)


def test_csv_by_duckdb(checkout: Path) -> None:
    printed = shell(CSV_BY_DUCKDB, checkout, {})
    assert "reference,name,severity,status,created_at" in printed
    rows = rows_of(checkout / "output" / "incidents.csv")
    assert len(rows) == SAMPLE_INCIDENTS
    assert {row["severity"] for row in rows} >= {"SEV1", "SEV2", "SEV3"}


def test_csv_on_python_3_9(checkout: Path, api: FakeApi) -> None:
    printed = shell(CSV_INSTALL + CSV_KEY + CSV_OLD, checkout, at(api))
    assert [line.split("-")[0] for line in printed if line.endswith(".csv")] == [
        *("alert_attributes", "alerts", "incident_roles", "incident_statuses", "incident_types", "severities")
    ]
    assert finished(checkout)


def test_duckdb_by_target_duckdb(checkout: Path, api: FakeApi, org: Organisation) -> None:
    printed = shell("".join(DUCKDB_LOADER), checkout, at(api))
    counts = [int(found[1]) for line in printed if (found := re.search(r"│ +(\d+) │$", line))]
    assert sum(counts) == len(there(org, "incidents"))
    assert len(counts) > 2
    assert finished(checkout)


def test_duckdb_on_what_make_run_writes(checkout: Path) -> None:
    printed = "\n".join(shell(DUCKDB_SETUP + DUCKDB_LOOK, checkout, {}))
    severities = dict(re.findall(r"│ (SEV\d) +│ +(\d+) │", printed))
    assert len(severities) == 4
    assert sum(map(int, severities.values())) == SAMPLE_INCIDENTS
    counts = {name: int(rows) for name, rows in map(str.split, shell(DUCKDB_TABLES, checkout, {}))}
    assert sorted(counts) == sorted([*DEFAULT, *MORE])
    for name, rows in counts.items():
        assert rows == len((checkout / "output" / f"{name}.jsonl").read_text("utf-8").splitlines()), name
    bin_folder()
    (checkout / ".dbt").symlink_to(REPOSITORY / ".dbt")
    assert "Done. PASS=" in "\n".join(shell(DUCKDB_MODELS, checkout, {}))
    assert (checkout / "output" / "marts.duckdb").exists()


@pytest.mark.parametrize("runs", [1, 2])
def test_duckdb_on_what_target_jsonl_writes(runs: int, checkout: Path, pour: Pour, org: Organisation) -> None:
    folder = checkout / "output"
    folder.mkdir()
    for run in range(runs):
        pour(JSONL, {"destination_path": str(folder)}).loaded()
        for path in folder.glob("*T*.jsonl"):
            # Two runs within a second would write one file.
            path.rename(folder / f"{path.stem.split('-')[0]}-{run}.jsonl")
    shell(DUCKDB_SETUP.replace("make run\n", ""), checkout, {})
    counts = {name: int(rows) for name, rows in map(str.split, shell(DUCKDB_TABLES, checkout, {}))}
    assert counts == {name: len(there(org, name)) for name in DEFAULT}
