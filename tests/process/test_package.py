"""The package as users have it: built, installed, and run as a command."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tap_incident.protocol.catalog import discover
from tests.support.paths import REPOSITORY

pytestmark = pytest.mark.slow


def installed(wheel: Path, folder: Path) -> str:
    """The command, in an environment with the wheel and the path of its dependencies."""
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    # Python searches a path in a .pth file, but does not read the .pth files there, such as the editable install's.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(folder / "bin" / "tap-incident")


def test_sdist_and_wheel_have_all_schemas_and_the_command_finds_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    expected = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "schemas").rglob("*.json")}
    (sdist,) = tmp_path.glob("dist/*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert expected <= {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    (wheel,) = tmp_path.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {f"tap_incident/{name}" for name in expected} <= set(packed.namelist())
        assert not [name for name in packed.namelist() if name.startswith(("tests", "tools"))]
    for command in ([installed(wheel, tmp_path / "venv")], [sys.executable, "-m", "tap_incident"]):
        done = subprocess.run([*command, "--discover"], cwd=tmp_path, check=True, capture_output=True, text=True)
        assert (json.loads(done.stdout), done.stderr) == (discover(), "")
