"""Standard streams that are closed, full, or have lost their reader: what the exit code says does not change."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.processes import TAP, environ, running
from tests.support.runs import parsed

pytestmark = pytest.mark.slow

HOW = {"stdin and stderr": "<&- 2>&-", "no reader": "2> >(exec <&-)", "full disk": "2>/dev/full"}


def shell(how: str) -> list[str]:
    """A command that runs the tap with streams like this."""
    return ["bash", "-c", f'sleep 0.2; exec "$@" {HOW[how]}', "tap", *TAP]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("code", [0, 1])
def test_bad_stderr_does_not_change_the_exit_code(how: str, code: int) -> None:
    with FakeApi(organisation(3), faults=lambda *_: Fault(status=401) if code else None) as fake:
        env = environ(fake, streams="severities,users")
        done = subprocess.run(shell(how), stdout=subprocess.PIPE, env=env, check=False)
    assert done.returncode == code
    assert parsed(done.stdout.decode())[-1:] == ([] if code else [{"type": "STATE", "value": {"bookmarks": {}}}])


class Late:
    """Faults with which each answer comes too late. `asked` says that there was a request."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def __call__(self, at: int, path: str, params: object) -> Fault:
        self.asked.set()
        return Fault(delay=30)


def test_closed_streams_are_not_replaced_by_a_connection() -> None:
    late = Late()
    with FakeApi(organisation(3), faults=late) as fake, running(shell("stdin and stderr"), environ(fake)) as (tap, _):
        assert late.asked.wait(20)
        opened = {path.name: str(path.readlink()) for path in Path(f"/proc/{tap.pid}/fd").iterdir()}
    assert any(target.startswith("socket:") for target in opened.values())
    assert (opened["0"], opened["2"]) == (os.devnull, os.devnull)


def test_stderr_that_nobody_reads_does_not_delay_a_signal() -> None:
    late = Late()
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b" " * 4096)
    except BlockingIOError:
        os.set_blocking(write, True)
    with (
        FakeApi(organisation(1), faults=late) as fake,
        os.fdopen(write, "wb") as full,
        os.fdopen(read),
        running(TAP, environ(fake), stderr=full) as (tap, _),
    ):
        assert late.asked.wait(20)
        tap.terminate()
        assert tap.wait(20) == 143
