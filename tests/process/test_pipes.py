"""How the process ends when stdout fails, and when one thread fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.processes import TAP, environ, start
from tests.support.runs import only


def test_target_that_dies_ends_the_tap_quietly() -> None:
    with FakeApi(organisation(40)) as fake:
        tap = start(TAP, fake)
        assert tap.stdout is not None
        assert tap.stderr is not None
        assert json.loads(tap.stdout.readline())["type"] == "SCHEMA"
        tap.stdout.close()
        err = tap.stderr.read()
        tap.stderr.close()
        assert tap.wait(20) == 1
    assert "Traceback" not in err
    assert "CRITICAL" not in err
    assert "Broken" not in err


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
def test_full_disk_is_one_critical_line(arguments: list[str]) -> None:
    with FakeApi(organisation(3)) as fake, Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*TAP, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=environ(fake), check=False
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].split(" ", 1)[1] == (
        "CRITICAL The messages can't be written (No space left on device). Fix that, and run again"
    )


def test_closed_stdout_is_one_critical_line() -> None:
    shell = ["bash", "-c", f"{sys.executable} -m tap_incident --discover >&-"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("Z CRITICAL The messages can't be written: stdout is closed. Fix that, and run again")


def test_error_in_one_thread_does_not_wait_for_slow_answers() -> None:
    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions":
            return Fault(status=401)
        return Fault(delay=30) if path == "/v1/incident_attachments" else None

    catalog = only("actions", "incident_attachments")
    with FakeApi(organisation(20), faults=faults) as fake:
        arguments = [*TAP, "--catalog", "/dev/stdin"]
        done = subprocess.run(
            arguments,
            input=json.dumps(catalog),
            capture_output=True,
            text=True,
            env=environ(fake),
            check=False,
            timeout=25,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].split(" ", 1)[1].startswith("CRITICAL actions: GET /v3/actions: status 401")
