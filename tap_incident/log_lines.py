"""The form of log lines: text or JSON, and their level.

Source: Singer SDK, schema of structured logs (singer_sdk/schemas/logs.schema.json); singer-python, logging.conf.
"""

from __future__ import annotations

import json
import logging
import logging.config
import sys
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LOGGER = logging.getLogger(__name__)

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMATS = ("text", "json")


def text_formatter() -> logging.Formatter:
    """Lines with time (UTC, RFC 3339), level and text."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter


class JsonFormatter(logging.Formatter):
    """One JSON object per line, with the fields of the structured logs of Singer SDK taps.

    It uses these attributes of a record, if it has them: `metric` (for a METRIC), `stream_name`, `figures` (for
    `extra`) and `exception`, which `logs.clean_logs` makes of an error.
    """

    def __init__(self, names: Container[str]) -> None:
        """A text that starts with one of these `names` and a colon is about that stream."""
        super().__init__()
        self._names = names

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        more, text = record.__dict__, record.getMessage()
        named = text.partition(":")[0]
        stream_name = more.get("stream_name", named if named in self._names else None)
        line: dict[str, Any] = {
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger_name": record.name,
            "ts": record.created,
            "thread_name": record.threadName,
            "app_name": "tap-incident",
            "stream_name": stream_name,
            "message": "METRIC" if "metric" in more else text,
            "extra": more.get("figures", {}),
        }
        fields = {"metric_info": more.get("metric"), "exception": more.get("exception")}
        return json.dumps(line | {name: value for name, value in fields.items() if value})


def as_line(level: int, text: str) -> str:
    """The line of a text that can't go through logging, without its line break."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers if handler.formatter]
    record = logging.LogRecord(__name__, level, "", 0, text, None, None)
    return (formatters[-1] if formatters else text_formatter()).format(record)


@contextmanager
def log_lines(environ: Mapping[str, str], names: Container[str]) -> Iterator[None]:
    """Write the log to stderr in this block, as these variables say. `names` are those of the streams.

    TAP_INCIDENT_LOGLEVEL, else LOGLEVEL: the lowest level to write. LOG_FORMAT: text or json; else it is JSON if the
    file SINGER_SDK_LOG_CONFIG asks for it, as under Meltano, which reads the level from it. If it is not JSON,
    LOGGING_CONF_FILE decides all of it, as for singer-python: a file for logging.config.fileConfig.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        path = None if _are_json(environ) else environ.get("LOGGING_CONF_FILE")
        problem = _problem_of(path) if path else ""
        if problem or not path:
            _configure(root, environ, names)
        if problem:
            LOGGER.warning("LOGGING_CONF_FILE can't be used (%s)", problem)
        yield
    finally:
        for handler in root.handlers:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


def _problem_of(path: str) -> str:
    """Configure the log by this file. Returns what keeps it from being used, if anything does."""
    try:
        logging.config.fileConfig(path, disable_existing_loggers=False)
    except Exception as error:  # The file may name any class.
        return f"{type(error).__name__}: {error}"
    return ""


def _configure(root: logging.Logger, environ: Mapping[str, str], names: Container[str]) -> None:
    json_lines = _are_json(environ)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(names) if json_lines else text_formatter())
    # The handler of singer-python has this very type; others, such as a test's, stay.
    root.handlers[:] = [*(each for each in root.handlers if type(each) is not logging.StreamHandler), handler]
    variable = "TAP_INCIDENT_LOGLEVEL" if environ.get("TAP_INCIDENT_LOGLEVEL") else "LOGLEVEL"
    level, log_format = environ.get(variable, "").upper(), environ.get("LOG_FORMAT", "").lower()
    if level in _LEVELS:
        root.setLevel(level)
    elif level:
        LOGGER.warning("%s must be one of %s: using INFO", variable, ", ".join(_LEVELS))
    if log_format and log_format not in _FORMATS:
        LOGGER.warning("LOG_FORMAT must be one of %s: using text", ", ".join(_FORMATS))


def _are_json(environ: Mapping[str, str]) -> bool:
    wanted, path = environ.get("LOG_FORMAT", "").lower(), environ.get("SINGER_SDK_LOG_CONFIG")
    if wanted in _FORMATS or not path:
        return wanted == "json"
    # Meltano writes this formatter into its file if it can read the lines.
    with suppress(OSError, UnicodeDecodeError):
        return "StructuredFormatter" in Path(path).read_text("utf-8")
    return False
