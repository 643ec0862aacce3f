"""YAML from JSON values, in the layout that people write: the tap's development needs no YAML library beside it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z][\w.*/()>,-]*(?: [\w.*/()>,-]+)*")
_NOT_A_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def yaml_text(value: Any, indent: int = 0) -> str:
    """A non-empty list or object of JSON values as lines of YAML, each after `indent` spaces."""
    return "\n".join(" " * indent + line for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(f"{key}:", inner)
        return
    for inner in value:
        nested = list(_lines(inner)) if isinstance(inner, dict) else [_scalar(inner)]
        yield f"- {nested[0]}"
        yield from (f"  {line}" for line in nested[1:])


def _entry(key: str, value: Any) -> Iterator[str]:
    """A key with its value: behind it if that fits, else below it."""
    line = f"{key} {_scalar(value)}"
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        yield key
        yield from (f"  {below}" for below in _lines(value))
    elif len(line) <= _WIDTH:
        yield line
    elif isinstance(value, list):
        yield key
        yield from (f"  - {_scalar(item)}" for item in value)
    else:
        yield f"{key} >-"
        yield from (f"  {below}" for below in textwrap.wrap(value, _WIDTH - 2, break_on_hyphens=False))


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_A_TEXT and "," not in value:
        return value
    return json.dumps(value, ensure_ascii=False)
