"""How the process ends when stdout fails, and when one thread fails."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import after_first_page
from tests.support.processes import environ, start
from tests.support.runs import Run, catalog_with, only, parsed


def test_target_that_dies_ends_the_tap_quietly(command: list[str]) -> None:
    with FakeApi(organisation(40)) as fake:
        tap = start(command, fake)
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


def test_records_after_the_last_state_reach_the_target(command: list[str]) -> None:
    # The run has no STATE after the records of the first page.
    catalog = catalog_with(lambda name, metadata: metadata.update({} if name == "alerts" else {"selected": False}))
    with FakeApi(organisation(1), faults=after_first_page("/v2/alerts", Fault(status=403))) as fake:
        done = subprocess.run(
            [*command, "--catalog", "/dev/stdin"],
            input=json.dumps(catalog),
            capture_output=True,
            text=True,
            env=environ(fake),
            check=False,
        )
    counted = json.loads(next(line for line in done.stderr.splitlines() if "record_count" in line).split("METRIC: ")[1])
    assert done.returncode == 1
    assert len(Run(0, parsed(done.stdout)).records("alerts")) == counted["value"] == 50


@pytest.mark.parametrize("arguments", [["--discover"], []], ids=["discover", "sync"])
def test_full_disk_is_one_critical_line(command: list[str], arguments: list[str]) -> None:
    with FakeApi(organisation(3)) as fake, Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=environ(fake), check=False
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].split(" ", 1)[1] == (
        "CRITICAL The messages can't be written (No space left on device). Fix that, and run again"
    )


def test_closed_stdout_is_one_critical_line(command: list[str]) -> None:
    shell = ["bash", "-c", f"{command[0]} --discover >&-"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("Z CRITICAL The messages can't be written: stdout is closed. Fix that, and run again")


def test_error_in_one_thread_does_not_wait_for_slow_answers(command: list[str]) -> None:
    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions":
            return Fault(status=401)
        return Fault(delay=30) if path == "/v1/incident_attachments" else None

    catalog = only("actions", "incident_attachments")
    with FakeApi(organisation(20), faults=faults) as fake:
        arguments = [*command, "--catalog", "/dev/stdin"]
        began = time.monotonic()
        done = subprocess.run(
            arguments, input=json.dumps(catalog), capture_output=True, text=True, env=environ(fake), check=False
        )
    assert done.returncode == 1
    assert time.monotonic() - began < 15
    assert done.stderr.splitlines()[-1].split(" ", 1)[1].startswith("CRITICAL actions: GET /v3/actions: status 401")
