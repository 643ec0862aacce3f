"""One run of the tap as a process, measured from outside."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fake_api import FakeApi

KEY = "bench"


@dataclass(frozen=True)
class Ran:
    """One run of the tap as a process."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    requests: int
    refused: int


def run(fake: FakeApi, catalog: dict[str, Any] | None = None, **settings: Any) -> Ran:
    """Run the tap against `fake`, its output thrown away."""
    before = len(fake.requests)
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": {"api_key": KEY, "endpoint": fake.url, **settings}}
        files |= {"catalog": catalog} if catalog else {}
        command = [sys.executable, "-m", "tap_incident"]
        for name, content in files.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(content))
            command += [f"--{name}", str(path)]
        began, cpu_before = time.monotonic(), cpu_of_children()
        tap = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak = 0.0
        while tap.poll() is None:
            peak = max(peak, peak_mb(tap.pid))
            time.sleep(0.02)
        seconds = time.monotonic() - began
    cpu = cpu_of_children() - cpu_before
    if tap.returncode:
        raise RuntimeError(f"the tap ended with {tap.returncode}")
    made = fake.requests[before:]
    return Ran(seconds, cpu, peak, len(made), sum(request.status == 429 for request in made))


def cpu_of_children() -> float:
    """The CPU seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb(process: int) -> float:
    """The most memory that the process has held so far (Linux; elsewhere 0).

    What wait4 tells of a child won't do: it begins with the memory of this process, which the child is a copy of.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
