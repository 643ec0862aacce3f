"""Stdout as containers and shells set it up: unbuffered, non-blocking, full, closed, with a slow or a dead reader."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.support.processes import TAP, catches, environ, is_full, running, said, until
from tests.support.runs import Run, check, key_of, parsed

SET_UPS = pytest.mark.parametrize(
    ("variables", "blocking"),
    [({}, True), ({}, False), ({"PYTHONUNBUFFERED": "1"}, False), ({"PYTHONIOENCODING": "utf-16"}, True)],
    ids=str,
)


def long_rows() -> Organisation:
    """An organisation with 200 users of 20 kB each: more than a pipe holds."""
    org = organisation(1)
    (row, *_) = org.rows["/v2/users"]
    org.rows["/v2/users"] = [row | {"id": f"{number:026}", "name": "long " * 4000} for number in range(200)]
    return org


@pytest.mark.slow
@SET_UPS
def test_stdout_with_a_slow_reader_loses_no_row(variables: dict[str, str], blocking: bool) -> None:
    org = long_rows()
    with FakeApi(org) as fake:
        env = environ(fake, streams="users") | variables
        with running(TAP, env, blocking=blocking) as (tap, out):
            until(lambda: is_full(out) or tap.poll() is not None)
            run = Run(0, parsed(out.read().decode()))
            assert tap.wait(20) == 0
    check(run)
    assert list(run.keys("users")) == [key_of("users", row) for row in org.rows["/v2/users"]]


@pytest.mark.slow
@SET_UPS
def test_stdout_ends_with_a_whole_line_after_a_signal_during_a_write(variables: dict[str, str], blocking: bool) -> None:
    with FakeApi(long_rows()) as fake:
        env = environ(fake, streams="users") | variables
        with running(TAP, env, blocking=blocking) as (tap, out):
            until(lambda: is_full(out))
            tap.send_signal(signal.SIGTERM)
            until(lambda: not catches(tap, signal.SIGTERM))
            messages = parsed(out.read().decode())
            assert tap.wait(20) == 143
    assert [message["type"] for message in messages].count("RECORD") > 2


def test_target_that_dies_ends_the_tap_quietly() -> None:
    with FakeApi(organisation(40)) as fake, running(TAP, environ(fake)) as (tap, out):
        assert json.loads(out.readline())["type"] == "SCHEMA"
        out.close()
        assert tap.wait(20) == 1
        text = " ".join(said(tap))
    assert "CRITICAL" not in text
    assert "Broken" not in text


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
def test_full_disk_is_one_critical_line(arguments: list[str]) -> None:
    with FakeApi(organisation(3)) as fake, Path("/dev/full").open("w") as full:
        command, pipe = [*TAP, *arguments], subprocess.PIPE
        done = subprocess.run(command, stdout=full, stderr=pipe, text=True, env=environ(fake), check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].split(" ", 1)[1] == (
        "CRITICAL The messages can't be written (No space left on device). Fix that, and run again"
    )


def test_closed_stdout_is_one_critical_line() -> None:
    shell = ["bash", "-c", 'exec "$@" >&-', "tap", *TAP, "--discover"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("Z CRITICAL The messages can't be written: stdout is closed. Fix that, and run again")


def test_error_in_one_thread_does_not_wait_for_slow_answers() -> None:
    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions":
            return Fault(status=401)
        return Fault(delay=30) if path == "/v1/incident_attachments" else None

    with (
        FakeApi(organisation(20), faults=faults) as fake,
        running(TAP, environ(fake, streams="actions,incident_attachments")) as (tap, _),
    ):
        assert tap.wait(25) == 1
        assert said(tap)[-1].startswith("CRITICAL actions: GET /v3/actions: status 401")
