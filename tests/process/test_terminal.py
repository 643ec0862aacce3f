"""The log of the process: on a terminal, as JSON, and as a file of the user's own says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, organisation
from tests.support.processes import environ

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (DEBUG|INFO|WARNING|ERROR|CRITICAL) .+")


def said(command: list[str], fake: FakeApi, **variables: str) -> list[str]:
    """The lines on stderr of a sync that succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, env=environ(fake) | variables, check=True)
    return done.stderr.splitlines()


def test_each_line_of_a_pipe_has_time_and_level(command: list[str]) -> None:
    with FakeApi(organisation(3)) as fake:
        lines = said(command, fake)
    assert lines
    assert all(LINE.fullmatch(line) for line in lines)


def test_json_lines_of_a_sync(command: list[str]) -> None:
    with FakeApi(organisation(3)) as fake:
        lines = [json.loads(line) for line in said(command, fake, LOG_FORMAT="json")]
    last = lines[-1]
    assert last["message"].startswith("Finished: ")
    assert last["extra"]["requests"] == len(fake.requests)
    counts = {line["metric_info"]["tags"]["endpoint"] for line in lines if line.get("metric_info")}
    assert "/v1/incident_attachments" in counts
    assert {"incidents", "users"} <= {line.get("stream_name") for line in lines}


CONFIGURED = """
[loggers]
keys=root
[handlers]
keys=stderr
[formatters]
keys=plain
[logger_root]
level=WARNING
handlers=stderr
[handler_stderr]
class=StreamHandler
formatter=plain
args=(sys.stderr,)
[formatter_plain]
format=mine %(levelname)s %(message)s
"""


def test_logging_conf_file_decides(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "logging.conf").write_text(CONFIGURED)
    with FakeApi(organisation(3), denied=["users.view"]) as fake:
        own = {"LOGGING_CONF_FILE": str(tmp_path / "logging.conf"), "LOGLEVEL": "DEBUG"}
        lines = said(command, fake, **own)
    assert lines
    assert all(line.startswith("mine WARNING ") for line in lines)


@pytest.mark.parametrize("name", ["LOGLEVEL", "TAP_INCIDENT_LOGLEVEL"])
def test_level_error_leaves_nothing_of_a_sync_that_succeeds(command: list[str], name: str) -> None:
    with FakeApi(organisation(1)) as fake:
        assert said(command, fake, **{name: "ERROR"}) == []
