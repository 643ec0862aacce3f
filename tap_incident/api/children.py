"""Requests for children: the lists that a parent's row leads to, and the columns that the tap adds to their rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData
from tap_incident.streams import ROW_ID, Params, Stream
from tap_incident.timestamps import rfc3339

TimeSpan = tuple[str, str]
"""Start and end (RFC 3339) of the time for which streams with a `window` are read."""


def shift_window(now: datetime, days: int) -> TimeSpan:
    """From `days` before `now` to `days` after it. `now` must have a time zone."""
    return rfc3339(now - timedelta(days=days)), rfc3339(now + timedelta(days=days))


def child_params(stream: Stream, row: Row, span: TimeSpan, is_first: Callable[[str, str], bool]) -> list[Params]:
    """Parameters of each list of `stream` for one row of its parent.

    `is_first(stream name, id)` is True the first time it is called with that pair in a run.
    Raises BadData if the row lacks an id that every request needs, or has something other than a list where a list of
    ids belongs.
    """
    parent = stream.parent
    for param, key in parent.params:
        if row.get(key) is None and (key == parent.id_property or f"{{{param}}}" in stream.path):
            raise BadData(f"{parent.stream}: a row came without its key property {key}")
    own = tuple((param, str(row[key])) for param, key in parent.params if row.get(key) is not None)
    window = zip(stream.window, span, strict=True) if stream.window else ()
    fixed = (*stream.params, *window)
    others = [(param, value) for param, key in parent.also_by for value in _ids(row, key, stream)]
    return [(*fixed, *own), *((*fixed, pair) for pair in others if is_first(stream.name, pair[1]))]


def _ids(row: Row, key: str, stream: Stream) -> list[str]:
    found = row.get(key) or []
    if not isinstance(found, list):
        raise BadData(f"{stream.parent.stream}: {key} should be of type array, but the API sent another one")
    return [str(value) for value in found if value is not None]


def with_added_columns(pages: Iterator[Page], stream: Stream, params: Params) -> Iterator[Page]:
    """The pages of the list with `params`, with the columns that the tap adds to their rows.

    If one of them is `ROW_ID`, a row that came before in this list is left out: pages by time overlap.
    """
    sent = dict(params)
    added = {column: sent[param] for column, param in stream.parent.added_columns}
    columns, seen = stream.answer.row_id_from, set[str]()
    for page in pages:
        for row in page.rows:
            row.update(added)
        yield replace(page, rows=_unseen(page.rows, columns, seen)) if columns else page


def _unseen(rows: list[Row], columns: tuple[str, ...], seen: set[str]) -> list[Row]:
    """The rows that are not in `seen` yet, each with its `ROW_ID`."""
    fresh = []
    for row in rows:
        values = [_at(row, path) for path in columns]
        row[ROW_ID] = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
        if row[ROW_ID] not in seen:
            seen.add(row[ROW_ID])
            fresh.append(row)
    return fresh


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
