"""Answers that tests make themselves for each stream, and a small organisation to serve beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.fake_api import Fault, Organisation, organisation
from tests.fake_api.server import Faults


@cache
def few_parents() -> Organisation:
    """Served to runs that need one request for children, not hundreds; they only read it."""
    org = organisation(3)
    for stream in STREAMS:
        if stream.parent.stream:
            path = BY_NAME[stream.parent.stream].path
            org.rows[path] = org.rows[path][:3]
    return org


def answer(stream: Stream, rows: list[Any]) -> Any:
    """The body of an answer with `rows` as the stream's list. A stream without a list has the first of them."""
    if stream.answer.one_row_with:
        return rows[0]
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
