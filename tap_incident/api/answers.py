"""The meaning of an answer: its JSON object, or an error by kind.

Source: RFC 8259; API documents, sections "Errors" and "Rate limits".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeGuard

from tap_incident.api.transport import refused_by_proxy
from tap_incident.errors import (
    BadData,
    BadEndpoint,
    BadKey,
    Forbidden,
    Gone,
    MissingPermission,
    PassingFault,
    Rejected,
    SlowAnswer,
)
from tap_incident.json_input import BadNumber, strict_json
from tap_incident.logs import masked
from tap_incident.timestamps import instant

Row = dict[str, Any]
Headers = Mapping[str, str]

_GAVE_UP = (502, 503, 504)
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Page:
    """One page of a list: rows, cursor of the next page (None: last page), total number of rows (None: unknown)."""

    rows: list[Row]
    after: str | None = None
    total: int | None = None
    extracted: str = ""
    """When its answer came, for `time_extracted`."""


class RateLimited(PassingFault):
    """429. `retry_after` is the wait in seconds, None if the API gave none."""

    def __init__(self, text: str, retry_after: float | None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class PageTooLarge(Rejected):
    """The API rejects the `page_size` (422). A smaller page may help."""


class Unusable(BadData):
    """A complete answer that can't be used. The API may answer better at the next try, but probably won't."""


def read(request: str, status: int, headers: Headers, content: bytes, secret: str) -> Row:
    """The JSON object of a 200. `request` names stream, method and path in errors.

    `secret` is masked if the answer quotes it. Raises PassingFault, Unusable or BadData for a body that is not what it
    should be, and what `fail` raises for another status.
    """
    if status != 200:
        fail(request, status, headers, content, secret)
    body = parse_body(content, request)
    if is_api_error(body):
        text, _ = _described(request, status, body, secret)
        raise Unusable(f"{text}: an error in the place of the data")
    if not isinstance(body, dict):
        raise PassingFault(f"{request}: status 200, but the body is not a JSON object")
    return body


def parse_body(content: bytes, request: str) -> Any:
    """The JSON value of a body; None if it is not JSON: empty, cut off, or a gateway's HTML.

    Raises Unusable for a complete body that breaks the rules of JSON, and BadData for one that is nested too deeply.
    """
    try:
        return strict_json(content)
    except json.JSONDecodeError:
        return None
    except UnicodeDecodeError:
        if parse_body(content.decode("utf-8", "replace").encode(), request) is None:
            return None
        raise Unusable(f"{request}: the answer is not UTF-8 text") from None
    except ValueError as error:
        why = error if isinstance(error, BadNumber) else "an integer has too many digits"
        raise Unusable(f"{request}: the answer can't be read: {why}") from None
    except RecursionError:
        raise BadData(f"{request}: the answer is nested too deeply to be read") from None


def is_api_error(body: Any) -> TypeGuard[Row]:
    """True for the API's own error, `{"type": ..., "errors": [{...}]}`. Only the API says what is missing or forbidden;
    a gateway or proxy in front of it answers in another form."""
    errors = _in(body, "errors")
    if not isinstance(errors, list) or not isinstance(_in(body, "type"), str):
        return False
    return any(isinstance(each, dict) and each for each in errors)


def _in(value: Any, key: str) -> Any:
    """What an object has under this key; None if it is no object."""
    return value.get(key) if isinstance(value, dict) else None


def fail(request: str, status: int, headers: Headers, content: bytes, secret: str) -> NoReturn:
    """Raise the error for a status other than 200.

    Only the API's own error says that a row or a permission is missing. A gateway's status does not.
    """
    body = None
    with suppress(BadData):
        body = parse_body(content, request)
    text, scope = _described(request, status, body, secret)
    if status == 407:
        raise BadEndpoint(f"{text}: {refused_by_proxy(status)}")
    if status == 429:
        raise RateLimited(text, _retry_after(headers, body))
    if 300 <= status < 400:
        raise BadEndpoint(f"{text}. Redirects are not followed, because the key would be sent along: check endpoint")
    fault = SlowAnswer if status in _GAVE_UP else PassingFault
    if not is_api_error(body):
        raise fault(f"{text}: a gateway or proxy answered, not the API")
    if status == 408 or status >= 500:
        raise fault(text)
    if status == 401:
        raise BadKey(f"{text}. The API does not know this key: check api_key, or make a new one in the dashboard")
    if status == 403:
        raise Forbidden(text) if scope is None else MissingPermission(text, scope)
    if status == 404:
        raise Gone(text)
    kind = PageTooLarge if status == 422 and "page_size" in text else Rejected
    raise kind(text, advice="Deselect the stream to read the rest, and report this line")


def _described(request: str, status: int, body: Any, secret: str) -> tuple[str, str | None]:
    """Text with request, status, type, code, field and message of each error, and request_id; and the missing scope.

    The scope is "" if only the code says that one is missing, and None if nothing does.
    """
    texts, scope = [f"{request}: status {status}"], None
    kind, errors, request_id = (_in(body, key) for key in ("type", "errors", "request_id"))
    if kind:
        texts.append(_quoted(kind, secret))
    for error in errors if isinstance(errors, list) else []:
        code, field, message = _in(error, "code"), _in(_in(error, "source"), "field"), _in(error, "message")
        given = _in(_in(error, "metadata"), "scope")
        named = _quoted(given, secret) if isinstance(given, str) else ""
        if named or code == "missing_required_scope":
            scope = scope or named
        text = ": ".join(str(value) for value in (code, field, message) if value)
        texts += [_quoted(text, secret).rstrip(".")] if text else []
    if request_id:
        texts.append(f"request_id {_quoted(request_id, secret)}")
    return ", ".join(texts), scope


def _quoted(value: object, secret: str) -> str:
    """A text of the API for use in one line, with *** for the secret, also in its JSON and URL forms."""
    return masked(" ".join(str(value).split()), secret)[:_LONGEST_MESSAGE]


def _retry_after(headers: Headers, body: Any) -> float | None:
    """Seconds to wait, from the header or else from the body; None if neither gives a time in the future."""
    for value in (headers.get("Retry-After"), _in(_in(body, "rate_limit"), "retry_after")):
        seconds = _seconds(str(value).strip(), headers) if isinstance(value, int | float | str) else None
        if seconds is not None and seconds > 0:
            return seconds
    return None


def sent_at(headers: Headers) -> datetime | None:
    """The time in the answer's Date header; None if there is none."""
    return _http_date(headers.get("Date", ""))


def _seconds(value: str, headers: Headers) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
        return float(value)
    # Compared with the API's own clock if it is known: this machine's may be wrong.
    now = sent_at(headers) or datetime.now(timezone.utc)
    date = _http_date(value)
    if date is not None:
        return (date - now).total_seconds()
    try:
        second, fraction = instant(value)
    except ValueError:
        return None
    return (second - now).total_seconds() + float(f"0.{fraction or 0}")


def _http_date(text: str) -> datetime | None:
    # Without this check, the parser finds a date in almost any text.
    if not re.match(r"[A-Za-z]{3}, ", text):
        return None
    try:
        found = parsedate_to_datetime(text)
        # "-0000" means UTC, but Python then gives a time without a zone.
        return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
