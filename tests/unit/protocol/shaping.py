"""Small schemas, and what the shaper makes of a row of them."""

from __future__ import annotations

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.selection import Selected
from tap_incident.streams.definition import Privacy, Stream
from tests.support.runs import Json

STRING: Json = {"type": ["null", "string"]}
INTEGER: Json = {"type": ["null", "integer"]}
NUMBER: Json = {"type": ["null", "number"]}
BOOLEAN: Json = {"type": ["null", "boolean"]}
TIMESTAMP: Json = {"type": ["null", "string"], "format": "date-time"}
FREE_FORM: Json = {"type": ["null", "object"], "additionalProperties": True}


def array_of(items: Json) -> Json:
    """The schema of an array."""
    return {"type": ["null", "array"], "items": items}


def object_with(**properties: Json) -> Json:
    """The schema of an object with these properties and no others."""
    return {"type": ["null", "object"], "properties": properties, "additionalProperties": False}


def record_of(row: Json, **properties: Json) -> Json:
    """The record of a row, in a stream with an id and these properties."""
    return record_and_unknown(row, properties)[0]


def record_and_unknown(
    row: Json,
    selected: Json,
    full_schema: Json | None = None,
    withheld: tuple[str, ...] = (),
    cut_urls: tuple[str, ...] = (),
) -> tuple[Json, list[str]]:
    """The record of a row, and the paths of its unknown properties.

    `selected` are the selected properties, besides the id. Without `full_schema`, the stream has no others.
    """
    unknown: list[str] = []
    schema = object_with(id={"type": ["string"]}, **selected)
    stream = Stream("things", "/v1/things", "Things", privacy=Privacy(withheld, cut_urls))
    record = shaper(Selected(stream, schema), full_schema or schema, unknown.append)({"id": "T1", **row})
    return record, unknown


def error_for(row: Json, **properties: Json) -> str:
    """The text of the error that the row causes."""
    with pytest.raises(BadData) as caught:
        record_of(row, **properties)
    return str(caught.value)
