"""The shell commands of the pages in docs/, run as they stand there in a copy of the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY

from .loaders import KEPT, bin_folder, ended, interpreter, output

DOCS = REPOSITORY / "docs"
# The home folder of the commands. Their environments stay there from run to run.
HOME = KEPT / "home"
BASH = shutil.which("bash") or "bash"
DEFAULT = sorted(stream.name for stream in STREAMS if stream.selected_by_default)


def commands(page: Path, language: str = "sh") -> list[str]:
    """The page's blocks of code in this language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, page
    return found


def copied(folder: Path) -> Path:
    """`folder` with a copy of the checkout, since the commands leave files behind."""
    ignored = shutil.ignore_patterns(".*", "build", "dist", "output", "*.egg-info", "__pycache__")
    shutil.copytree(REPOSITORY, folder, ignore=ignored)
    # make would install all that development needs once more.
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    # The environments stay, but not what other runs have loaded.
    for made in ("incident", "incident-meltano"):
        shutil.rmtree(HOME / made, ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    return folder


def with_dbt(folder: Path) -> None:
    """The copy of the checkout with dbt."""
    bin_folder()
    (folder / ".dbt").symlink_to(REPOSITORY / ".dbt")


def environment(variables: Mapping[str, str], paths: tuple[str, ...] = ()) -> dict[str, str]:
    """This environment without what would set up the tap or Meltano, and with `variables`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("INCIDENT_", "TAP_", "TARGET_", "MELTANO_"))
    }
    path = os.pathsep.join([*paths, str(Path(sys.executable).parent), kept["PATH"]])
    return {**kept, "HOME": str(HOME), "PIP_QUIET": "1", "PATH": path, **variables}


def shell(script: str, folder: Path, variables: Mapping[str, str], paths: tuple[str, ...] = ()) -> list[str]:
    """The lines that a script prints. The key is typed at its start, and each command has to end well."""
    for minor in sorted(set(map(int, re.findall(r"\bpython3\.(\d+)", script)))):
        found = interpreter(minor, minor)
        if found is None:
            pytest.skip(f"there is no Python 3.{minor}")
        paths = (*paths, str(Path(found).parent))
    run = (BASH, "-e", "-o", "pipefail", "-c", script)
    return output(*run, cwd=folder, env=environment(variables, paths), input=f"{KEY}\n").splitlines()


def by_cron(line: str, variables: Mapping[str, str]) -> int:
    """The exit code of the command in a line for crontab, run as cron does: with few variables."""
    environ = {"HOME": str(HOME), "PATH": "/usr/bin:/bin", **variables}
    return ended("/bin/sh", "-c", line.split(maxsplit=5)[5], cwd="/", env=environ).returncode


def at(api: FakeApi) -> dict[str, str]:
    """The variable that makes the tap read the stand-in."""
    return {"INCIDENT_ENDPOINT": api.url}


def finished(folder: Path) -> bool:
    """Whether the state in the folder is that of a complete run."""
    return bool(json.loads((folder / "state.json").read_text().splitlines()[-1]) == {"bookmarks": {}})
