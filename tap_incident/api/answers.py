"""Answers: what the status, headers and body of an answer mean, as a page of rows or as an error by kind.

Source: API documents, sections "Pagination", "Errors", "Rate limits".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import quote

from singer.utils import strptime_to_utc

from tap_incident.api.rate import Limits, read_limits
from tap_incident.errors import BadData, BadKey, Gone, MissingPermission, PassingFault, Rejected
from tap_incident.json_input import strict_json
from tap_incident.streams import Stream

Row = dict[str, Any]
Headers = Mapping[str, str]

_LONGEST_MESSAGE = 500
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, the cursor of the next page (None: this is the last), and the rows in all."""

    rows: list[Row]
    after: str | None = None
    total: int | None = None


class Limited(PassingFault):
    """429: `limits` says which limit was reached, `retry_after` the wait in seconds, None if the API named none."""

    def __init__(self, text: str, limits: Limits, retry_after: float | None) -> None:
        super().__init__(text)
        self.limits = limits
        self.retry_after = retry_after


def parse(content: bytes, what: str = "GET") -> Any:
    """The JSON value of a body, the answer to `what`; None if it is none (an empty body, a gateway's HTML).

    Raises BadData for one that no trying again will make readable.
    """
    try:
        return strict_json(content)
    except ValueError:
        return None
    except RecursionError:
        raise BadData(f"{what}: the answer is nested too deep to be read") from None


def page(body: Row, stream: Stream) -> Page:
    """The page of `stream` in the body of a 200.

    Raises BadData if there is no list of objects where the stream's list belongs.
    """
    key = stream.answer_key or stream.name
    rows = _rows(body, key, stream) if stream.list_column is None else _rows_of_lists(body, key, stream)
    meta = body.get("pagination_meta")
    if meta is None:
        return Page(rows)
    if not isinstance(meta, dict):
        raise BadData(f"{stream.name}: {stream.path}: pagination_meta is no object")
    after, total = meta.get("after"), meta.get("total_record_count")
    if not isinstance(after, str | None):
        raise BadData(f"{stream.name}: {stream.path}: the cursor of the next page is no string")
    return Page(rows, after or None, total if type(total) is int else None)


def _rows(body: Row, key: str, stream: Stream) -> list[Row]:
    # A Go server writes an empty list as null; a list that isn't there is another thing.
    rows = [] if key in body and body[key] is None else body.get(key)
    if not isinstance(rows, list):
        raise BadData(f'{stream.name}: the answer of {stream.path} has no list "{key}"')
    for number, row in enumerate(rows):
        if type(row) is not dict:
            raise BadData(f'{stream.name}: {stream.path}: entry {number} of "{key}" is no object')
    return rows


def _rows_of_lists(body: Row, key: str, stream: Stream) -> list[Row]:
    """The rows of all lists in the object under `key`, list by list, each with the name of its own."""
    found = body.get(key)
    lists = found if isinstance(found, dict) else {}
    names = sorted(name for name, rows in lists.items() if isinstance(rows, list | None))
    if not names:
        raise BadData(f'{stream.name}: the answer of {stream.path} has no lists in "{key}"')
    return [{**row, str(stream.list_column): name} for name in names for row in _rows(lists, name, stream)]


def fail(what: str, status: int, headers: Headers, body: Row, secret: str = "") -> NoReturn:
    """Raise the error that a status other than 200 stands for; `what` is the stream, method and path.

    `secret` is hidden should the answer quote it.
    """
    text, scope = _described(what, status, body, secret)
    if status == 429:
        raise Limited(text, read_limits(headers), _retry_after(headers, body))
    if status == 408 or status >= 500:
        raise PassingFault(text)
    if status == 401:
        raise BadKey(f"{text}. The API does not know this key: check api_key, or make a new one in the dashboard")
    if status == 403:
        raise MissingPermission(text, scope)
    if status == 404:
        raise Gone(text)
    if 300 <= status < 400:
        raise Rejected(f"{text}. Redirects are not followed, since they would take the key along: check endpoint")
    raise Rejected(text, advice="Deselect the stream to read the rest, and report this line")


def _described(what: str, status: int, body: Row, secret: str) -> tuple[str, str | None]:
    """(method, path, status, type, each error's code, field and message, request_id; the scope that is missing)."""
    parts, scope = [f"{what}: status {status}"], None
    if body.get("type"):
        parts.append(_quoted(body["type"], secret))
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            source, metadata = error.get("source"), error.get("metadata")
            field = source.get("field") if isinstance(source, dict) else None
            scope = scope or (metadata.get("scope") if isinstance(metadata, dict) else None)
            told = ": ".join(str(part) for part in (error.get("code"), field, error.get("message")) if part)
            parts += [_quoted(told, secret).rstrip(".")] if told else []
    if body.get("request_id"):
        parts.append(f"request_id {_quoted(body['request_id'], secret)}")
    return ", ".join(parts), _quoted(scope, secret) if isinstance(scope, str) else None


def _quoted(value: object, secret: str) -> str:
    """What an answer says, as a part of a line, with *** for the secret as it is, in JSON and in a URL."""
    text = " ".join(str(value).split())
    for form in {secret, json.dumps(secret)[1:-1], quote(secret, safe="")} - {""}:
        # A secret as short as a word is hidden only where it is one: it would be found in half of all words.
        ends = (r"(?<!\w)", r"(?!\w)") if len(secret) < _SHORTEST_SECRET else ("", "")
        text = re.sub(re.escape(form).join(ends), "***", text, flags=re.IGNORECASE)
    return text[:_LONGEST_MESSAGE]


def _retry_after(headers: Headers, body: Row) -> float | None:
    """Seconds from the header or else the body; None if neither names a time to come."""
    limit = body.get("rate_limit")
    named = (headers.get("Retry-After"), limit.get("retry_after") if isinstance(limit, dict) else None)
    for value in named:
        if isinstance(value, int | float | str):
            seconds = _seconds(str(value).strip(), headers)
            if seconds is not None and seconds > 0:
                return seconds
    return None


def sent_at(headers: Headers) -> datetime | None:
    """When the API says that it sent an answer, None if it doesn't."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _seconds(value: str, headers: Headers) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    if not re.match(r"[A-Za-z]{3}, |\d{4}-\d\d-\d\d[T ]", value):
        return None  # The parser of dates would find one in almost anything.
    try:
        # Against the API's own clock where it shows it: this machine's may be off.
        now = strptime_to_utc(headers["Date"]) if "Date" in headers else datetime.now(timezone.utc)
        return float((strptime_to_utc(value) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
