"""The body of an answer as JSON: complete and strict.

Source: RFC 8259; API documents, section "Errors".
"""

from __future__ import annotations

import json
from typing import Any, TypeGuard

from tap_incident.errors import BadData
from tap_incident.json_input import BadNumber, strict_json


class Unusable(BadData):
    """A complete answer that can't be used. The API may answer better at the next try, but probably won't."""


def parse_body(content: bytes, request: str = "GET") -> Any:
    """The JSON value of a body; None if it is not JSON: empty, cut off, or a gateway's HTML.

    `request` names the request in errors. Raises Unusable for a complete body that breaks the rules of JSON, and
    BadData for one that is nested too deeply for Python.
    """
    try:
        return strict_json(content)
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
        raise BadData(f"{request}: the answer is nested too deeply to be read") from None


def is_api_error(body: Any) -> TypeGuard[dict[str, Any]]:
    """True for the API's own error, `{"type": ..., "errors": [{...}]}`. Only the API says what is missing or forbidden;
    a gateway or proxy in front of it answers in another form."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        return False
    errors = body.get("errors")
    return isinstance(errors, list) and any(isinstance(each, dict) and each for each in errors)


def _parses(text: str) -> bool:
    try:
        strict_json(text)
    except (ValueError, RecursionError):
        return False
    return True
