"""The meaning of an answer: a page of rows, or an error by kind.

Source: API documents, sections "Pagination", "Errors", "Rate limits".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from tap_incident.api.body import Unusable, is_api_error, parse_body
from tap_incident.api.rate import Limits, read_limits
from tap_incident.api.surroundings import refused_by_proxy
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
from tap_incident.logs import masked
from tap_incident.streams import Stream
from tap_incident.timestamps import instant, is_timestamp

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
    """429. `limits` are those in the headers; `retry_after` is the wait in seconds, None if the API gave none."""

    def __init__(self, text: str, limits: Limits, retry_after: float | None) -> None:
        super().__init__(text)
        self.limits = limits
        self.retry_after = retry_after


class PageTooLarge(Rejected):
    """The API rejects the `page_size` (422). A smaller page may help."""


def read(request: str, status: int, headers: Headers, content: bytes, secret: str = "") -> Row:
    """The JSON object of a 200. `request` names stream, method and path in errors.

    `secret` is masked if the answer quotes it. Raises PassingFault, Unusable or BadData for a body that is not what it
    should be, and what `fail` raises for another status.
    """
    try:
        body = parse_body(content, request)
    except BadData:
        if status == 200:
            raise
        body = None
    if status != 200:
        fail(request, status, headers, body, secret)
    if is_api_error(body):
        text, _ = _described(request, status, body, secret)
        raise Unusable(f"{text}: an error in the place of the data")
    if not isinstance(body, dict):
        raise PassingFault(f"{request}: status 200, but the body is not a JSON object")
    return body


def page(body: Row, stream: Stream) -> Page:
    """The page of `stream` in the body of a 200. Raises BadData if it has no list of rows at the expected place."""
    if stream.answer.one_row_with is not None:
        return Page([_one_row(body, stream.answer.one_row_with, stream)])
    key = stream.answer.key or stream.name
    rows = _rows(body, key, stream) if stream.answer.list_column is None else _rows_of_lists(body, key, stream)
    meta = body.get("pagination_meta")
    if meta is None:
        return Page(rows)
    if not isinstance(meta, dict):
        raise BadData(f"{stream.name}: {stream.path}: pagination_meta is not an object")
    after, total = meta.get("after"), meta.get("total_record_count")
    if not isinstance(after, str | None):
        raise BadData(f"{stream.name}: {stream.path}: the cursor of the next page is not a string")
    if not is_unicode(after or ""):
        raise BadData(f"{stream.name}: {stream.path}: the cursor of the next page is not valid Unicode")
    return Page(rows, after or None, total if type(total) is int else None)


def _one_row(body: Row, name: str, stream: Stream) -> Row:
    if name not in body:
        raise BadData(f'{stream.name}: the answer of {stream.path} has no "{name}"')
    return body


def is_unicode(text: str) -> bool:
    """False if the text has half of a surrogate pair, which JSON can hold, but no request and no file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rows(body: Row, key: str, stream: Stream) -> list[Row]:
    # A Go server writes an empty list as null. A missing key is an error.
    rows = [] if key in body and body[key] is None else body.get(key)
    if not isinstance(rows, list):
        raise BadData(f'{stream.name}: the answer of {stream.path} has no list "{key}"')
    for number, row in enumerate(rows):
        if type(row) is not dict:
            raise BadData(f'{stream.name}: {stream.path}: entry {number} of "{key}" is not an object')
    return rows


def _rows_of_lists(body: Row, key: str, stream: Stream) -> list[Row]:
    """The rows of all lists in the object under `key`, each with the name of its list in a column."""
    found = body.get(key)
    lists = found if isinstance(found, dict) else {}
    names = sorted(name for name, rows in lists.items() if isinstance(rows, list | None))
    if not names:
        raise BadData(f'{stream.name}: the answer of {stream.path} has no lists in "{key}"')
    return [{**row, str(stream.answer.list_column): name} for name in names for row in _rows(lists, name, stream)]


def fail(request: str, status: int, headers: Headers, body: Any, secret: str = "") -> NoReturn:
    """Raise the error for a status other than 200. `body` is the JSON value of its body, None if it is not JSON.

    Only the API's own error says that a row or a permission is missing. A gateway's status does not.
    """
    text, scope = _described(request, status, body if isinstance(body, dict) else {}, secret)
    if status == 407:
        raise BadEndpoint(f"{text}: {refused_by_proxy(status)}")
    if status == 429:
        raise RateLimited(text, read_limits(headers), _retry_after(headers, body))
    if 300 <= status < 400:
        raise BadEndpoint(f"{text}. Redirects are not followed, because the key would be sent along: check endpoint")
    if not is_api_error(body):
        fault = SlowAnswer if status in _GAVE_UP else PassingFault
        raise fault(f"{text}: a gateway or proxy answered, not the API")
    if status == 408 or status >= 500:
        raise SlowAnswer(text) if status in _GAVE_UP else PassingFault(text)
    if status == 401:
        raise BadKey(f"{text}. The API does not know this key: check api_key, or make a new one in the dashboard")
    if status == 403:
        raise Forbidden(text) if scope is None else MissingPermission(text, scope)
    if status == 404:
        raise Gone(text)
    kind = PageTooLarge if status == 422 and "page_size" in text else Rejected
    raise kind(text, advice="Deselect the stream to read the rest, and report this line")


def _described(request: str, status: int, body: Row, secret: str) -> tuple[str, str | None]:
    """Text with request, status, type, code, field and message of each error, and request_id; and the missing scope.

    The scope is "" if only the code says that one is missing, and None if nothing does.
    """
    texts, scope = [f"{request}: status {status}"], None
    if body.get("type"):
        texts.append(_quoted(body["type"], secret))
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            source, metadata = error.get("source"), error.get("metadata")
            field = source.get("field") if isinstance(source, dict) else None
            named = metadata.get("scope") if isinstance(metadata, dict) else None
            if error.get("code") == "missing_required_scope" or (named and isinstance(named, str)):
                scope = scope or (_quoted(named, secret) if isinstance(named, str) else "")
            text = ": ".join(str(value) for value in (error.get("code"), field, error.get("message")) if value)
            texts += [_quoted(text, secret).rstrip(".")] if text else []
    if body.get("request_id"):
        texts.append(f"request_id {_quoted(body['request_id'], secret)}")
    return ", ".join(texts), scope


def _quoted(value: object, secret: str) -> str:
    """A text of the API for use in one line, with *** for the secret, also in its JSON and URL forms."""
    return masked(" ".join(str(value).split()), secret)[:_LONGEST_MESSAGE]


def _retry_after(headers: Headers, body: Any) -> float | None:
    """Seconds to wait, from the header or else from the body; None if neither gives a time in the future."""
    limit = body.get("rate_limit") if isinstance(body, dict) else None
    for value in (headers.get("Retry-After"), limit.get("retry_after") if isinstance(limit, dict) else None):
        if isinstance(value, int | float | str):
            seconds = _seconds(str(value).strip(), headers)
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
    if not is_timestamp(value):
        return None
    second, fraction = instant(value)
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
