"""The loaders, virtual environments for them and for the tap that are kept from run to run, and runs of both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fake_api import FakeApi
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, Json, Run, check

KEPT = REPOSITORY / ".e2e"
REQUIREMENTS = Path(__file__).parent / "requirements"
BUILD = REQUIREMENTS / "build.txt"
SECONDS = 400


@dataclass(frozen=True)
class Loader:
    """A program that the tap's messages are piped into; `requirements/NAME.txt` pins it with all that it needs."""

    name: str
    command: str
    """In the bin folder of its environment."""
    pythons: tuple[int, int] = (10, 13)
    """The first and the last minor version of Python 3 that it runs on."""
    built: str = ""
    """A requirement that is only built with tools of its own, which pip installs for that."""

    @property
    def requirements(self) -> Path:
        """File for `pip install --no-deps -r`."""
        return REQUIREMENTS / f"{self.name}.txt"


MELTANO = Loader("meltanolabs-target-postgres", "target-postgres")
PIPELINEWISE = Loader("pipelinewise-target-postgres", "target-postgres")
DUCKDB = Loader("target-duckdb", "target-duckdb")
# No loader, but a program with requirements of its own too: it runs the tap and a loader.
ORCHESTRATOR = Loader("meltano", "meltano", (11, 13))
# No loader either: the vendor's client for the API, which reads the stand-in.
VENDOR = Loader("incident-io", "python", (11, 13))
# For what models/ are in warehouses: dbt's adapters with an emulator of Snowflake, and a loader's types in BigQuery.
WAREHOUSES = Loader("dbt-warehouses", "python", (11, 13))
BIGQUERY = Loader("z3-target-bigquery", "python", (11, 11), "pendulum==2.1.2")
# What getting-started.md installs the tap with.
PIPX, UV = (Loader("installers", name) for name in ("pipx", "uv"))


def loader_command(loader: Loader) -> Path:
    """The loader's command, installed; made anew when its requirements or the interpreter have changed."""
    python = interpreter(*loader.pythons)
    if python is None:
        first, last = loader.pythons
        pytest.skip(f"{loader.name} needs a Python from 3.{first} to 3.{last}, on PATH or in ~/.pyenv/versions")
    mark = "\n".join([python, BUILD.read_text(), loader.requirements.read_text()])
    built = (("--no-deps", loader.built),) if loader.built else ()
    pinned = ("--no-deps", "--no-build-isolation", "-r", str(loader.requirements))
    installs = (("-r", str(BUILD)), *built, pinned)
    return _environment(loader.name, python, mark, installs) / loader.command


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


def ended(*command: str | Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    """What became of a command, with `settings` for subprocess.run."""
    given = {"timeout": SECONDS, "capture_output": True, "text": True, "encoding": "utf-8", **settings}
    return subprocess.run([str(part) for part in command], check=False, **given)


def output(*command: str | Path, **settings: Any) -> str:
    """What a command prints that has to end well; in the repository, unless `settings` say otherwise."""
    environ = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = ended(*command, **{"cwd": REPOSITORY, "env": environ, **settings})
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-5000:]}"
    return done.stdout


@cache
def bin_folder() -> Path:
    """The bin folder of dbt's environment, as `make models` has it, made if need be."""
    output("make", "--no-print-directory", ".dbt/.ready")
    return REPOSITORY / ".dbt" / "bin"


def ask_duckdb(sql: str, before: str) -> list[Json]:
    """The rows of a query as JSON, in a DuckDB without a file, after the SQL in `before`."""
    with duckdb.connect() as database:
        database.execute(before)
        answer = database.execute(sql)
        columns = [column[0] for column in answer.description]
        rows = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    found: list[Json] = json.loads(json.dumps(rows, default=_plain))
    return found


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True)
class DuckFile:
    """A file of DuckDB."""

    path: Path

    def rows(self, sql: str, schema: str = "main") -> list[Json]:
        """The rows of a query with the tables of a schema."""
        return ask_duckdb(sql, f"ATTACH '{self.path}' AS file (READ_ONLY); USE file.{schema}")


def interpreter(first: int, last: int) -> str | None:
    """The path of this interpreter, or else of another one on the machine, if it is Python 3.`first` to 3.`last`."""
    candidates = [sys.executable]
    for minor in range(last, first - 1, -1):
        candidates += filter(None, [shutil.which(f"python3.{minor}")])
        candidates += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
    for candidate in candidates:
        # A shim of pyenv may be there for a version that is not switched on: it fails.
        done = ended(candidate, "-c", "import sys; print(sys.version_info.minor)")
        if done.returncode == 0 and first <= int(done.stdout) <= last:
            return candidate
    return None


@dataclass(frozen=True)
class Piped:
    """What the tap wrote, and what came of it."""

    run: Run
    """Messages with their numbers as they were written: those with a point or an exponent are Decimal."""
    target_code: int
    printed: str
    """The target's stdout."""
    said: str
    """Both programs' stderr."""

    def loaded(self) -> Piped:
        """Itself, if both programs ended well and the last state that the target printed is the tap's last."""
        assert (self.run.code, self.target_code) == (0, 0), self.said[-5000:]
        check(self.run)
        assert json.loads(self.printed.splitlines()[-1]) == self.run.states()[-1]
        return self


def exact(text: str) -> Any:
    """JSON with numbers as they are written, and not as a float has them."""
    return json.loads(text, parse_float=Decimal)


def pipe(tap: Sequence[str], target: Sequence[str], api: FakeApi, folder: Path) -> Piped:
    """Run the tap against `api`, then the target on what the tap wrote; both in `folder`."""
    environ = {**os.environ, "INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": api.url}
    source = ended(*tap, env=environ, cwd=folder)
    sink = ended(*target, input=source.stdout, cwd=folder)
    run = Run(source.returncode, [exact(line) for line in source.stdout.split("\n")[:-1]])
    return Piped(run, sink.returncode, sink.stdout, source.stderr + sink.stderr)
