"""The tap as a process."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.fake_api import FakeApi
from tests.support.runs import KEY

TAP = [sys.executable, "-m", "tap_incident"]


def environ(fake: FakeApi, **settings: str) -> dict[str, str]:
    """An environment with the stand-in's key and address, these settings, and the buffering that users have."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    given = {f"TAP_INCIDENT_{name.upper()}": value for name, value in settings.items()}
    return {**inherited, **given, "INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url}


@contextmanager
def running(
    command: list[str], env: dict[str, str], *, stderr: int | IO[bytes] = subprocess.PIPE, blocking: bool = True
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The running process, and its stdout. It is killed at the end if it still runs.

    Stdout is a pipe, whose other end does not block the process unless it is `blocking`.
    """
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    with os.fdopen(read, "rb") as out, subprocess.Popen(command, stdout=write, stderr=stderr, env=env) as tap:
        os.close(write)
        try:
            yield tap, out
        finally:
            tap.kill()


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true, at most a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _unread(pipe: IO[bytes]) -> int:
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def is_full(pipe: IO[bytes]) -> bool:
    """Whether what waits in the pipe has come to a halt: the next block has no room."""
    before = _unread(pipe)
    time.sleep(0.3)
    return 40_000 < before == _unread(pipe)


def catches(tap: subprocess.Popen[bytes], number: int) -> bool:
    """Whether the process has a handler of its own for the signal."""
    lines = Path(f"/proc/{tap.pid}/status").read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(mask >> (number - 1) & 1)


def said(tap: subprocess.Popen[bytes]) -> list[str]:
    """The lines on stderr of a process that has ended, without their times; nothing of them is Python's."""
    assert tap.stderr is not None
    text = tap.stderr.read().decode()
    assert "Traceback" not in text
    return [line.split(" ", 1)[1] for line in text.splitlines()]
