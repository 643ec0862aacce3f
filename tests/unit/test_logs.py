"""The log: what becomes of a line, and its form and level."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
import singer

from tap_incident.logs import LONGEST_LINE, clean_logs, log_lines, masked, shortened, text_formatter

KEYS = ["inc_live_0123456789", '0"k\\e/y+&=%~<>;,{}$(x)']
LOGGER = logging.getLogger("tests.logs")


def in_go(key: str) -> str:
    """The key in JSON as a Go server writes it."""
    return "".join(f"\\u{ord(char):04x}" if char in "<>&" else json.dumps(char)[1:-1] for char in key)


@pytest.mark.parametrize("key", KEYS)
def test_masked_secret_in_each_form(key: str) -> None:
    forms = [key, json.dumps(key)[1:-1], json.dumps(json.dumps(key)[1:-1])[1:-1], repr(key)[1:-1], in_go(key)]
    forms += [quote(key), quote(key, safe=""), quote(key, safe="").lower(), quote(quote(key, safe=""), safe="")]
    for form in forms:
        assert masked(f"Bearer {form}, then {form}{form}.", key) == "Bearer ***, then ******."


@pytest.mark.parametrize(("secret", "expected"), [("GET", "*** GETS a"), ("", "GET GETS a"), ("a", "GET GETS ***")])
def test_masked_short_secret_only_as_a_word(secret: str, expected: str) -> None:
    assert masked("GET GETS a", secret) == expected


def test_shortened_text_lacks_its_middle() -> None:
    assert shortened("a" * 60 + "b" * 60 + "c" * 20, 100) == (
        "a" * 60 + "b" * 15 + " ... (40 characters left out) ... " + "b" * 5 + "c" * 20
    )
    assert shortened("a" * 100, 100) == "a" * 100


def test_log_is_clean_whichever_handlers_are_set(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with clean_logs() as secrets:
        secrets.append(KEYS[0])
        # It sets the handlers and filters of the root logger anew.
        singer.get_logger()
        logging.getLogger().addHandler(caplog.handler)
        LOGGER.info("Größe 数据 🚒 %s, %d%%", f"\x1b\u2028{KEYS[0]}", 5)
        LOGGER.warning("x" * 100_000 + " the end")
        LOGGER.info("%d", "a mistake in a library")
    LOGGER.info("\x1bas before")
    first, long, odd, after = (record.getMessage() for record in caplog.records if record.name == LOGGER.name)
    assert first == "Größe 数据 🚒 \\x1b\\u2028***, 5%"
    assert (odd, after) == ("%d ('a mistake in a library',)", "\x1bas before")
    assert len(long) < LONGEST_LINE + 100
    assert long.endswith(" the end")


def test_log_of_a_traceback_is_masked_and_indented(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with clean_logs() as secrets, log_lines({"LOG_FORMAT": "json"}, ()):
        secrets.append(KEYS[0])
        try:
            raise RuntimeError(f"\x1b[2J {KEYS[0]}\nCRITICAL forged" + "\nline" * 1000)
        except RuntimeError:
            LOGGER.exception("Unexpected:")
    text, in_json = caplog.text.rstrip("\n"), capsys.readouterr().err
    assert all(hidden not in text + in_json for hidden in (KEYS[0], "\x1b"))
    first, *others = text.split("\n")
    assert "Unexpected:" in first
    assert all(line.startswith("  ") for line in others)
    assert len(others) == 200
    error = json.loads(in_json)["exception"]
    assert error["type"] == "RuntimeError"
    assert error["message"].startswith("\\x1b[2J ***\\nCRITICAL forged")
    assert error["traceback"][-1]["function"] == "test_log_of_a_traceback_is_masked_and_indented"


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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, "must be one of ") for name in ("LOGLEVEL", "TAP_INCIDENT_LOGLEVEL", "LOG_FORMAT")),
        ("LOGGING_CONF_FILE", "can't be used ("),
    ],
)
def test_variable_that_cannot_be_used_is_a_warning(capsys: pytest.CaptureFixture[str], name: str, said: str) -> None:
    first, *others = logged(capsys, {name: "/loud"})
    assert f"WARNING {name} {said}" in first
    assert len(others) == 4


def test_json_line_has_the_fields_of_structured_logs(capsys: pytest.CaptureFixture[str]) -> None:
    # What the Singer SDK 0.54 requires: singer_sdk/schemas/logs.schema.json.
    texts = ("level", "logger_name", "app_name", "thread_name", "stream_name", "message")
    fields = {**dict.fromkeys(texts, str), "pid": int, "ts": float, "extra": dict}
    for text in logged(capsys, {"LOG_FORMAT": "JSON", "LOGLEVEL": "DEBUG"}):
        line = json.loads(text)
        assert {name: type(line[name]) for name in fields} == fields
        assert (line["app_name"], line["stream_name"], line["logger_name"]) == ("tap-incident", "users", LOGGER.name)
        assert line["message"] == f"users: {getattr(logging, line['level'].upper())} rows"


PLAIN = """
[loggers]
keys=root
[handlers]
keys=stderr
[formatters]
keys=
[logger_root]
level=INFO
handlers=stderr
[handler_stderr]
class=StreamHandler
args=(sys.stderr,)
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
    file.write_text(PLAIN)
    sdk.write_text(f'{{"formatters": {{"default": {formatter}}}}}')
    environ = {"LOGGING_CONF_FILE": str(file), "SINGER_SDK_LOG_CONFIG": str(sdk), "LOG_FORMAT": log_format}
    lines = logged(capsys, environ)
    if is_json:
        assert [json.loads(line)["level"] for line in lines] == ["info", "warning", "error", "critical"]
    else:
        assert lines == [f"users: {level} rows" for level in (20, 30, 40, 50)]
