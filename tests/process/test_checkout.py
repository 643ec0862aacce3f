"""A checkout that is run without being installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tap_incident.about import FORMATS
from tests.support.paths import REPOSITORY


@pytest.mark.parametrize("form", FORMATS)
def test_about_works_in_a_checkout_that_is_not_installed(tmp_path: Path, form: str) -> None:
    for name in ("tap_incident", "schemas"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "tap_incident" not in path.name:
            (packages / path.name).symlink_to(path)
    # -S: do not search the packages of this environment, where the tap is installed.
    run = [sys.executable, "-S", "-m", "tap_incident", "--about", "--format", form]
    environ = {**os.environ, "PYTHONPATH": str(packages)}
    done = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0+checkout" in done.stdout
    assert "3.13" not in done.stdout
