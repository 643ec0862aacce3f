"""The body of an answer as JSON: complete, strict, and no deeper than the loaders can read.

Source: RFC 8259; API documents, section "Errors".
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any, TypeGuard

from tap_incident.errors import BadData
from tap_incident.json_input import BadNumber, strict_json

DEEPEST = 200
"""Levels of nesting. orjson, which many loaders write with, stops at 254, jq at 256, and Python's json near 1,000."""
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEPS)


class Unusable(BadData):
    """A complete answer that can't be used. The API may answer better at the next try, but probably won't."""


def parse_body(content: bytes, request: str = "GET") -> Any:
    """The JSON value of a body; None if it is not JSON: empty, cut off, or a gateway's HTML.

    `request` names the request in errors. Raises Unusable for a complete body that breaks the rules of JSON, and
    BadData for one that is nested too deeply.
    """
    too_deep = BadData(f"{request}: the answer is nested too deeply to be read (more than {DEEPEST} levels)")
    try:
        value = strict_json(content)
    except json.JSONDecodeError:
        return None
    except UnicodeDecodeError:
        if _parses(content.decode("utf-8", "replace")):
            raise Unusable(f"{request}: the answer is not UTF-8 text") from None
        return None
    except ValueError as error:
        why = error if isinstance(error, BadNumber) else "an integer has too many digits"
        raise Unusable(f"{request}: the answer can't be read: {why}") from None
    except RecursionError:
        raise too_deep from None
    if _is_deep(content, value):
        raise too_deep
    return value


def is_api_error(body: Any) -> TypeGuard[dict[str, Any]]:
    """True for the API's own error, `{"type": ..., "errors": [{"code": ...}]}`. Only the API says what is missing or
    forbidden; a gateway or proxy in front of it answers in another form."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        return False
    errors = body.get("errors")
    return isinstance(errors, list) and any(
        isinstance(each, dict) and isinstance(each.get("code"), str) for each in errors
    )


def _parses(text: str) -> bool:
    try:
        strict_json(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_deep(content: bytes, value: Any) -> bool:
    # Brackets in texts count here too. That makes a reason to look closer, and costs normal bodies next to nothing.
    levels = list(accumulate(map(_STEPS.__getitem__, content.translate(None, _NO_BRACKETS))))
    return bool(levels) and (max(levels) > DEEPEST or levels[-1] != 0) and _depth_exceeds(value, DEEPEST)


def _depth_exceeds(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        containers = [each for each in level if isinstance(each, dict | list)]
        level = [child for each in containers for child in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)
