"""Standard streams that are closed, full, or have lost their reader: what the exit code says does not change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.process.test_signals import SOON
from tests.process.test_stdout import fill
from tests.support.processes import environ
from tests.support.runs import only, parsed

pytestmark = pytest.mark.slow

CLOSED = {"stdin": "<&-", "stderr": "2>&-", "stdin and stderr": "<&- 2>&-"}
BAD_STDERR = pytest.mark.parametrize("how", [*CLOSED, "no reader", "full disk"])


def shell(how: str, *arguments: str) -> list[str]:
    """A command that runs the tap with streams like this."""
    redirect = {**CLOSED, "no reader": "2> >(exec <&-)", "full disk": "2>/dev/full"}[how]
    return ["bash", "-c", f'sleep 0.2; exec "$@" {redirect}', "tap", sys.executable, "-m", "tap_incident", *arguments]


def catalog(folder: Path, *names: str) -> str:
    """The path of a catalog that selects these streams."""
    path = folder / "catalog.json"
    path.write_text(json.dumps(only(*names)))
    return str(path)


@BAD_STDERR
def test_bad_stderr_exit_code_is_0_after_success(tmp_path: Path, how: str) -> None:
    with FakeApi(organisation(3)) as fake:
        command = shell(how, "--catalog", catalog(tmp_path, "severities", "users"))
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environ(fake), check=False)
    assert done.returncode == 0
    assert parsed(done.stdout.decode())[-1] == {"type": "STATE", "value": {"bookmarks": {}}}


@BAD_STDERR
def test_bad_stderr_exit_code_is_1_after_a_failure(tmp_path: Path, how: str) -> None:
    with FakeApi(organisation(3), faults=lambda *_: Fault(status=401)) as fake:
        command = shell(how, "--catalog", catalog(tmp_path, "severities"))
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environ(fake), check=False)
    assert (done.returncode, done.stdout) == (1, b"")


@BAD_STDERR
def test_bad_stderr_exit_code_is_143_after_sigterm(tmp_path: Path, how: str) -> None:
    requested = threading.Event()

    def faults(*_: object) -> Fault:
        requested.set()
        return Fault(delay=30)

    with FakeApi(organisation(3), faults=faults) as fake:
        command = shell(how, "--catalog", catalog(tmp_path, "severities"))
        tap = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ(fake))
        assert requested.wait(20)
        tap.send_signal(signal.SIGTERM)
        out, _ = tap.communicate(timeout=20)
    assert (tap.returncode, out) == (143, b"")


@pytest.mark.parametrize("redirect", ["2>&-", "<&- 2>&-"])
def test_closed_stderr_prints_no_usage_to_stdout(redirect: str) -> None:
    command = ["bash", "-c", f'exec "$@" {redirect}', "tap", sys.executable, "-m", "tap_incident", "--bogus"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_closed_stdin_stdout_and_stderr_exit_code_is_1() -> None:
    command = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "tap", sys.executable, "-m", "tap_incident", "--discover"]
    assert subprocess.run(command, check=False).returncode == 1


def test_closed_streams_are_not_replaced_by_a_connection(tmp_path: Path) -> None:
    requested = threading.Event()

    def faults(at: int, path: str, params: object) -> Fault | None:
        if path == "/v3/actions":
            requested.set()
            return Fault(delay=30)
        return None

    (tmp_path / "config.json").write_text('{"child_strategy": "list"}')
    with FakeApi(organisation(3), faults=faults) as fake:
        arguments = ["--catalog", catalog(tmp_path, "incidents", "actions"), "--config", str(tmp_path / "config.json")]
        tap = subprocess.Popen(shell("stdin and stderr", *arguments), stdout=subprocess.PIPE, env=environ(fake))
        assert requested.wait(20)
        opened = {path.name: str(path.readlink()) for path in Path(f"/proc/{tap.pid}/fd").iterdir()}
        tap.terminate()
        tap.communicate(timeout=20)
    assert any(target.startswith("socket:") for target in opened.values())
    assert (opened["0"], opened["2"]) == (os.devnull, os.devnull)


def test_stderr_that_nobody_reads_does_not_delay_a_signal(tmp_path: Path) -> None:
    requested = threading.Event()

    def faults(*_: object) -> Fault:
        requested.set()
        return Fault(delay=30)

    read, write = os.pipe()
    os.set_blocking(write, False)
    while fill(write):
        pass
    os.set_blocking(write, True)
    with FakeApi(organisation(1), faults=faults) as fake:
        command = [sys.executable, "-m", "tap_incident", "--catalog", catalog(tmp_path, "severities")]
        tap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=write, env=environ(fake))
        os.close(write)
        assert requested.wait(20)
        began = time.monotonic()
        tap.terminate()
        try:
            tap.wait(20)
        finally:
            tap.kill()
            tap.communicate()
            os.close(read)
    assert tap.returncode == 143
    assert time.monotonic() - began < SOON
