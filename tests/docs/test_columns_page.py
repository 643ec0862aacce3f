"""docs/columns.md, and the descriptions in the schemas that it is made from."""

from __future__ import annotations

import re

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, Stream
from tests.support.each import EACH_STREAM
from tools.columns import described

LONGEST = 140


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
