"""docs/streams.md and docs/columns.md: joins and descriptions."""

from __future__ import annotations

import re

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, Stream
from tests.support.each import EACH_STREAM, for_each
from tools.columns import described
from tools.docs import GUIDE

TEXT = GUIDE.read_text("utf-8")
COLUMN = r"`([a-z_]+\.[a-z_.\[\]]+)`"
JOINS = re.findall(rf"^\| {COLUMN} \| {COLUMN}(?:, where `type` is `(\w+)`)? \|$", TEXT, re.MULTILINE)
LONGEST = 140
"""Of a description."""


@for_each(sorted({path for left, right, _ in JOINS for path in (left, right)}))
def test_joins_of_the_page_are_in_the_schemas(column: str) -> None:
    stream, *path = re.split(r"\.|(?=\[)", column)
    part = schema(BY_NAME[stream])
    for name in path:
        part = part["items"] if name == "[]" else part["properties"][name]
    assert "string" in part["type"]


@EACH_STREAM
def test_column_has_a_description(stream: Stream) -> None:
    for path, part in described(schema(stream), deep=stream.selected_by_default):
        text = part.get("description", "")
        assert re.fullmatch(r"\S.*\.", text), f"{path} has no description in schemas/{stream.name}.json"
        assert len(text) <= LONGEST, path


@EACH_STREAM
def test_column_that_joins_another_names_a_column_that_exists(stream: Stream) -> None:
    for path, part in described(schema(stream), deep=True):
        for other, column in re.findall(r"joins (\w+)\.(\w+)", part.get("description", "")):
            assert column in schema(BY_NAME[other])["properties"], path
