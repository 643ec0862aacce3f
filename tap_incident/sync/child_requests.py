"""Children: the lists that a parent's row leads to, and what the tap adds to rows that don't say where they belong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import reduce
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData
from tap_incident.streams import ROW_ID, Params, Stream

Window = tuple[str, str]
"""Start and end of the time that streams with `window_params` are read for, as RFC 3339."""


def window(now: datetime, days: int) -> Window:
    """So many days to either side of `now`, which is aware of its zone."""
    start, end = (now.astimezone(timezone.utc) + timedelta(days=sign * days) for sign in (-1, 1))
    return start.strftime("%Y-%m-%dT%H:%M:%SZ"), end.strftime("%Y-%m-%dT%H:%M:%SZ")


def questions(stream: Stream, row: Row, span: Window, first: Callable[[str, str], bool]) -> list[Params]:
    """Parameters of each list of `stream` that a row of its parent leads to.

    `first` tells of a stream's name and an id whether this is the first time in the run.
    Raises BadData if the row has no id to ask by, or no list where there should be one of ids.
    """
    by_id, name = stream.parent_params[0][1], stream.name
    if row.get(by_id) is None:
        raise BadData(f"{stream.parent}: a row came without its key property {by_id}")
    own = tuple((param, str(row[key])) for param, key in stream.parent_params if row.get(key) is not None)
    fixed = (*stream.params, *(zip(stream.window_params, span, strict=True) if stream.window_params else ()))
    others = [(param, value) for param, key in stream.also_by for value in _ids(row, key, stream)]
    return [(*fixed, *own), *((*fixed, pair) for pair in others if first(name, pair[1]))]


def _ids(row: Row, key: str, stream: Stream) -> list[str]:
    found = row.get(key) or []
    if not isinstance(found, list):
        raise BadData(f"{stream.parent}: {key} should be of type array, but the API sent another one")
    return [str(value) for value in found if value is not None]


def completed(pages: Iterator[Page], stream: Stream, params: Params) -> Iterator[Page]:
    """The pages of the list under `params`, their rows with the columns that the tap adds.

    Where `ROW_ID` is made, a row that came before in this list is left out: pages that are cut by time overlap.
    """
    asked = dict(params)
    added = {name: asked[name] for name in stream.added}
    seen: set[str] = set()
    for page in pages:
        for row in page.rows:
            row.update(added)
        yield replace(page, rows=_once(page.rows, stream.identity, seen)) if stream.identity else page


def _once(rows: list[Row], identity: tuple[str, ...], seen: set[str]) -> list[Row]:
    """The rows that aren't `seen` yet, each with its `ROW_ID`."""
    fresh = []
    for row in rows:
        row[ROW_ID] = _row_id(row, identity)
        if row[ROW_ID] not in seen:
            seen.add(row[ROW_ID])
            fresh.append(row)
    return fresh


def _row_id(row: Row, identity: tuple[str, ...]) -> str:
    values = [reduce(_inside, path.split("."), row) for path in identity]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def _inside(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
