"""JSON from outside: the files that the user names, and one strict parser for them and for the API's answers."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from tap_incident.errors import BadInput


def read_file(path: str) -> str:
    """The text of a file; raises BadInput that names it."""
    try:
        return Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: is not UTF-8 text") from None


def readable_by_others(path: str) -> bool:
    """True if the file's mode lets other accounts read it."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def parse_file(text: str, source: str) -> Any:
    """The JSON value of the text of a file. Raises BadInput that names `source` and the line, but no value."""
    try:
        return strict_json(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        # Not chained: the error holds the whole text, and a config has the key in it.
        raise BadInput(f"{source}: not valid JSON{where}") from None


class BadNumber(ValueError):
    """A number that is not JSON, or that no float can hold."""


def strict_json(text: str | bytes) -> Any:
    """The JSON value of a text. Raises ValueError, also for NaN and infinities, which Python accepts."""
    return json.loads(text, parse_constant=_no_number, parse_float=_finite)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise BadNumber("a number is too large for a float")
    return number


def _no_number(text: str) -> NoReturn:
    raise BadNumber(f"{text} is not a JSON number")
