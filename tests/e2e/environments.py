"""Virtual environments, kept from run to run: one for each loader and one for the tap, none of them the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import REPOSITORY

from .loaders import REQUIREMENTS, Loader, Version

KEPT = REPOSITORY / ".e2e"
BUILD = REQUIREMENTS / "build.txt"
SECONDS = 300


class NoPython(Exception):
    """There is no interpreter that the loader runs on; the text says which it needs."""


def loader_command(loader: Loader) -> Path:
    """The loader's command, installed; made anew when its requirements or the interpreter have changed."""
    python = interpreter(*loader.pythons)
    if python is None:
        first, last = (".".join(map(str, version)) for version in loader.pythons)
        raise NoPython(f"{loader.name} needs a Python from {first} to {last}, on PATH or in ~/.pyenv/versions")
    mark = "\n".join([*python, BUILD.read_text(), loader.requirements.read_text()])
    installs = (("-r", str(BUILD)), ("--no-deps", "--no-build-isolation", "-r", str(loader.requirements)))
    return _environment(loader.name, python[0], mark, installs) / loader.command


def tap_command() -> Path:
    """The tap's command, built from the checkout and installed with its dependencies from the package index."""
    dist = KEPT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    # Not in isolation: what builds it is what the checkout was set up with.
    output(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(REPOSITORY))
    (wheel,) = dist.glob("*.whl")
    mark = sys.version + (REPOSITORY / "setup.py").read_text()
    scripts = _environment("tap-incident", sys.executable, mark, ((str(wheel),),))
    # The code may have changed where the dependencies have not.
    _install(scripts / "python", "--force-reinstall", "--no-deps", "--no-index", str(wheel))
    return scripts / "tap-incident"


def _environment(name: str, python: str, mark: str, installs: tuple[tuple[str, ...], ...]) -> Path:
    """The bin folder of environment `name`, made by `pip install` with each of `installs` unless it has this `mark`."""
    folder, ready = KEPT / name, KEPT / name / ".ready"
    if not ready.exists() or ready.read_text() != mark:
        shutil.rmtree(folder, ignore_errors=True)
        output(python, "-m", "venv", "--without-pip", str(folder))
        for arguments in installs:
            _install(folder / "bin" / "python", *arguments)
        ready.write_text(mark)
    return folder / "bin"


def _install(python: Path, *arguments: str) -> None:
    # One pip for all environments: to put one into each takes longer than all that it would install there.
    output(sys.executable, "-m", "pip", "--python", str(python), "install", *arguments)


def output(*command: str, seconds: int = SECONDS) -> str:
    """What a command prints that has to end well, within `seconds`."""
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environ, timeout=seconds, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def interpreter(first: Version, last: Version) -> tuple[str, str] | None:
    """(path, version) of this interpreter if it will do, else of another one of the machine."""
    for candidate in _candidates(first, last):
        probe = [candidate, "-c", "import sys; print(*sys.version_info[:3])"]
        # A shim of pyenv may be there for a version that is not switched on: it fails.
        done = subprocess.run(probe, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0 and first <= tuple(map(int, done.stdout.split()[:2])) <= last:
            return candidate, done.stdout
    return None


def _candidates(first: Version, last: Version) -> Iterator[str]:
    yield sys.executable
    for minor in range(last[1], first[1] - 1, -1):
        found = shutil.which(f"python{last[0]}.{minor}")
        if found:
            yield found
        yield from map(str, Path.home().glob(f".pyenv/versions/{last[0]}.{minor}.*/bin/python"))
