"""The package as users have it: built, installed, and run as a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, organisation
from tests.support.paths import REPOSITORY
from tests.support.processes import environ
from tests.support.runs import KEY, Run, check, key_of, parsed, there


@pytest.mark.slow
def test_sdist_and_wheel_have_all_schemas(built: Path) -> None:
    expected = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "schemas").rglob("*.json")}
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert expected <= {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {f"tap_incident/{name}" for name in expected} <= set(packed.namelist())
        assert not [name for name in packed.namelist() if name.startswith(("tests", "tools"))]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["installed", "editable", "checkout"])
def test_discover_finds_the_schemas_wherever_it_runs(command: list[str], how: str, tmp_path: Path) -> None:
    run = command if how == "installed" else [sys.executable, "-m", "tap_incident"]
    folder = REPOSITORY if how == "checkout" else tmp_path
    done = subprocess.run([*run, "--discover"], cwd=folder, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == discover()
    assert done.stderr == ""


def test_discover_finds_the_schemas_in_a_wheel_that_is_only_on_the_path(tmp_path: Path) -> None:
    wheel = tmp_path / "tap_incident-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for folder, inside in (("tap_incident", "."), ("schemas", "tap_incident")):
            for file in (REPOSITORY / folder).rglob("*.*"):
                packed.write(file, Path(inside) / file.relative_to(REPOSITORY))
    show = "import sys, tap_incident; print(tap_incident.__file__, file=sys.stderr); tap_incident.main(['--discover'])"
    done = subprocess.run(
        [sys.executable, "-c", show],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr.startswith(str(wheel))
    assert json.loads(done.stdout) == discover()


@pytest.mark.slow
def test_discover_and_sync_as_in_the_readme(command: list[str], tmp_path: Path) -> None:
    org = organisation(12)
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
