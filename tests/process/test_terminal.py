"""The log of the process: on a terminal, as JSON, and as a file of the user's own says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.fake_api import FakeApi, organisation
from tests.support.processes import TAP, environ


def said(fake: FakeApi, **variables: str) -> list[str]:
    """The lines on stderr of a sync that succeeds."""
    done = subprocess.run(TAP, capture_output=True, text=True, env=environ(fake) | variables, check=True)
    return done.stderr.splitlines()


def test_json_lines_of_a_sync() -> None:
    with FakeApi(organisation(3)) as fake:
        lines = [json.loads(line) for line in said(fake, LOG_FORMAT="json")]
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


def test_logging_conf_file_decides(tmp_path: Path) -> None:
    (tmp_path / "logging.conf").write_text(CONFIGURED)
    with FakeApi(organisation(3), denied=["users.view"]) as fake:
        own = {"LOGGING_CONF_FILE": str(tmp_path / "logging.conf"), "LOGLEVEL": "DEBUG"}
        lines = said(fake, **own)
    assert lines
    assert all(line.startswith("mine WARNING ") for line in lines)
