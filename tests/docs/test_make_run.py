"""make run: it writes one file per stream, with a config.json or without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tap_incident.streams import STREAMS
from tests.support.paths import REPOSITORY


@pytest.mark.slow
def test_make_run_writes_one_file_per_stream(tmp_path: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("INCIDENT_")}
    environ["PYTHONPATH"] = str(REPOSITORY)
    run = [sys.executable, "-m", "tools.run"]
    done = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert "sample organisation" in done.stdout
    for stream in STREAMS:
        path = tmp_path / "output" / f"{stream.name}.jsonl"
        assert path.exists() == stream.selected_by_default
        if path.exists():
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            assert rows
            assert f"{len(rows):8,} rows  output/{stream.name}.jsonl" in done.stdout
    assert json.loads((tmp_path / "output" / "state.json").read_text()) == {"bookmarks": {}}


def test_make_run_uses_config_json_and_fails_with_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"api_key": "k", "max_concurrency": 0}')
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = [sys.executable, "-m", "tools.run"]
    done = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Reading incident.io with config.json" in done.stdout
    assert "exit code 1" in done.stdout
    assert "max_concurrency" in done.stderr
