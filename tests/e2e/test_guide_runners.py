"""docs/guides/meltano.md, github-actions.md and airflow.md: their commands, run as they stand there."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, there

from .dbt import bin_folder, in_postgres
from .pages import DEFAULT, DOCS, HOME, at, by_cron, commands, finished, shell
from .postgres import Database, Server
from .test_meltano_postgres import parsed

EXAMPLES = REPOSITORY / "examples"


@pytest.fixture
def database(postgres: Server, tmp_path: Path) -> Database:
    """A database that is empty."""
    return postgres.create(tmp_path.name)


def loaded(database: Database) -> int:
    """How many incidents the database has."""
    [row] = database.rows("SELECT count(*) AS incidents FROM incident.incidents")
    return int(row["incidents"])


def test_meltano(checkout: Path, api: FakeApi, org: Organisation, database: Database) -> None:
    # Nobody is at the second address: Meltano must not ask its hub.
    variables = {"TAP_INCIDENT_ENDPOINT": api.url, "MELTANO_HUB_URL": "http://127.0.0.1:9"}
    printed = shell("".join(commands(DOCS / "guides" / "meltano.md")), checkout, variables)
    assert printed[-len(DEFAULT) :] == [f"{stream}.jsonl" for stream in DEFAULT]
    with (HOME / "incident-meltano" / ".env").open("a") as settings:
        settings.writelines(f"{name}='{value}'\n" for name, value in in_postgres(database).environ.items())
    (line,) = commands(DOCS / "guides" / "meltano.md", "crontab")
    assert by_cron(line, variables) == 0
    assert loaded(database) == len(there(org, "incidents"))


def filled(values: dict[str, str], secrets: dict[str, str]) -> dict[str, str]:
    """A step's env with what GitHub puts in for secrets and variables."""
    return {name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: secrets[found[1]], text) for name, text in values.items()}


def test_github_actions(checkout: Path, api: FakeApi, org: Organisation, database: Database, tmp_path: Path) -> None:
    server = database.server
    url = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{database.name}"
    secrets = {"secrets.INCIDENT_API_KEY": KEY, "secrets.WAREHOUSE_URL": url, "secrets.PGPASSWORD": server.password}
    secrets |= {"vars.PGHOST": server.host, "vars.PGUSER": server.user, "vars.PGDATABASE": database.name}
    summary = tmp_path / "summary.md"
    variables = {**at(api), "PGPORT": str(server.port), "GITHUB_STEP_SUMMARY": str(summary)}
    bin_folder()
    (checkout / ".dbt").symlink_to(REPOSITORY / ".dbt")
    steps: list[dict[str, Any]] = parsed(EXAMPLES / "github-actions.yml")["jobs"]["sync"]["steps"]
    run = [step for step in steps if "run" in step]
    assert [step["name"].split()[0] for step in run] == ["Install", "Sync", "Show"]
    for step in run:
        shell(step["run"], checkout, {**variables, **filled(step.get("env", {}), secrets)})
    assert loaded(database) == len(there(org, "incidents"))
    assert finished(checkout)
    assert "# " in summary.read_text("utf-8")


def test_weekly_report(checkout: Path, api: FakeApi, org: Organisation, tmp_path: Path) -> None:
    bin_folder()
    (checkout / ".dbt").symlink_to(REPOSITORY / ".dbt")
    summary = tmp_path / "summary.md"
    variables = {**at(api), "GITHUB_STEP_SUMMARY": str(summary)}
    steps: list[dict[str, Any]] = parsed(EXAMPLES / "github-actions-report.yml")["jobs"]["report"]["steps"]
    run = [step for step in steps if "run" in step]
    assert [step["name"].split()[0] for step in run] == ["Read", "Make"]
    for step in run:
        shell(step["run"], checkout, {**variables, **filled(step.get("env", {}), {"secrets.INCIDENT_API_KEY": KEY})})
    assert "SAMPLE" not in summary.read_text("utf-8")
    kept = [checkout / path for path in steps[-1]["with"]["path"].split()]
    assert all(path.stat().st_size for path in kept)
    (line,) = commands(DOCS / "report.md", "crontab")
    (HOME / "tap-incident").unlink(missing_ok=True)
    (HOME / "tap-incident").symlink_to(checkout)
    (checkout / "config.json").write_text(json.dumps({"api_key": KEY}))
    kept[0].unlink()
    assert by_cron(line, at(api)) == 0
    assert kept[0].exists()
    assert json.loads((checkout / "output" / "run.json").read_text())["streams"]["incidents"] == len(
        there(org, "incidents")
    )


def task(path: Path) -> dict[str, Any]:
    """The arguments of the DAG's only BashOperator."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    [call] = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "BashOperator"]
    return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}


def test_airflow(checkout: Path, api: FakeApi, org: Organisation, database: Database, tmp_path: Path) -> None:
    operator, folder = task(EXAMPLES / "airflow_dag.py"), tmp_path / "shared"
    (install,) = commands(DOCS / "guides" / "airflow.md")
    assert operator["cwd"] in install
    shell(install.replace(operator["cwd"], str(folder)), checkout, {})
    _, _, settings, _ = commands(DOCS / "guides" / "postgres.md")
    shell(settings, folder, in_postgres(database).environ)
    assert operator["env"] == {"INCIDENT_API_KEY": "{{ conn.incident_io.password }}"}
    shell(operator["bash_command"], folder, {**at(api), "INCIDENT_API_KEY": KEY})
    assert loaded(database) == len(there(org, "incidents"))
    assert finished(folder)
