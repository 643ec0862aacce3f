"""Answers that tests make themselves for each stream: the body, and what the tap adds to its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Any

from tap_incident.streams import BY_NAME, ROW_ID, STREAMS, Stream
from tests.fake_api import Fault, Organisation, organisation
from tests.fake_api.server import Faults
from tests.support.runs import Json


@cache
def small() -> Organisation:
    """Its rows are what tests make answers of; they only read it."""
    return organisation(8)


@cache
def few_parents() -> Organisation:
    """Served to runs that need one request for children, not hundreds; they only read it."""
    org = organisation(3)
    for stream in STREAMS:
        if stream.parent.stream:
            path = BY_NAME[stream.parent.stream].path
            org.rows[path] = org.rows[path][:3]
    return org


def answer(stream: Stream, rows: object) -> Any:
    """The body of an answer with `rows` as the stream's list. A stream without a list has the first of them."""
    if stream.answer.one_row_with:
        return rows[0] if isinstance(rows, list) and rows else {stream.answer.one_row_with: None}
    return {stream.answer.key or stream.name: rows if stream.answer.list_column is None else {"final": rows}}


def once(stream: Stream, body: object) -> Faults:
    """The stream's path answers with `body` the first time, and with an empty list from then on, if it is a list."""
    times = count()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path != stream.path:
            return None
        is_over = next(times) and not stream.answer.one_row_with
        return Fault(status=200, body=json.dumps(answer(stream, []) if is_over else body))

    return faults


def made(stream: Stream) -> set[str]:
    """Columns that the tap adds, whatever the API sends under their names."""
    return {
        *(column for column, _ in stream.parent.added_columns),
        *({ROW_ID} if stream.answer.row_id_from else ()),
        *({stream.answer.list_column} - {None}),
    }


@cache
def fullest(stream: Stream) -> Json:
    """The longest row of the stream."""
    rows: list[Json] = small().rows[stream.path]
    return max(rows, key=lambda row: len(json.dumps(row)))


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The value with `change` applied to it and to all that it contains, innermost first."""
    if isinstance(value, dict):
        return change({name: each(found, change) for name, found in value.items()})
    return change([each(found, change) for found in value] if isinstance(value, list) else value)
