"""SIGINT and SIGTERM, once and twice, wherever the tap waits."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.processes import TAP, environ, start, until
from tests.support.runs import cursor, only, parsed


@pytest.mark.parametrize(
    ("number", "code", "fault"),
    [
        (signal.SIGINT, 130, Fault(delay=30)),
        (signal.SIGTERM, 143, Fault(status=429, headers={"Retry-After": "60"})),
    ],
)
def test_signal_ends_the_run_soon_with_the_last_state(
    tmp_path: Path, number: signal.Signals, code: int, fault: Fault
) -> None:
    waiting = tmp_path / "waiting"

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v2/alerts" and "after" in params:
            waiting.touch()
            return fault
        return None

    (tmp_path / "catalog.json").write_text(json.dumps(only("alerts")))
    with FakeApi(organisation(1), faults=faults) as fake:
        arguments = [*TAP, "--catalog", str(tmp_path / "catalog.json")]
        tap = start(arguments, fake)
        until(waiting.exists)
        tap.send_signal(number)
        out, err = tap.communicate(timeout=20)
    assert tap.returncode == code
    messages = parsed(out)
    assert cursor(messages[-1]["value"], "alerts")
    assert sum(message["type"] == "RECORD" for message in messages) == 50
    assert number.name in err.splitlines()[-1]
    assert "Traceback" not in err


BY_HAND = pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)
SIGNALS = pytest.mark.parametrize(("number", "code"), [BY_HAND, (signal.SIGTERM, 143)])


@contextmanager
def started(fake: FakeApi, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The running tap: its stdout is not read yet, stderr is a file. It is killed at the end if it still runs."""
    command = [*TAP, *arguments]
    with (folder / "err").open("wb") as err:
        tap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, env=environ(fake))
    try:
        yield tap
    finally:
        tap.kill()
        tap.wait()
        if tap.stdout is not None:
            tap.stdout.close()


def unread(tap: subprocess.Popen[bytes]) -> int:
    """Bytes that wait in the pipe."""
    assert tap.stdout is not None
    return int.from_bytes(fcntl.ioctl(tap.stdout, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def blocked(tap: subprocess.Popen[bytes]) -> bool:
    """Whether what waits in the pipe has come to a halt: the next block has no room."""
    before = unread(tap)
    time.sleep(0.3)
    return 40_000 < before == unread(tap)


def end(tap: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the signal, and wait for the end, which comes before that of any delay in these tests."""
    tap.send_signal(number)
    tap.wait(20)


def last_logged(folder: Path) -> str:
    """The end of what the tap said, without its time; nothing of it is Python's."""
    said = (folder / "err").read_text()
    assert "Traceback" not in said
    assert "CRITICAL" not in said
    return said.splitlines()[-1].split(" ", 1)[1]


@pytest.mark.slow
def test_signal_ends_the_run_when_the_target_does_not_read(tmp_path: Path) -> None:
    one, other = tmp_path / "discover", tmp_path / "sync"
    one.mkdir()
    other.mkdir()
    with (
        FakeApi(organisation(40)) as fake,
        started(fake, one, "--discover") as finds,
        started(fake, other) as syncs,
    ):
        until(lambda: blocked(finds) and blocked(syncs))
        finds.send_signal(signal.SIGINT)
        end(syncs, signal.SIGTERM)
        assert finds.wait(20) == 130
        assert syncs.returncode == 143
        # Only what fitted into the pipe; all lines except the last are whole.
        whole = syncs.communicate()[0].splitlines()[:-1]
    assert {json.loads(line)["type"] for line in whole} >= {"SCHEMA", "RECORD"}
    assert last_logged(one) == "WARNING Stopped by SIGINT while a message could not be written out"
    assert last_logged(other) == "WARNING Stopped by SIGTERM while a message could not be written out"


@SIGNALS
def test_signal_ends_the_wait_for_the_first_answer(tmp_path: Path, number: signal.Signals, code: int) -> None:
    asked = threading.Event()

    def faults(at: int, path: str, params: object) -> Fault:
        asked.set()
        return Fault(delay=30)

    with FakeApi(organisation(1), faults=faults) as fake, started(fake, tmp_path) as tap:
        assert asked.wait(20)
        end(tap, number)
        assert (tap.returncode, tap.communicate()[0]) == (code, b"")
    assert number.name in last_logged(tmp_path)


def catches(tap: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for the signal."""
    lines = Path(f"/proc/{tap.pid}/status").read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(mask >> (number - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_second_signal_ends_the_process_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with FakeApi(organisation(40)) as fake, started(fake, tmp_path) as tap:
        until(lambda: blocked(tap))
        assert catches(tap, number)
        tap.send_signal(number)
        until(lambda: not catches(tap, number))
        end(tap, number)
        assert tap.returncode == -number
