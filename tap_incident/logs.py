"""The log: form and level of its lines. The API key is masked, nothing controls a terminal, and no line is endless.

Source: Singer SDK, schema of structured logs (singer_sdk/schemas/logs.schema.json); singer-python, logging.conf.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys
import time
import traceback
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LOGGER = logging.getLogger(__name__)

LONGEST_LINE = 4_000
"""Characters of one line."""
_LONGEST_TRACEBACK_LINES = 200
_SHORTEST_SECRET = 8
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMATS = ("text", "json")


def masked(text: str, secret: str) -> str:
    """The text with *** for the secret, also where it is escaped for JSON or a URL.

    A secret of fewer than eight characters is masked only as a whole word: it may be part of many words.
    """
    if not secret:
        return text
    forms = (rf"(?:\\{{0,3}}(?:{re.escape(char)}|\\u00{ord(char):02x})|%(?:25)?{ord(char):02x})" for char in secret)
    ends = (r"(?<!\w)", r"(?!\w)") if len(secret) < _SHORTEST_SECRET else ("", "")
    return re.sub("".join(forms).join(ends), "***", text, flags=re.IGNORECASE)


def printable(text: str) -> str:
    """The text with an escape such as \\x1b for each character that is not printable. It is one line."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shortened(text: str, longest: int) -> str:
    """The text, without its middle if it is longer than this. Mask it first: half a secret is not found."""
    if len(text) <= longest:
        return text
    head, tail = longest * 3 // 4, longest // 4
    return f"{text[:head]} ... ({len(text) - head - tail} characters left out) ... {text[-tail:]}"


def duration(seconds: float) -> str:
    """A time for a person: 0.4 s, 41 s, 16 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:,.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"


@contextmanager
def clean_logs() -> Iterator[list[str]]:
    """Clean every record that any library logs in this block. Secrets that the caller appends to the list are masked.

    The records themselves are cleaned, not the output of a handler: singer-python sets up its handlers anew at will.
    """
    secrets: list[str] = []
    before = logging.getLogRecordFactory()

    def clean(text: str) -> str:
        for secret in secrets:
            # A short one is masked only where the API quotes it: it may be a word of ours.
            text = masked(text, secret) if len(secret) >= _SHORTEST_SECRET else text
        return shortened(printable(text), LONGEST_LINE)

    def cleaned(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = before(*args, **kwargs)
        record.msg, record.args = clean(_message(record)), None
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
            # Indented, so that a text with line breaks can't pass for another record.
            record.exc_text = "\n".join(f"  {clean(line)}" for line in lines[-_LONGEST_TRACEBACK_LINES:])
            record.exception = _exception(error, clean)
        record.exc_info = None
        return record

    logging.setLogRecordFactory(cleaned)
    try:
        yield secrets
    finally:
        logging.setLogRecordFactory(before)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A library's mistake in a log call does not end the run.
        return f"{record.msg} {record.args}"


def _exception(error: BaseException, clean: Callable[[str], str]) -> dict[str, Any]:
    """An error as structured logs have it."""
    frames = traceback.extract_tb(error.__traceback__)[-_LONGEST_TRACEBACK_LINES:]
    return {
        "type": type(error).__name__,
        "module": type(error).__module__,
        "message": clean(str(error)),
        "traceback": [
            {"filename": each.filename, "function": each.name, "lineno": each.lineno, "line": clean(each.line or "")}
            for each in frames
        ],
    }


def text_formatter() -> logging.Formatter:
    """Lines with time (UTC, RFC 3339), level and text."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter


class JsonFormatter(logging.Formatter):
    """One JSON object per line, with the fields of the structured logs of Singer SDK taps.

    It uses these attributes of a record, if it has them: `metric` (for a METRIC), `stream_name`, `figures` (for
    `extra`) and `exception`, which `clean_logs` makes of an error.
    """

    def __init__(self, names: Container[str]) -> None:
        """A text that starts with one of these `names` and a colon is about that stream."""
        super().__init__()
        self._names = names

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        more, text = record.__dict__, record.getMessage()
        named = text.partition(":")[0]
        line: dict[str, Any] = {
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger_name": record.name,
            "ts": record.created,
            "thread_name": record.threadName,
            "app_name": "tap-incident",
            "stream_name": more.get("stream_name", named if named in self._names else None),
            "message": "METRIC" if "metric" in more else text,
            "extra": more.get("figures", {}),
        }
        fields = {"metric_info": more.get("metric"), "exception": more.get("exception")}
        return json.dumps(line | {name: value for name, value in fields.items() if value})


def warning_line(text: str) -> str:
    """The line of a WARNING that can't go through logging, without its line break."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers if handler.formatter]
    record = logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
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
    are_json = _are_json(environ)
    path = "" if are_json else environ.get("LOGGING_CONF_FILE", "")
    try:
        problem = _problem_of(path) if path else ""
        if problem or not path:
            _configure(root, environ, JsonFormatter(names) if are_json else text_formatter())
        if problem:
            LOGGER.warning("LOGGING_CONF_FILE can't be used (%s)", problem)
        yield
    finally:
        for handler in root.handlers:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


def _are_json(environ: Mapping[str, str]) -> bool:
    wanted, path = environ.get("LOG_FORMAT", "").lower(), environ.get("SINGER_SDK_LOG_CONFIG")
    if wanted in _FORMATS or not path:
        return wanted == "json"
    # Meltano writes this formatter into its file if it can read the lines.
    with suppress(OSError, UnicodeDecodeError):
        return "StructuredFormatter" in Path(path).read_text("utf-8")
    return False


def _problem_of(path: str) -> str:
    """Configure the log by this file. Returns what keeps it from being used, if anything does."""
    try:
        logging.config.fileConfig(path, disable_existing_loggers=False)
    except Exception as error:  # The file may name any class.
        return f"{type(error).__name__}: {error}"
    return ""


def _configure(root: logging.Logger, environ: Mapping[str, str], formatter: logging.Formatter) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
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
