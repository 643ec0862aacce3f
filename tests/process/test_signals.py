"""SIGINT and SIGTERM, once and twice, wherever the tap waits, and at any moment of its life."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.processes import TAP, catches, environ, is_full, running, said, until
from tests.support.runs import cursor, parsed


@pytest.mark.parametrize(
    ("number", "code", "place", "fault"),
    [
        (signal.SIGTERM, 143, "/v1/identity", Fault(delay=30)),
        (signal.SIGINT, 130, "/v2/alerts", Fault(delay=30)),
        (signal.SIGTERM, 143, "/v2/alerts", Fault(status=429, headers={"Retry-After": "60"})),
    ],
)
def test_signal_ends_the_run_soon_with_the_last_state(
    number: signal.Signals, code: int, place: str, fault: Fault
) -> None:
    asked, is_list = threading.Event(), place == "/v2/alerts"

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path != place or (is_list and "after" not in params):
            return None
        asked.set()
        return fault

    with (
        FakeApi(organisation(1), faults=faults) as fake,
        running(TAP, environ(fake, streams="alerts")) as (tap, out),
    ):
        assert asked.wait(20)
        # The SCHEMA, the rows of a page, and a STATE.
        first_page = [out.readline() for _ in range(52 if is_list else 0)]
        tap.send_signal(number)
        messages = [json.loads(line) for line in (*first_page, *out)]
        assert tap.wait(20) == code
        last = said(tap)[-1]
    # While the tap waits for its first answer, nothing else can end it than that the grace after a signal is over.
    end = ". Run again" if is_list else ": the target did not read, or the API did not answer"
    assert last.startswith(f"WARNING Stopped by {number.name}{end}")
    assert sum(message["type"] == "RECORD" for message in messages) == (50 if is_list else 0)
    assert bool(messages and cursor(messages[-1]["value"], "alerts")) is is_list


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "blocking"), [(["--discover"], True), ([], True), ([], False)])
def test_signal_ends_the_run_when_the_target_does_not_read(arguments: list[str], blocking: bool) -> None:
    with (
        FakeApi(organisation(40)) as fake,
        running([*TAP, *arguments], environ(fake), blocking=blocking) as (tap, out),
    ):
        until(lambda: is_full(out))
        tap.send_signal(signal.SIGTERM)
        assert tap.wait(20) == 143
        # Only what fitted into the pipe; all lines except the last are whole.
        *whole, _ = out.read().decode().split("\n")
        assert said(tap)[-1] == "WARNING Stopped by SIGTERM: the target did not read, or the API did not answer"
    assert arguments or {json.loads(line)["type"] for line in whole} >= {"SCHEMA", "RECORD"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_ends_the_process_at_once(number: signal.Signals) -> None:
    with FakeApi(organisation(40)) as fake, running(TAP, environ(fake)) as (tap, out):
        until(lambda: is_full(out))
        assert catches(tap, number)
        tap.send_signal(number)
        until(lambda: not catches(tap, number))
        tap.send_signal(number)
        assert tap.wait(20) == -number


SECONDS = 6.0
"""How long it takes to send signals to a sync, and to send them to --discover."""


def run(command: list[str], fake: FakeApi, out: Path, delay: float | None = None) -> tuple[int, str, float]:
    """Send SIGTERM after this many seconds: the exit code, what was written (without times), how long it took."""
    began = time.monotonic()
    # One stream: the messages of several come mixed, in any order.
    with out.open("wb") as file:
        tap = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env=environ(fake, streams="users"))
    if delay is not None:
        time.sleep(delay)
        tap.send_signal(signal.SIGTERM)
    code = tap.wait(20)
    return code, re.sub('"time_extracted":"[^"]*"', '"time_extracted":""', out.read_text()), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--discover"]], ids=["sync", "discover"])
def test_signal_at_any_moment_gives_the_right_exit_code(tmp_path: Path, arguments: list[str]) -> None:
    command = [*TAP, *arguments]
    with FakeApi(organisation(3)) as fake:
        code, expected, whole = run(command, fake, tmp_path / "out")
        assert code == 0
        end, number = time.monotonic() + SECONDS, 0
        while number < 5 or time.monotonic() < end:
            number += 1
            # Multiples of the golden ratio are spread evenly, however many there will be. Most signals come at the
            # end of the run, where most can go wrong.
            place = number * 0.618034 % 1
            delay = whole * (0.85 + 0.25 * place if number % 4 else place)
            code, written, _ = run(command, fake, tmp_path / "out", delay)
            if code == 0:
                assert written == expected
            elif code == -signal.SIGTERM:
                # Before the handlers were set, or after the run.
                assert written in ("", expected)
            else:
                assert code == 143
                assert arguments or parsed(written) == parsed(expected)[: written.count("\n")]
