"""make run with config.json and with a key in the environment; tests/e2e run it with the sample organisation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi, sample_organisation
from tests.support.paths import REPOSITORY

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("INCIDENT_", "TAP_INCIDENT_"))}


def run(folder: Path, variables: Mapping[str, str], code: int = 0) -> subprocess.CompletedProcess[str]:
    """Make run in a folder, with these variables."""
    environ = {**CLEAN, "PYTHONPATH": str(REPOSITORY), **variables}
    command = [sys.executable, "-m", "tools.run"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr[-2000:]
    return done


def noted(folder: Path) -> Any:
    """What the run says of itself."""
    return json.loads((folder / "output" / "run.json").read_text())


@contextmanager
def serving(**settings: Any) -> Iterator[dict[str, str]]:
    """The variables with which the tap finds a small organisation."""
    with FakeApi(sample_organisation(5, now=datetime.now(timezone.utc)), key="mine", **settings) as api:
        yield {"INCIDENT_API_KEY": "mine", "INCIDENT_ENDPOINT": api.url}


def test_make_run_reads_with_the_key_in_the_environment_and_notes_what(tmp_path: Path) -> None:
    with serving(denied=["escalations.view"]) as variables:
        done = run(tmp_path, variables)
    assert "Reading incident.io with the key in INCIDENT_API_KEY" in done.stdout
    said = noted(tmp_path)
    assert (said["sample"], said["exit_code"], said["streams"]["incidents"]) == (False, 0, 5)
    assert said["organisation"]["dashboard_url"].startswith("https://")
    assert said["missing"] == {"escalations": "escalations.view"}
    assert datetime.fromisoformat(said["began"]) <= datetime.now(timezone.utc)


def test_make_run_removes_what_another_organisation_left_and_keeps_its_rows(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    for name in ("follow_ups.jsonl", "escalations.jsonl", "kept.txt"):
        (tmp_path / "output" / name).write_text("of another organisation\n")
    with serving() as variables:
        variables["TAP_INCIDENT_STREAMS"] = "incidents"
        run(tmp_path, variables)
        left = sorted(path.name for path in (tmp_path / "output").iterdir())
        assert left == ["incidents.jsonl", "kept.txt", "run.json", "state.json"]
        assert noted(tmp_path)["streams"] == {"incidents": 5}
        # A wrong key takes nothing away.
        (tmp_path / "config.json").write_text('{"api_key": "wrong"}')
        said = run(tmp_path, {**variables, "INCIDENT_API_KEY": ""}, code=1)
    assert "Reading incident.io with config.json" in said.stdout
    assert len((tmp_path / "output" / "incidents.jsonl").read_text().splitlines()) == 5
