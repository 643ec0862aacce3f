"""make matrix: how it finds each Python, and what it copies for the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tap_incident.about import about
from tools import matrix


def script(path: Path, text: str) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_matrix_skips_a_python_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = script(tmp_path / "shims" / "python3.98", "exit 127")
    good = script(tmp_path / ".pyenv" / "versions" / "3.98.1" / "bin" / "python", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", str(shim.parent), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert matrix.interpreter("3.98") == str(good)
    good.write_text("#!/bin/sh\nexit 1\n")
    assert matrix.interpreter("3.98") is None


def test_matrix_prints_missing_versions_and_fails_without_any(tmp_path: Path) -> None:
    environ = {**os.environ, "HOME": str(tmp_path), "PATH": str(tmp_path)}
    run = [sys.executable, "-m", "tools.matrix"]
    done = subprocess.run(run, cwd=matrix.REPOSITORY, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    missing = [line.split("  MISSING:")[0] for line in done.stdout.splitlines()]
    assert missing == about()["supported_python_versions"]


@pytest.mark.slow
def test_matrix_copies_all_that_the_unit_tests_need(tmp_path: Path) -> None:
    matrix.copied(tmp_path / "work")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["pyproject.toml", "schemas", "tests"]
    modules = [path.relative_to(tmp_path / "work") for path in (tmp_path / "work" / "tests").rglob("test_*.py")]
    assert Path("tests/unit/api/test_client.py") in modules
    imports = [f"import {'.'.join(module.with_suffix('').parts)}" for module in modules]
    # PYTHONSAFEPATH is not set: -c puts the working directory first, before the checkout of an editable install.
    command = [sys.executable, "-c", "\n".join(["import tests.conftest", *imports])]
    done = subprocess.run(command, cwd=tmp_path / "work", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
