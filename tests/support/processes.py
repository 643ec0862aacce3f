"""The tap as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from tests.fake_api import FakeApi
from tests.support.runs import KEY

TAP = [sys.executable, "-m", "tap_incident"]


def environ(fake: FakeApi) -> dict[str, str]:
    """An environment with the stand-in's key and address, and the buffering that users have."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**inherited, "INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url}


def start(arguments: list[str], fake: FakeApi) -> subprocess.Popen[str]:
    """The running tap."""
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True, env=environ(fake))


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true, at most a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
