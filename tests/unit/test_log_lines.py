"""Log lines: text and JSON, levels, a file of one's own."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from tap_incident.log_lines import log_lines, text_formatter
from tap_incident.logs import clean_logs

LOGGER = logging.getLogger("tests.log_lines")
FIELDS = {
    **dict.fromkeys(("level", "logger_name", "app_name", "thread_name", "stream_name", "message"), str),
    "pid": int,
    "ts": float,
    "extra": dict,
}
"""What the Singer SDK 0.54 requires: singer_sdk/schemas/logs.schema.json."""


def logged(capsys: pytest.CaptureFixture[str], environ: Mapping[str, str]) -> list[str]:
    """The lines on stderr of one record per level, with these variables."""
    with log_lines(environ, ("users",)):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            LOGGER.log(level, "users: %d rows", level)
    return capsys.readouterr().err.splitlines()


def test_text_line_has_time_in_utc_level_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.makeLogRecord({"created": 1e9 + 0.75, "levelname": "INFO", "msg": "users: %d rows", "args": (3,)})
    assert text_formatter().format(record) == "2001-09-09T01:46:40Z INFO users: 3 rows"
    assert [line.split(" ", 1)[1] for line in logged(capsys, {})] == [
        "INFO users: 20 rows",
        "WARNING users: 30 rows",
        "ERROR users: 40 rows",
        "CRITICAL users: 50 rows",
    ]


@pytest.mark.parametrize(
    ("environ", "lines"),
    [
        ({"LOGLEVEL": "DEBUG"}, 5),
        ({"LOGLEVEL": "warning"}, 3),
        ({"LOGLEVEL": "CRITICAL", "TAP_INCIDENT_LOGLEVEL": "ERROR"}, 2),
        ({"LOGLEVEL": "ERROR", "TAP_INCIDENT_LOGLEVEL": ""}, 2),
        ({"LOGLEVEL": ""}, 4),
    ],
)
def test_level_is_that_of_the_variables(
    capsys: pytest.CaptureFixture[str], environ: dict[str, str], lines: int
) -> None:
    before = logging.getLogger().level
    assert len(logged(capsys, environ)) == lines
    assert logging.getLogger().level == before


@pytest.mark.parametrize("name", ["LOGLEVEL", "TAP_INCIDENT_LOGLEVEL", "LOG_FORMAT"])
def test_variable_with_an_unknown_value_is_a_warning(capsys: pytest.CaptureFixture[str], name: str) -> None:
    first, *others = logged(capsys, {name: "loud"})
    assert f"WARNING {name} must be one of " in first
    assert len(others) == 4


def test_json_line_has_the_fields_of_structured_logs(capsys: pytest.CaptureFixture[str]) -> None:
    for text in logged(capsys, {"LOG_FORMAT": "JSON", "LOGLEVEL": "DEBUG"}):
        line = json.loads(text)
        assert {name: type(line[name]) for name in FIELDS} == FIELDS
        assert (line["app_name"], line["stream_name"], line["logger_name"]) == ("tap-incident", "users", LOGGER.name)
        assert line["message"] == f"users: {getattr(logging, line['level'].upper())} rows"


def test_json_line_of_an_error_has_its_traceback_without_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    with clean_logs() as secrets, log_lines({"LOG_FORMAT": "json"}, ()):
        secrets.append("key-0123456789")
        try:
            raise RuntimeError("\x1b key-0123456789")
        except RuntimeError:
            LOGGER.exception("Unexpected error:")
    (text,) = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert (line["exception"]["type"], line["exception"]["message"]) == ("RuntimeError", "\\x1b ***")
    assert "without_the_key" in line["exception"]["traceback"][-1]["function"]


MELTANO = """
[loggers]
keys=root
[handlers]
keys=stderr
[formatters]
keys=plain
[logger_root]
level=INFO
handlers=stderr
[handler_stderr]
class=StreamHandler
args=(sys.stderr,)
formatter=plain
[formatter_plain]
format=%(message)s
"""


@pytest.mark.parametrize(
    ("log_format", "formatter", "is_json"),
    [
        ("", '{"()": "singer_sdk.logging.StructuredFormatter"}', True),
        ("", '{"format": "%(message)s"}', False),
        ("json", "", True),
        ("text", '{"()": "singer_sdk.logging.StructuredFormatter"}', False),
    ],
)
def test_levels_are_read_by_meltano_though_its_other_file_drops_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log_format: str, formatter: str, is_json: bool
) -> None:
    file, sdk = tmp_path / "logging.conf", tmp_path / "logging.json"
    file.write_text(MELTANO)
    sdk.write_text(f'{{"formatters": {{"default": {formatter}}}}}')
    environ = {"LOGGING_CONF_FILE": str(file), "SINGER_SDK_LOG_CONFIG": str(sdk), "LOG_FORMAT": log_format}
    lines = logged(capsys, environ)
    if is_json:
        assert [json.loads(line)["level"] for line in lines] == ["info", "warning", "error", "critical"]
    else:
        assert lines == [f"users: {level} rows" for level in (20, 30, 40, 50)]
