"""Stdout as containers and shells set it up: unbuffered, non-blocking, with a slow reader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.fake_api import FakeApi, Organisation, organisation
from tests.process.test_signals import blocked, catches
from tests.support.processes import environ, until
from tests.support.runs import Run, check, key_of, only, parsed

pytestmark = pytest.mark.slow

UNBUFFERED = pytest.mark.parametrize(
    ("options", "variables"),
    [([], {}), ([], {"PYTHONUNBUFFERED": "1"}), (["-u"], {}), ([], {"PYTHONIOENCODING": "utf-16"})],
    ids=["usual", "PYTHONUNBUFFERED", "-u", "PYTHONIOENCODING"],
)


def long_rows() -> Organisation:
    """An organisation with 200 users of 20 kB each: more than a pipe holds."""
    org = organisation(1)
    (row, *_) = org.rows["/v2/users"]
    org.rows["/v2/users"] = [row | {"id": f"{number:026}", "name": "long " * 4000} for number in range(200)]
    return org


@contextmanager
def piped(
    fake: FakeApi, folder: Path, options: list[str], variables: dict[str, str], *, blocking: bool = True
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The tap with a pipe as stdout, and the end of the pipe that the test reads."""
    (folder / "catalog.json").write_text(json.dumps(only("users")))
    command = [sys.executable, *options, "-m", "tap_incident", "--catalog", str(folder / "catalog.json")]
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    with os.fdopen(read, "rb") as out, (folder / "err").open("wb") as err:
        tap = subprocess.Popen(command, stdout=write, stderr=err, env=environ(fake) | variables)
        os.close(write)
        # What waits in the pipe is counted here.
        tap.stdout = out
        try:
            yield tap, out
        finally:
            tap.kill()
            tap.wait()


def is_whole(run: Run, org: Organisation) -> bool:
    """Whether the run wrote each user once."""
    check(run)
    return list(run.keys("users")) == [key_of("users", row) for row in org.rows["/v2/users"]]


@pytest.mark.parametrize("blocking", [True, False])
@UNBUFFERED
def test_stdout_with_a_slow_reader_loses_no_row(
    tmp_path: Path, options: list[str], variables: dict[str, str], blocking: bool
) -> None:
    org = long_rows()
    with FakeApi(org) as fake, piped(fake, tmp_path, options, variables, blocking=blocking) as (tap, out):
        until(lambda: blocked(tap) or tap.poll() is not None)
        text = out.read().decode()
        assert tap.wait(20) == 0
    assert is_whole(Run(0, parsed(text)), org)


@UNBUFFERED
def test_stdout_ends_with_a_whole_line_after_a_signal_during_a_write(
    tmp_path: Path, options: list[str], variables: dict[str, str]
) -> None:
    with FakeApi(long_rows()) as fake, piped(fake, tmp_path, options, variables) as (tap, out):
        until(lambda: blocked(tap))
        tap.send_signal(signal.SIGTERM)
        until(lambda: not catches(tap, signal.SIGTERM))
        text = out.read().decode()
        assert tap.wait(20) == 143
    kinds = [message["type"] for message in parsed(text)]
    assert kinds.count("RECORD") > 2


@pytest.mark.parametrize("blocking", [True, False])
def test_stdout_has_nothing_after_a_line_that_a_signal_cut(tmp_path: Path, blocking: bool) -> None:
    # How Python itself would buffer does not matter: the tests above try that.
    options, variables = ([], {}) if blocking else (["-u"], {"PYTHONUNBUFFERED": "1"})
    with FakeApi(long_rows()) as fake, piped(fake, tmp_path, options, variables, blocking=blocking) as (tap, out):
        until(lambda: blocked(tap))
        tap.send_signal(signal.SIGTERM)
        assert tap.wait(20) == 143
        *whole, _ = out.read().decode().split("\n")
    assert [json.loads(line)["type"] for line in whole][:2] == ["SCHEMA", "RECORD"]


def fill(descriptor: int) -> bytes:
    """Write a block into the pipe; what was written, nothing if the pipe is full."""
    try:
        return b" " * os.write(descriptor, b" " * 4096)
    except BlockingIOError:
        return b""
