"""The tap as users have it: built, installed, and run as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Run, bare, catalog_with, check, key_of, only, parsed, there


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def command(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The installed command, in an environment that has the wheel and, by path, what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    scripts = folder / "bin"
    (wheel,) = built.glob("*.whl")
    install = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install"]
    subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    # A path in a .pth file is searched, but the .pth files in it, such as that of the editable install, are not read.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return [str(scripts / "tap-incident")]


def environ(fake: FakeApi) -> dict[str, str]:
    """An environment with the stand-in's key and address, and the buffering that a user has."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**inherited, "INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url}


def test_sdist_and_wheel_have_all_schemas(built: Path) -> None:
    expected = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "schemas").rglob("*.json")}
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert expected <= {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {f"tap_incident/{name}" for name in expected} <= set(packed.namelist())
        assert not [name for name in packed.namelist() if name.startswith(("tests", "tools"))]


@pytest.mark.parametrize("how", ["installed", "editable", "checkout"])
def test_discovery_finds_its_schemas_wherever_it_runs_from(command: list[str], how: str, tmp_path: Path) -> None:
    run = command if how == "installed" else [sys.executable, "-m", "tap_incident"]
    folder = REPOSITORY if how == "checkout" else tmp_path
    done = subprocess.run([*run, "--discover"], cwd=folder, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == discover()
    assert done.stderr == ""


def test_discover_and_sync_as_in_the_readme(command: list[str], tmp_path: Path) -> None:
    org = organisation(40)
    with FakeApi(org) as fake:
        (tmp_path / "config.json").write_text(json.dumps({"api_key": KEY, "endpoint": fake.url}))
        script = "{0} --discover --config config.json > catalog.json && {0} --config config.json --catalog catalog.json"
        shell = ["bash", "-c", script.format(command[0])]
        done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, env=environ(fake), check=False)
    run = Run(done.returncode, parsed(done.stdout))
    assert run.code == 0
    check(run)
    for stream in STREAMS:
        if stream.selected_by_default:
            assert run.keys(stream.name) == Counter(key_of(stream.name, row) for row in there(org, stream.name))
    assert "CRITICAL" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("fault", [Fault(delay=30), Fault(status=429, headers={"Retry-After": "60"})])
def test_a_signal_ends_the_run_soon_with_the_last_state(
    command: list[str], tmp_path: Path, number: signal.Signals, code: int, fault: Fault
) -> None:
    waiting = tmp_path / "waiting"

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v2/alerts" and "after" in params:
            waiting.touch()
            return fault
        return None

    (tmp_path / "catalog.json").write_text(json.dumps(only("severities", "alerts")))
    with FakeApi(organisation(1), faults=faults) as fake:
        arguments = [*command, "--catalog", str(tmp_path / "catalog.json")]
        tap = start(arguments, fake)
        until(waiting.exists)
        began = time.monotonic()
        tap.send_signal(number)
        out, err = tap.communicate(timeout=20)
        took = time.monotonic() - began
    assert tap.returncode == code
    assert took < 5  # Two seconds are the aim; the machine may be busy.
    messages = parsed(out)
    assert messages[-1]["value"]["currently_syncing"] == "alerts"
    assert sum(message["type"] == "RECORD" for message in messages) == 4 + 50
    assert number.name in err.splitlines()[-1]
    assert "Traceback" not in err


def start(arguments: list[str], fake: FakeApi) -> subprocess.Popen[str]:
    """The tap under way."""
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True, env=environ(fake))


def until(condition: Any) -> None:
    """Wait for something that has to come."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_target_that_dies_ends_the_tap_quietly(command: list[str]) -> None:
    with FakeApi(organisation(120)) as fake:
        tap = start(command, fake)
        assert tap.stdout is not None
        assert tap.stderr is not None
        assert json.loads(tap.stdout.readline())["type"] == "SCHEMA"
        tap.stdout.close()
        err = tap.stderr.read()
        tap.stderr.close()
        assert tap.wait(20) == 1
    assert "Traceback" not in err
    assert "CRITICAL" not in err
    assert "Broken" not in err


def test_what_was_written_after_the_last_state_reaches_the_target_too(command: list[str]) -> None:
    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if path == "/v2/incidents" and "after" in params else None

    # Selected by default and not by name: the run ends well, with no STATE after the rows of the page that was held.
    kept = ("incidents", "actions")
    catalog = catalog_with(lambda name, about: about.update({} if name in kept else {"selected": False}))
    with FakeApi(organisation(500), faults=faults) as fake:
        done = subprocess.run(
            [*command, "--catalog", "/dev/stdin"],
            input=json.dumps(bare(catalog)),
            capture_output=True,
            text=True,
            env=environ(fake),
            check=False,
        )
    counted = json.loads(next(line for line in done.stderr.splitlines() if "record_count" in line).split("METRIC: ")[1])
    assert done.returncode == 0
    assert len(Run(0, parsed(done.stdout)).records("incidents")) == counted["value"] > 50


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
def test_a_full_disk_is_told_in_words(command: list[str], arguments: list[str]) -> None:
    with FakeApi(organisation(3)) as fake, Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=environ(fake), check=False
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "CRITICAL The messages can't be written (No space left on device). Fix that, and run again"
    )


def test_a_closed_stdout_is_told_in_words(command: list[str]) -> None:
    shell = ["bash", "-c", f"{command[0]} --discover >&-"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "CRITICAL The messages can't be written: stdout is closed. Fix that, and run again\n"


def test_an_error_does_not_wait_for_slow_answers(command: list[str]) -> None:
    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions":
            return Fault(status=422)
        return Fault(delay=30) if path == "/v1/incident_attachments" else None

    catalog = only("actions", "incident_attachments")
    with FakeApi(organisation(20), faults=faults) as fake:
        arguments = [*command, "--catalog", "/dev/stdin"]
        began = time.monotonic()
        done = subprocess.run(
            arguments, input=json.dumps(catalog), capture_output=True, text=True, env=environ(fake), check=False
        )
    assert done.returncode == 1
    assert time.monotonic() - began < 15
    assert done.stderr.splitlines()[-1].startswith("CRITICAL actions: GET /v3/actions: status 422")
