"""One run of the tap as a process, measured from outside: time, processor, memory and requests."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi

KEY = "bench"
LAUNCHER = """
import json, os, sys, time
began = time.monotonic()
flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
files = [(os.POSIX_SPAWN_OPEN, number, sys.argv[number], flags, 0o600) for number in (1, 2)]
child = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ, file_actions=files)
_, status, used = os.wait4(child, 0)
print(json.dumps([time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss, status]))
"""
"""Runs a program and prints what it used. A child begins with the peak of its parent, so the parent has to be small."""


@dataclass(frozen=True)
class Ran:
    """One run of a program, and of the tap: requests, those refused with 429, and those that came twice."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    requests: int = 0
    refused: int = 0
    twice: int = 0
    state: Any = None


def launched(*command: str, stdout: Path = Path("/dev/null"), stderr: Path = Path("/dev/null")) -> Ran:
    """Run a program; raises RuntimeError if it fails."""
    launcher = [sys.executable, "-S", "-E", "-c", LAUNCHER, str(stdout), str(stderr), *command]
    seconds, cpu, peak, status = json.loads(subprocess.run(launcher, stdout=subprocess.PIPE, check=True).stdout)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}: {stderr.read_text()[-2000:]}")
    # Linux counts in kB, macOS in bytes.
    return Ran(seconds, cpu, peak / (1024**2 if sys.platform == "darwin" else 1024))


def run(fake: FakeApi, catalog: Any, state: Any, settings: Mapping[str, Any]) -> Ran:
    """Run the tap against `fake`."""
    before = len(fake.requests)
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": {"api_key": KEY, "endpoint": fake.url, **settings}, "catalog": catalog, "state": state}
        command = [sys.executable, "-m", "tap_incident"]
        for name, content in files.items():
            if content is not None:
                path = Path(folder) / f"{name}.json"
                path.write_text(json.dumps(content))
                command += [f"--{name}", str(path)]
        out, log = Path(folder) / "out", Path(folder) / "log"
        ran = launched(*command, stdout=out, stderr=log)
        with out.open(encoding="utf-8") as lines:
            (last,) = deque(lines, maxlen=1)
    made = fake.requests[before:]
    answered = [(request.path, request.params) for request in made if request.status != 429]
    # With INCREMENTAL, the tap looks again for incidents that have changed meanwhile.
    once = [request for request in answered if request[0] != "/v2/incidents"]
    twice, state = len(once) - len(set(once)), json.loads(last)["value"]
    return replace(ran, requests=len(made), refused=len(made) - len(answered), twice=twice, state=state)
