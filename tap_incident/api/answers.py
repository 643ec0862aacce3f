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

from singer.utils import strptime_to_utc

from tap_incident.api.rate import Limits, read_limits
from tap_incident.errors import BadData, BadEndpoint, BadKey, Gone, MissingPermission, PassingFault, Rejected
from tap_incident.json_input import strict_json
from tap_incident.logs import masked
from tap_incident.streams import Stream

Row = dict[str, Any]
Headers = Mapping[str, str]

_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Page:
    """One page of a list: rows, cursor of the next page (None: last page), total number of rows (None: unknown)."""

    rows: list[Row]
    after: str | None = None
    total: int | None = None


class RateLimited(PassingFault):
    """429. `limits` are those in the headers; `retry_after` is the wait in seconds, None if the API gave none."""

    def __init__(self, text: str, limits: Limits, retry_after: float | None) -> None:
        super().__init__(text)
        self.limits = limits
        self.retry_after = retry_after


def parse_body(content: bytes, request: str = "GET") -> Any:
    """The JSON value of a body; None if it is not JSON (empty, or a gateway's HTML).

    `request` names the request in errors. Raises BadData for a body that no retry will make readable.
    """
    try:
        return strict_json(content)
    except ValueError:
        return None
    except RecursionError:
        raise BadData(f"{request}: the answer is nested too deeply to be read") from None


def page(body: Row, stream: Stream) -> Page:
    """The page of `stream` in the body of a 200. Raises BadData if the list of objects is not where it should be."""
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
    return Page(rows, after or None, total if type(total) is int else None)


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


def fail(request: str, status: int, headers: Headers, body: Row, secret: str = "") -> NoReturn:
    """Raise the error for a status other than 200. `request` names stream, method and path.

    `secret` is masked if the answer quotes it.
    """
    text, scope = _described(request, status, body, secret)
    if status == 429:
        raise RateLimited(text, read_limits(headers), _retry_after(headers, body))
    if status == 408 or status >= 500:
        raise PassingFault(text)
    if status == 401:
        raise BadKey(f"{text}. The API does not know this key: check api_key, or make a new one in the dashboard")
    if status == 403:
        raise MissingPermission(text, scope)
    if status == 404:
        raise Gone(text)
    if 300 <= status < 400:
        raise BadEndpoint(f"{text}. Redirects are not followed, because the key would be sent along: check endpoint")
    raise Rejected(text, advice="Deselect the stream to read the rest, and report this line")


def _described(request: str, status: int, body: Row, secret: str) -> tuple[str, str | None]:
    """(text with request, status, type, code, field and message of each error, and request_id; the missing scope)."""
    texts, scope = [f"{request}: status {status}"], None
    if body.get("type"):
        texts.append(_quoted(body["type"], secret))
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            source, metadata = error.get("source"), error.get("metadata")
            field = source.get("field") if isinstance(source, dict) else None
            scope = scope or (metadata.get("scope") if isinstance(metadata, dict) else None)
            text = ": ".join(str(value) for value in (error.get("code"), field, error.get("message")) if value)
            texts += [_quoted(text, secret).rstrip(".")] if text else []
    if body.get("request_id"):
        texts.append(f"request_id {_quoted(body['request_id'], secret)}")
    return ", ".join(texts), _quoted(scope, secret) if isinstance(scope, str) else None


def _quoted(value: object, secret: str) -> str:
    """A text of the API for use in one line, with *** for the secret, also in its JSON and URL forms."""
    return masked(" ".join(str(value).split()), secret)[:_LONGEST_MESSAGE]


def _retry_after(headers: Headers, body: Row) -> float | None:
    """Seconds to wait, from the header or else from the body; None if neither gives a time in the future."""
    limit = body.get("rate_limit")
    for value in (headers.get("Retry-After"), limit.get("retry_after") if isinstance(limit, dict) else None):
        if isinstance(value, int | float | str):
            seconds = _seconds(str(value).strip(), headers)
            if seconds is not None and seconds > 0:
                return seconds
    return None


def sent_at(headers: Headers) -> datetime | None:
    """The time in the answer's Date header; None if there is none."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _seconds(value: str, headers: Headers) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    if not re.match(r"[A-Za-z]{3}, |\d{4}-\d\d-\d\d[T ]", value):
        return None  # The date parser would find a date in almost any text.
    try:
        # Compared with the API's own clock if it is known: this machine's may be wrong.
        now = strptime_to_utc(headers["Date"]) if "Date" in headers else datetime.now(timezone.utc)
        return float((strptime_to_utc(value) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
