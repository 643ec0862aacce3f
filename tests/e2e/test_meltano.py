"""Meltano with examples/meltano.yml. Its catalogs deselect keys, and it keeps no state but the last."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.faults import after_first_page, cursors, port_of
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Json, key_of, there
from tools.hub import definition, tap_part

from .loaders import KEPT, ORCHESTRATOR, ended, loader_command, output
from .pages import DEFAULT

HUB = REPOSITORY / "meltano" / "tap-incident.yml"
EXAMPLE = REPOSITORY / "examples" / "meltano.yml"


@dataclass(frozen=True)
class Project:
    """A folder with the example, installed. `loaded` is where the next run loads to, and what its state is known by."""

    folder: Path
    wheel: Path
    loaded: Path

    def meltano(self, api: FakeApi | None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Meltano."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_"))}
        environ |= {
            "TAP_INCIDENT_WHEEL": str(self.wheel),
            "TAP_INCIDENT_API_KEY": KEY,
            # The example says INCREMENTAL.
            "TAP_INCIDENT_REPLICATION_METHOD": "FULL_TABLE",
            "TARGET_JSONL_DESTINATION_PATH": str(self.loaded),
        }
        if api:
            # Who would be asked for definitions, or be told of the use, is the stand-in too: it has a list of requests.
            others = {"MELTANO_HUB_URL": api.url, "MELTANO_SNOWPLOW_COLLECTOR_ENDPOINTS": json.dumps([api.url])}
            # As the sample organisation prints it.
            environ |= {"INCIDENT_ENDPOINT": api.url, **others}
        return ended(loader_command(ORCHESTRATOR), *arguments, cwd=self.folder, env={**environ, **variables})

    def run(self, api: FakeApi, **variables: str) -> subprocess.CompletedProcess[str]:
        """Load once more, with a catalog of this run's own."""
        always = ("--refresh-catalog", "--state-id-suffix", self.loaded.name)
        return self.meltano(api, "run", *always, "tap-incident", "target-jsonl", **variables)

    def state(self) -> Json:
        """The state that Meltano keeps."""
        name = f"prod:tap-incident-to-target-jsonl:{self.loaded.name}"
        found: Json = json.loads(self.meltano(None, "state", "get", name).stdout)
        return dict(found["singer_state"])

    def rows(self, stream: str) -> list[Json]:
        """What was loaded."""
        return [json.loads(line) for line in (self.loaded / f"{stream}.jsonl").read_text("utf-8").splitlines()]


def project_with(meltano_yml: Path, folder: Path) -> Project:
    """A project with this file, for the tap from the wheel."""
    shutil.copy(meltano_yml, folder / "meltano.yml")
    (wheel,) = (KEPT / "dist").glob("*.whl")
    return Project(folder, wheel, folder)


@pytest.fixture(scope="session")
def installed(tap: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of Meltano with the example and the tap from the wheel."""
    assert tap.exists()
    project = project_with(EXAMPLE, tmp_path_factory.mktemp("meltano"))
    done = project.meltano(None, "install")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(installed: Project, tmp_path: Path) -> Project:
    """The project with an empty place to load to, and no state."""
    return replace(installed, loaded=tmp_path)


def ran(project: Project, api: FakeApi, **variables: str) -> None:
    """A run that ends well."""
    done = project.run(api, **variables)
    assert done.returncode == 0, done.stderr[-5000:]
    assert KEY not in done.stdout + done.stderr


def test_a_refused_run_is_resumed_and_nothing_is_lost(project: Project, org: Organisation) -> None:
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=401))) as api:
        port = port_of(api)
        assert project.run(api).returncode == 1
    assert cursors(project.state(), "alerts")
    assert len(project.rows("alerts")) < len(there(org, "alerts"))
    with FakeApi(org, port=port) as api:
        ran(project, api)
        # Nothing but what the tap asks: Meltano neither asks its hub nor tells of its use.
        assert {request.path for request in api.requests} <= {"/v1/identity", *(stream.path for stream in STREAMS)}
    for stream in DEFAULT:
        found = {key_of(stream, row) for row in project.rows(stream)}
        assert found == {key_of(stream, row) for row in there(org, stream)}, stream
    assert len(project.rows("alerts")) == len(there(org, "alerts"))
    assert project.state() == {"bookmarks": {}}


def values(row: Json, *names: str) -> list[str]:
    """What a row has under these names, at every depth."""
    found = [str(value) for name, value in row.items() if name in names and value]
    inner = [part for value in row.values() for part in (value if isinstance(value, list) else [value])]
    return found + [each for part in inner if isinstance(part, dict) for each in values(part, *names)]


def test_rules_select_streams_and_fields_at_every_depth_and_keys_always_come(
    project: Project, api: FakeApi, org: Organisation
) -> None:
    rules = ["severities.name", "users.*", "incidents.*", "!incidents.*_at", "!*.*email", "!incidents.updates*updater"]
    ran(project, api, TAP_INCIDENT__SELECT=json.dumps(rules))
    assert sorted(path.stem for path in project.loaded.iterdir()) == ["incidents", "severities", "users"]
    assert {tuple(row) for row in project.rows("severities")} == {("id", "name")}
    (columns,) = {frozenset(row) for row in project.rows("incidents")}
    assert {"id", "name", "updates"} < columns
    assert not {"created_at", "updated_at"} & columns
    for stream in ("incidents", "users"):
        assert any(values(row, "email") for row in there(org, stream)), stream
        assert not any(values(row, "email") for row in project.rows(stream)), stream
    updates = [update for row in project.rows("incidents") for update in row["updates"]]
    assert updates
    assert all("message" in update and "updater" not in update for update in updates)


def test_settings_come_as_the_texts_of_variables(project: Project, api: FakeApi) -> None:
    texts = {"TAP_INCIDENT_EXCLUDE_PERSONAL_DATA": "true", "TAP_INCIDENT_REQUEST_TIMEOUT": "60.5"}
    ran(project, api, **texts, TAP_INCIDENT__SELECT=json.dumps(["users.*", "incidents.*"]))
    assert not any(values(row, "email", "slack_user_id") for row in project.rows("incidents"))
    assert all(row["id"] and "name" not in row for row in project.rows("users"))
    done = project.meltano(api, "config", "test", "tap-incident")
    assert (done.returncode, "Plugin configuration is valid" in done.stdout + done.stderr) == (0, True), done.stderr


def test_log_lines_arrive_with_their_level(project: Project, org: Organisation) -> None:
    with FakeApi(org, denied={"users.view"}) as api:
        done = project.run(api)
        assert done.returncode == 1
        assert re.search(r"\[warning +\].* users: skipped: the key lacks the permission users\.view", done.stderr)
        assert re.search(r"\[critical +\].* The key may not read all that is selected: users", done.stderr)
        done = project.run(api, TAP_INCIDENT_API_KEY="wrong")
    assert re.search(r"\[critical +\].* status 401", done.stderr)


def parsed(path: Path) -> Any:
    """The value of a YAML file, as Meltano's own parser reads it."""
    python = loader_command(ORCHESTRATOR).with_name("python")
    script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    return json.loads(output(str(python), "-c", script, str(path)))


def test_definition_has_the_values_of_the_tap_and_is_added_by_its_file(tap: Path, api: FakeApi, tmp_path: Path) -> None:
    assert tap.exists()
    assert parsed(HUB) == definition()
    (extractor,) = parsed(EXAMPLE)["plugins"]["extractors"]
    assert extractor.items() >= tap_part().items()
    (tmp_path / "bare.yml").write_text(
        "default_environment: prod\nenvironments:\n- name: prod\nvenv: {backend: virtualenv}\n"
    )
    project = project_with(tmp_path / "bare.yml", tmp_path)
    done = project.meltano(api, "add", "--from-ref", str(HUB), "tap-incident")
    assert done.returncode == 0, done.stdout + done.stderr
    tested = project.meltano(api, "config", "test", "tap-incident")
    assert tested.returncode == 0, tested.stdout + tested.stderr
