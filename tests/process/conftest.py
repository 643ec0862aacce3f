"""The package, built and installed once per test run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

Make = Callable[[Path], object]


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Make) -> Path:
    """A folder that `make` fills once per test run, also where several pytest-xdist workers want it."""
    workers = tmp_path_factory.getbasetemp()
    shared = workers.parent if "PYTEST_XDIST_WORKER" in os.environ else workers
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from it."""

    def build(folder: Path) -> None:
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
        subprocess.run(command, check=True, capture_output=True)

    return once(tmp_path_factory, "dist", build)


@pytest.fixture(scope="session")
def command(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The installed command, in an environment with the wheel and the path of its dependencies."""

    def install(folder: Path) -> None:
        venv.create(folder, with_pip=False)
        (wheel,) = built.glob("*.whl")
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
        subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
        # Python searches a path in a .pth file, but does not read the .pth files there, such as the editable install's.
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    return [str(once(tmp_path_factory, "installed", install) / "bin" / "tap-incident")]
