"""What every log line goes through: the API key is masked, nothing controls a terminal, and no line is endless."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_LINE = 4_000
"""Characters of one line."""
_LONGEST_TRACEBACK_LINES = 200
_SHORTEST_SECRET = 8


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
    if text.isprintable():
        return text
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


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A library's mistake in a log call does not end the run.
        return f"{record.msg} {record.args}"


def _exception(error: BaseException | None, clean: Callable[[str], str]) -> dict[str, Any]:
    """An error as structured logs have it."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)[-_LONGEST_TRACEBACK_LINES:]
    return {
        "type": type(error).__name__,
        "module": type(error).__module__,
        "message": clean(str(error)),
        "traceback": [
            {"filename": each.filename, "function": each.name, "lineno": each.lineno, "line": clean(each.line or "")}
            for each in frames
        ],
    }


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
        if record.exc_info and record.exc_info[0]:
            lines = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n").split("\n")
            # Indented, so that a text with line breaks can't pass for another record.
            record.exc_text = "\n".join(f"  {clean(line)}" for line in lines[-_LONGEST_TRACEBACK_LINES:])
            record.exception = _exception(record.exc_info[1], clean)
        record.exc_info = None
        return record

    logging.setLogRecordFactory(cleaned)
    try:
        yield secrets
    finally:
        logging.setLogRecordFactory(before)
