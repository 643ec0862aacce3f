"""docs/guides/cron.md, meltano.md, github-actions.md and airflow.md: their commands, run as they stand there."""

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

from .dbt import in_postgres
from .pages import DEFAULT, DOCS, HOME, at, by_cron, commands, finished, shell, with_dbt
from .postgres import Database, Server
from .test_meltano import parsed

EXAMPLES = REPOSITORY / "examples"
CRON = DOCS / "guides" / "cron.md"


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


def run_steps(example: str, folder: Path, variables: dict[str, str], secrets: dict[str, str]) -> list[dict[str, Any]]:
    """Run the commands of a workflow's only job, with secrets and variables put in as GitHub does; gives its steps."""
    (job,) = parsed(EXAMPLES / example)["jobs"].values()
    for step in job["steps"]:
        given = {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: secrets[found[1]], text)
            for name, text in step.get("env", {}).items()
        }
        if "run" in step:
            shell(step["run"], folder, {**variables, **given})
    steps: list[dict[str, Any]] = job["steps"]
    return steps


def test_github_actions(checkout: Path, api: FakeApi, org: Organisation, database: Database, tmp_path: Path) -> None:
    server = database.server
    url = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{database.name}"
    secrets = {"secrets.INCIDENT_API_KEY": KEY, "secrets.WAREHOUSE_URL": url, "secrets.PGPASSWORD": server.password}
    secrets |= {"vars.PGHOST": server.host, "vars.PGUSER": server.user, "vars.PGDATABASE": database.name}
    summary = tmp_path / "summary.md"
    with_dbt(checkout)
    variables = {**at(api), "PGPORT": str(server.port), "GITHUB_STEP_SUMMARY": str(summary)}
    run_steps("github-actions.yml", checkout, variables, secrets)
    assert loaded(database) == len(there(org, "incidents"))
    assert finished(checkout)
    assert "# " in summary.read_text("utf-8")


def test_weekly_report(checkout: Path, api: FakeApi, tmp_path: Path) -> None:
    with_dbt(checkout)
    summary = tmp_path / "summary.md"
    variables = {**at(api), "GITHUB_STEP_SUMMARY": str(summary)}
    steps = run_steps("github-actions-report.yml", checkout, variables, {"secrets.INCIDENT_API_KEY": KEY})
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


def test_cron(checkout: Path, api: FakeApi) -> None:
    shell("".join(commands(CRON)), checkout, {})
    (line,), folder = commands(CRON, "crontab"), HOME / "incident"
    assert by_cron(line, at(api)) == 0
    assert finished(folder)
    assert sorted(path.name.split("-")[0] for path in folder.glob("*.jsonl")) == DEFAULT
    assert "Finished" in (folder / "sync.log").read_text()
