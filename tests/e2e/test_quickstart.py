"""docs/quickstart.md: its shell commands, run as they stand there, with the stand-in in the API's place."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Json, key_of, there
from tools.readme import QUICKSTART, README

from .environments import KEPT, interpreter
from .postgres import Server

HOME = KEPT / "home"
SECONDS = 400
BASH, FLOCK = (shutil.which(name) or name for name in ("bash", "flock"))
DEFAULT = sorted(stream.name for stream in STREAMS if stream.selected_by_default)


def fenced(heading: str, language: str = "sh", page: Path = QUICKSTART) -> list[str]:
    """The page's blocks of code in this language below a heading."""
    _, _, after = page.read_text("utf-8").partition(f"\n## {heading}\n")
    found = re.findall(rf"^```{language}\n(.*?)^```$", after.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    assert found, heading
    return found


INSTALL, KEY_TYPED, LOOK = fenced("The tap")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, since installing leaves things behind; with the tap installed from it at HOME."""
    folder = tmp_path_factory.mktemp("quick") / "start"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "output", "*.egg-info", "__pycache__")
    shutil.copytree(REPOSITORY, folder, ignore=ignored)
    # For make dist, which would install all that development needs once more.
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    # The environments of targets and of Meltano are kept; these would be of another version, or of another run.
    for made in (".venvs/tap-incident", "incident", "incident-meltano"):
        shutil.rmtree(HOME / made, ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    shell(INSTALL, folder, {})
    return folder


def shell(script: str, folder: Path, variables: Mapping[str, str]) -> list[str]:
    """The lines that a script prints, with the key typed at its start; every command in it has to end well."""
    paths = [str(Path(sys.executable).parent)]
    for minor in sorted(set(map(int, re.findall(r"\bpython3\.(\d+)", script)))):
        found = interpreter((3, minor), (3, minor))
        if found is None:
            pytest.skip(f"there is no Python 3.{minor}")
        paths.append(str(Path(found[0]).parent))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INCIDENT_", "MELTANO_"))}
    environ |= {"HOME": str(HOME), "PIP_QUIET": "1", "PATH": os.pathsep.join([*paths, environ["PATH"]]), **variables}
    done = subprocess.run(
        [BASH, "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environ,
        input=f"{KEY}\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
    return done.stdout.splitlines()


def started(heading: str, folder: Path, api: FakeApi, **variables: str) -> list[str]:
    """What the commands below a heading print, after the key was typed."""
    return shell(KEY_TYPED + "".join(fenced(heading)), folder, {"INCIDENT_ENDPOINT": api.url, **variables})


def finished(folder: Path) -> bool:
    """Whether the state kept is that of a run that is complete."""
    return bool(json.loads((folder / "state.json").read_text().splitlines()[-1]) == {"bookmarks": {}})


def test_the_tap_alone(checkout: Path, api: FakeApi, org: Organisation) -> None:
    *_, count = shell(KEY_TYPED + LOOK, checkout, {"INCIDENT_ENDPOINT": api.url})
    assert int(count) == sum(len(there(org, stream)) for stream in DEFAULT)


def test_the_readme(checkout: Path, api: FakeApi) -> None:
    shell("".join(fenced("First sync", page=README)), checkout, {"INCIDENT_ENDPOINT": api.url})
    assert sorted(path.name.split("-")[0] for path in checkout.glob("*.jsonl")) == DEFAULT
    assert finished(checkout)


@pytest.mark.usefixtures("checkout")
def test_target_jsonl(tmp_path: Path, api: FakeApi) -> None:
    assert [name.split("-")[0] for name in started("target-jsonl", tmp_path, api)] == DEFAULT
    assert finished(tmp_path)


@pytest.mark.usefixtures("checkout")
def test_target_csv(tmp_path: Path, api: FakeApi) -> None:
    listed = [line for line in started("target-csv", tmp_path, api) if line.endswith(".csv")]
    assert [name.split("-")[0] for name in listed] == [
        *("alert_attributes", "alerts", "incident_roles", "incident_statuses", "incident_types", "severities")
    ]
    assert finished(tmp_path)


@pytest.mark.usefixtures("checkout")
def test_postgresql(tmp_path: Path, api: FakeApi, org: Organisation, postgres: Server) -> None:
    database = postgres.create("quickstart")
    at = {"PGHOST": postgres.host, "PGPORT": str(postgres.port), "PGUSER": postgres.user, "PGDATABASE": database.name}
    printed = started("PostgreSQL", tmp_path, api, PGPASSWORD=postgres.password, **at)
    counts = [int(line.split("|")[1]) for line in printed if re.fullmatch(r".*\| +\d+", line)]
    assert sum(counts) == len(there(org, "incidents"))
    assert len(counts) > 2
    assert finished(tmp_path)


@pytest.mark.usefixtures("checkout")
def test_duckdb(tmp_path: Path, api: FakeApi, org: Organisation) -> None:
    printed = started("DuckDB", tmp_path, api)
    counts = [int(found[1]) for line in printed if (found := re.search(r"│ +(\d+) │$", line))]
    assert sum(counts) == len(there(org, "incidents"))
    assert len(counts) > 2
    assert finished(tmp_path)


def refused(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """Refuses all but the first page of alerts, for good."""
    return Fault(status=401) if path == "/v2/alerts" and "after" in params else None


@pytest.fixture
def scheduled(checkout: Path, org: Organisation) -> Iterator[tuple[str, Path]]:
    """The command of cron's line, and its folder."""
    with FakeApi(org) as api:
        started("cron", checkout, api)
    (line,) = fenced("cron", "crontab")
    yield line.split(maxsplit=5)[5], HOME / "incident"


def by_cron(command: str, api: FakeApi) -> int:
    """The exit code of a command that is run as cron does, with as good as no variables."""
    environ = {"HOME": str(HOME), "PATH": "/usr/bin:/bin", "INCIDENT_ENDPOINT": api.url}
    return subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environ, timeout=SECONDS, check=False).returncode


def loaded(folder: Path, stream: str) -> list[Json]:
    """The rows of all runs, as target-jsonl has written them."""
    files = folder.glob(f"{stream}-*.jsonl")
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def test_cron_goes_on_where_the_run_before_was_refused(scheduled: tuple[str, Path], org: Organisation) -> None:
    command, folder = scheduled
    with FakeApi(org, faults=refused) as api:
        port = int(api.url.rsplit(":", 1)[1])
        assert by_cron(command, api) == 1
    assert json.loads((folder / "state.json").read_text())["bookmarks"]["alerts"]["after"]
    with FakeApi(org, port=port) as api:
        assert by_cron(command, api) == 0
    assert finished(folder)
    for stream in DEFAULT:
        expected = {key_of(stream, row) for row in there(org, stream)}
        assert {key_of(stream, row) for row in loaded(folder, stream)} == expected, stream
    assert len(loaded(folder, "alerts")) == len(there(org, "alerts"))
    assert "401" in (folder / "sync.log").read_text()


def test_cron_leaves_out_a_run_while_another_is_going(scheduled: tuple[str, Path], org: Organisation) -> None:
    command, folder = scheduled
    with FakeApi(org) as api, subprocess.Popen([FLOCK, "lock", "cat"], cwd=folder, stdin=subprocess.PIPE) as other:
        while subprocess.run([FLOCK, "-n", "lock", "true"], cwd=folder, check=False).returncode == 0:
            assert other.poll() is None
        assert by_cron(command, api) == 1
        assert api.requests == []
        assert other.stdin is not None
        other.stdin.close()


def test_meltano(checkout: Path, api: FakeApi) -> None:
    # The file says which endpoint, so that only Meltano's own variable changes it.
    variables = {"TAP_INCIDENT_ENDPOINT": api.url}
    variables["MELTANO_HUB_URL"] = "http://127.0.0.1:9"  # Nobody is there: it must not be asked.
    printed = started("Meltano", checkout, api, **variables)
    assert printed[-len(DEFAULT) :] == [f"{stream}.jsonl" for stream in DEFAULT]
