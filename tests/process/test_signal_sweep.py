"""SIGTERM at moments spread over the whole life of the process: the exit code is right at each."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, organisation
from tests.support.processes import environ
from tests.support.runs import only, parsed

pytestmark = pytest.mark.slow

SECONDS = 12.0
"""How long the sweep takes on an idle machine."""
AT_THE_END = 0.75
"""Share of the signals that come in the last part of the run, where most can go wrong."""


def run(command: list[str], fake: FakeApi, delay: float | None, out: Path) -> tuple[int, float]:
    """Run the tap, and send SIGTERM after this many seconds: exit code, and how long it took."""
    began = time.monotonic()
    with out.open("wb") as file:
        tap = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env=environ(fake))
    if delay is not None:
        time.sleep(delay)
        tap.send_signal(signal.SIGTERM)
    return tap.wait(20), time.monotonic() - began


def timeless(out: Path) -> bytes:
    """What was written, without the times at which the answers came."""
    return re.sub(rb'"time_extracted":"[^"]*"', b'"time_extracted":""', out.read_bytes())


@pytest.mark.parametrize("reads", [True, False], ids=["sync", "discover"])
def test_signal_at_any_moment_gives_the_right_exit_code(tmp_path: Path, reads: bool) -> None:
    # One stream: the messages of several come mixed, in any order.
    (tmp_path / "catalog.json").write_text(json.dumps(only("users")))
    arguments = ["--catalog", str(tmp_path / "catalog.json")] if reads else ["--discover"]
    command = [sys.executable, "-m", "tap_incident", *arguments]
    with FakeApi(organisation(3)) as fake:
        code, whole = run(command, fake, None, tmp_path / "out")
        assert code == 0
        expected = timeless(tmp_path / "out")
        until, number = time.monotonic() + SECONDS / 2, 0
        while number < 5 or time.monotonic() < until:
            number += 1
            # Multiples of the golden ratio are spread evenly, however many there will be.
            place = number * 0.618034 % 1
            late = number % 4 < 4 * AT_THE_END
            code, _ = run(command, fake, whole * (0.85 + 0.25 * place if late else place), tmp_path / "out")
            out = timeless(tmp_path / "out")
            if code == 0:
                assert out == expected
            elif code == -signal.SIGTERM:
                # Before the handlers were set, or after the run.
                assert out in (b"", expected)
            else:
                assert code == 143
                assert not reads or parsed(out.decode()) == parsed(expected.decode())[: out.count(b"\n")]
