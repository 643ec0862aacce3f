"""Standard streams that are closed, full, or have lost their reader: what the exit code says does not change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.process.test_stdout import fill
from tests.support.processes import environ
from tests.support.runs import only, parsed

pytestmark = pytest.mark.slow

HOW = {"stdin and stderr": "<&- 2>&-", "no reader": "2> >(exec <&-)", "full disk": "2>/dev/full"}


def shell(how: str, *arguments: str) -> list[str]:
    """A command that runs the tap with streams like this."""
    return ["bash", "-c", f'sleep 0.2; exec "$@" {HOW[how]}', "tap", sys.executable, "-m", "tap_incident", *arguments]


def catalog(folder: Path, *names: str) -> str:
    """The path of a catalog that selects these streams."""
    path = folder / "catalog.json"
    path.write_text(json.dumps(only(*names)))
    return str(path)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("code", [0, 1])
def test_bad_stderr_does_not_change_the_exit_code(tmp_path: Path, how: str, code: int) -> None:
    with FakeApi(organisation(3), faults=lambda *_: Fault(status=401) if code else None) as fake:
        command = shell(how, "--catalog", catalog(tmp_path, "severities", "users"))
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environ(fake), check=False)
    assert done.returncode == code
    assert parsed(done.stdout.decode())[-1:] == ([] if code else [{"type": "STATE", "value": {"bookmarks": {}}}])


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
        tap.terminate()
        try:
            tap.wait(20)
        finally:
            tap.kill()
            tap.communicate()
            os.close(read)
    assert tap.returncode == 143
