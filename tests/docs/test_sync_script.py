"""examples/sync.sh: it keeps the state of interrupted runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.support.faults import after_first_page, cursors, port_of
from tests.support.paths import REPOSITORY
from tests.support.runs import KEY, only, there

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


def synced(folder: Path, port: int = 0, *, faults: Faults | None = None, target: str = TARGET) -> tuple[int, int]:
    """Run the script in `folder` against the stand-in; gives its exit code and the stand-in's port."""
    (folder / "config.json").write_text(json.dumps({"api_key": KEY}))
    (folder / "catalog.json").write_text(json.dumps(only("alerts")))
    tap = folder / "the tap"
    tap.write_text(f'#!/bin/sh\nexec {sys.executable} -m tap_incident "$@"\n')
    tap.chmod(0o755)
    with FakeApi(organisation(1), faults=faults, port=port) as fake:
        environ = {**os.environ, "TAP_INCIDENT": str(tap), "INCIDENT_ENDPOINT": fake.url}
        run = [str(SCRIPT), sys.executable, "-c", target]
        done = subprocess.run(run, cwd=folder, env=environ, stderr=subprocess.DEVNULL, check=False)
        return done.returncode, port_of(fake)


def test_sync_script_resumes_an_interrupted_run_and_keeps_its_state_when_the_target_fails(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    code, port = synced(folder, faults=after_first_page("/v2/alerts", Fault(status=401)))
    state = (folder / "state.json").read_text()
    assert (code, bool(cursors(json.loads(state), "alerts"))) == (1, True)
    before = (folder / "ids").read_text()
    for target, wanted in ((FAILS, 3), (SILENT, 0)):
        assert synced(folder, port, target=target)[0] == wanted
        assert (folder / "state.json").read_text() == state
    (folder / "ids").write_text(before)
    assert synced(folder, port)[0] == 0
    assert json.loads((folder / "state.json").read_text()) == {"bookmarks": {}}
    expected = sorted(row["id"] for row in there(organisation(1), "alerts"))
    assert sorted((folder / "ids").read_text().split()) == expected  # Each once: nothing lost, nothing read again.
    assert len(expected) > 100
