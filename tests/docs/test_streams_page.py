"""docs/streams.md: its joins are in the schemas, and it accounts for every operation."""

from __future__ import annotations

import re

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS
from tests.fake_api.facts import CONTENT
from tests.support.each import for_each
from tools.docs import GUIDE

TEXT = GUIDE.read_text("utf-8")
COLUMN = r"`([a-z_]+\.[a-z_.\[\]]+)`"
JOINS = re.findall(rf"^\| {COLUMN} \| {COLUMN}(?:, where `type` is `(\w+)`)? \|$", TEXT, re.MULTILINE)
TABLES = ("streams", "unread")


@for_each(sorted({path for left, right, _ in JOINS for path in (left, right)}))
def test_joins_of_the_page_are_in_the_schemas(column: str) -> None:
    stream, *path = re.split(r"\.|(?=\[)", column)
    part = schema(BY_NAME[stream])
    for name in path:
        part = part["items"] if name == "[]" else part["properties"][name]
    assert "string" in part["type"]


def test_page_accounts_for_every_operation_of_the_api_once() -> None:
    ours, others = (TEXT.split(f"<!-- {name}: made", 1)[1].split(f"<!-- end of {name}", 1)[0] for name in TABLES)
    read = re.findall(r"`(/v\d[^`]*)`", ours)
    unread = [path for line in others.splitlines()[3:] for path in re.findall("`(/v[^`]*)`", line.split(" | ")[0])]
    assert len(read) == len(STREAMS) + sum(stream.detail is not None for stream in STREAMS)
    assert sorted([*read, *unread]) == sorted([*CONTENT["endpoints"], *CONTENT["left_out"]])
