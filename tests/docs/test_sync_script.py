"""examples/sync.sh: it keeps the state of interrupted runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.paths import REPOSITORY
from tests.support.runs import (
    KEY,
    Json,
    cursor,
    only,
    there,
)

SCRIPT = REPOSITORY / "examples" / "sync.sh"
# Keeps the alerts' ids, and prints each state once it has kept what came before.
TARGET = """\
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "RECORD":
        with open("ids", "a") as kept:
            print(message["record"]["id"], file=kept)
    elif message["type"] == "STATE":
        print(json.dumps(message["value"]), flush=True)
"""
FAILS = TARGET + "print('{\"half'); sys.exit(3)\n"
SILENT = "import sys; sys.stdin.read()"


def refused(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """Refuses all but the first page of alerts, for good."""
    return Fault(status=401) if path == "/v2/alerts" and "after" in params else None


def synced(folder: Path, port: int = 0, *, fault: bool = False, target: str = TARGET) -> int:
    """Run the script in `folder` against the stand-in, whose port it writes to `folder`/port; gives its exit code."""
    (folder / "config.json").write_text(json.dumps({"api_key": KEY}))
    (folder / "catalog.json").write_text(json.dumps(only("alerts")))
    tap = folder / "the tap"
    tap.write_text(f'#!/bin/sh\nexec {sys.executable} -m tap_incident "$@"\n')
    tap.chmod(0o755)
    with FakeApi(organisation(1), faults=refused if fault else None, port=port) as fake:
        (folder / "port").write_text(fake.url.rsplit(":", 1)[1])
        environ = {**os.environ, "TAP_INCIDENT": str(tap), "INCIDENT_ENDPOINT": fake.url}
        run = [str(SCRIPT), sys.executable, "-c", target]
        return subprocess.run(run, cwd=folder, env=environ, stderr=subprocess.DEVNULL, check=False).returncode


def port(folder: Path) -> int:
    """The port of the last run's stand-in: a state is only valid for the same address."""
    return int((folder / "port").read_text())


def state(folder: Path) -> Json:
    """What the next run will be given."""
    found: Json = json.loads((folder / "state.json").read_text())
    return found


def test_sync_script_resumes_an_interrupted_run(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert synced(folder, fault=True) == 1
    assert cursor(state(folder), "alerts")
    assert synced(folder, port(folder)) == 0
    assert state(folder) == {"bookmarks": {}}
    expected = sorted(row["id"] for row in there(organisation(1), "alerts"))
    assert sorted((folder / "ids").read_text().split()) == expected  # Each once: nothing lost, nothing read again.
    assert len(expected) > 100
    assert not (folder / "state.new").exists()


@pytest.mark.slow
def test_sync_script_keeps_the_state_when_the_target_fails(tmp_path: Path) -> None:
    assert synced(tmp_path, fault=True) == 1
    before = state(tmp_path)
    for target, code in ((FAILS, 3), (SILENT, 0)):
        assert synced(tmp_path, port(tmp_path), target=target) == code
        assert state(tmp_path) == before
