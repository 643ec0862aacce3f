"""Meltano into PostgreSQL by the schedule of examples/meltano.yml, and its definition of the tap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_incident.about import CAPABILITIES
from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Json, key_of, there
from tools.hub import definition

from .environments import loader_command, output
from .loaders import ORCHESTRATOR
from .meltano import Project, project_with
from .postgres import Database, Server

HUB = REPOSITORY / "meltano" / "tap-incident.yml"
EXAMPLE = REPOSITORY / "examples" / "meltano.yml"
DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]
PROJECT_SCHEMA = """
import json, sys, yaml, jsonschema, meltano.schemas
from importlib.resources import files
schema = json.loads(files(meltano.schemas).joinpath("meltano.schema.json").read_text())
jsonschema.validate(yaml.safe_load(open(sys.argv[1])), schema)
"""


def parsed(path: Path) -> Any:
    """The value of a YAML file, as Meltano's own parser reads it."""
    python = loader_command(ORCHESTRATOR).with_name("python")
    script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    return json.loads(output(str(python), "-c", script, str(path)))


def test_definition_and_example_are_yaml_with_the_values_of_the_tap() -> None:
    assert parsed(HUB) == definition()
    (extractor,) = parsed(EXAMPLE)["plugins"]["extractors"]
    for key in ("settings", "capabilities", "select", "settings_group_validation"):
        assert extractor[key] == definition()[key]
    assert sorted(extractor["capabilities"]) == sorted(CAPABILITIES)


def test_example_is_valid_by_the_schema_of_meltano() -> None:
    output(str(loader_command(ORCHESTRATOR).with_name("python")), "-c", PROJECT_SCHEMA, str(EXAMPLE))


def loaded(database: Database, stream: str) -> list[Json]:
    """The rows of a stream in PostgreSQL."""
    return database.rows(f"SELECT * FROM incident.{stream}")  # noqa: S608 - our own names


def keys(stream: str, rows: list[Json]) -> list[tuple[str, ...]]:
    """The sorted keys of rows."""
    return sorted(key_of(stream, row) for row in rows)


@pytest.fixture
def nightly(project: Project, org: Organisation, postgres: Server) -> tuple[Database, dict[str, str]]:
    """A database, and the variables with which the schedule of the example loads into it."""
    database = postgres.create("meltano_nightly")
    at = {"PGHOST": postgres.host, "PGPORT": str(postgres.port), "PGUSER": postgres.user}
    environ = {**at, "PGPASSWORD": postgres.password, "PGDATABASE": database.name}
    return database, {**environ, "TAP_INCIDENT_REPLICATION_METHOD": "INCREMENTAL"}


def test_schedule_loads_into_postgresql_and_the_next_run_reads_what_changed(
    project: Project, org: Organisation, nightly: tuple[Database, dict[str, str]]
) -> None:
    database, variables = nightly
    with FakeApi(org) as api:
        port = int(api.url.rsplit(":", 1)[1])
        first = project.meltano(api, "schedule", "run", "nightly", **variables)
    assert first.returncode == 0, first.stderr[-5000:]
    for stream in DEFAULT:
        assert keys(stream, loaded(database, stream)) == keys(stream, there(org, stream)), stream
    with FakeApi(org, port=port) as api:
        second = project.meltano(api, "schedule", "run", "nightly", **variables)
    assert second.returncode == 0, second.stderr[-5000:]
    filtered = {request.path for request in api.requests if "updated_at" in str(request.params)}
    assert {"/v2/incidents", "/v2/alerts"} <= filtered
    for stream in DEFAULT:
        assert keys(stream, loaded(database, stream)) == keys(stream, there(org, stream)), stream
    assert KEY not in first.stdout + first.stderr + second.stdout + second.stderr


def test_definition_is_added_by_its_file(tap: Path, api: FakeApi, tmp_path: Path) -> None:
    assert tap.exists()
    (tmp_path / "bare.yml").write_text(
        "default_environment: prod\nenvironments:\n- name: prod\nvenv: {backend: virtualenv}\n"
    )
    project = project_with(tmp_path / "bare.yml", tmp_path)
    done = project.meltano(api, "add", "--from-ref", str(HUB), "tap-incident")
    assert done.returncode == 0, done.stdout + done.stderr
    (extractor,) = parsed(tmp_path / "meltano.yml")["plugins"]["extractors"]
    assert (extractor["name"], extractor["variant"]) == ("tap-incident", definition()["variant"])
    for key in ("settings", "capabilities"):
        assert extractor[key] == definition()[key]
    tested = project.meltano(api, "config", "test", "tap-incident")
    assert tested.returncode == 0, tested.stdout + tested.stderr
