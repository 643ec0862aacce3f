"""README.md, getting-started.md and the guides for PostgreSQL, CSV and DuckDB: their commands, run as they stand."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import there
from tools.run import MORE

from .dbt import in_postgres
from .loaders import PIPX, UV, Loader, loader_command
from .pages import BASH, DEFAULT, DOCS, at, commands, environment, finished, shell, with_dbt
from .postgres import Server

PAGE = DOCS / "getting-started.md"
INSTALL, PIPX_INSTALL, UV_INSTALL, KEY_TYPED, CONFIG, STAND_IN, CHECK, CHOOSE, CATALOG, SYNC = commands(PAGE)


def streams_in(messages: Path) -> dict[str, int]:
    """How many records of each stream are in a file of messages."""
    found = map(json.loads, messages.read_text("utf-8").splitlines())
    return Counter(message["stream"] for message in found if message["type"] == "RECORD")


def test_readme_first_sync(checkout: Path, api: FakeApi) -> None:
    text = (REPOSITORY / "README.md").read_text("utf-8").partition("\n## First sync\n")[2].partition("\n## ")[0]
    (script,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shell(script, checkout, at(api))
    assert sorted(path.name.split("-")[0] for path in checkout.glob("*.jsonl")) == DEFAULT
    assert finished(checkout)


def test_from_install_to_files(checkout: Path, api: FakeApi, org: Organisation) -> None:
    printed = shell(INSTALL + KEY_TYPED + CONFIG + CHECK, checkout, at(api))
    assert {line.split()[0] for line in printed if line.endswith("  ok")} >= set(DEFAULT)
    config = checkout / "config.json"
    assert (config.stat().st_mode & 0o777, list(json.loads(config.read_text()))) == (0o600, ["api_key"])
    shell(KEY_TYPED + CHOOSE, checkout, at(api))
    chosen = ("severities", "incident_types")
    assert streams_in(checkout / "messages.jsonl") == {name: len(there(org, name)) for name in chosen}
    shell(KEY_TYPED + CATALOG, checkout, at(api))
    assert streams_in(checkout / "messages.jsonl") == {name: len(there(org, name)) for name in DEFAULT}
    *files, first = shell(KEY_TYPED + SYNC, checkout, at(api))
    assert [name.split("-")[0] for name in files] == DEFAULT
    assert json.loads(first)["id"] in {row["id"] for row in there(org, "severities")}
    assert finished(checkout / "rows")


@contextmanager
def stand_in(folder: Path) -> Iterator[dict[str, str]]:
    """The stand-in, started by the page's command in a terminal of its own; gives the variables that it prints."""
    own: Any = {"cwd": folder, "env": environment({}), "start_new_session": True}
    with subprocess.Popen([BASH, "-e", "-c", STAND_IN], stdout=subprocess.PIPE, text=True, **own) as process:
        try:
            assert process.stdout is not None
            printed = "".join(takewhile(lambda line: not line.startswith("# Serving"), process.stdout))
            yield dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE))
        finally:
            os.killpg(process.pid, signal.SIGINT)


def test_without_a_key_by_the_sample_organisation(checkout: Path) -> None:
    shell(INSTALL, checkout, {})
    with stand_in(checkout) as variables:
        checked = shell(CHECK, checkout, variables)
        *files, _ = shell(SYNC, checkout, variables)
    line = "incidents                   200  ok"
    assert line in checked
    assert line in PAGE.read_text("utf-8")
    assert [name.split("-")[0] for name in files] == DEFAULT


@pytest.mark.parametrize(("installer", "script"), [(PIPX, PIPX_INSTALL), (UV, UV_INSTALL)], ids=["pipx", "uv"])
def test_install_by(
    installer: Loader, script: str, checkout: Path, api: FakeApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    # Where no Python suits, uv would fetch one.
    variables = {"HOME": str(home), "UV_PYTHON_DOWNLOADS": "never", "UV_QUIET": "1", **at(api)}
    paths = (str(loader_command(installer).parent), str(home / ".local" / "bin"))
    piped = "read -rs INCIDENT_API_KEY && export INCIDENT_API_KEY\ntap-incident | target-jsonl > state.json\nls *.jsonl"
    *_, last = shell(f"{script}\n{piped}", checkout, variables, paths)
    assert last.startswith("users-")
    assert finished(checkout)


DUCKDB_SETUP, DUCKDB_LOOK, DUCKDB_TABLES, DUCKDB_MODELS, *DUCKDB_LOADER = commands(DOCS / "guides" / "duckdb.md")
CSV_INSTALL, CSV_KEY, CSV_WRITE, CSV_BY_DUCKDB = commands(DOCS / "guides" / "csv.md")
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
    assert counts["incidents"] == SAMPLE_INCIDENTS
    with_dbt(checkout)
    assert "Done. PASS=" in "\n".join(shell(DUCKDB_MODELS, checkout, {}))
    assert (checkout / "output" / "marts.duckdb").exists()
