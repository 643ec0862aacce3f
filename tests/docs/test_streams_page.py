"""docs/streams.md: its joins are in the schemas and join, and it accounts for every operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Organisation, organisation
from tests.fake_api.facts import CONTENT
from tests.support.catalogs import EVERYTHING
from tests.support.runs import (
    Run,
)
from tools.docs import GUIDE

TEXT = GUIDE.read_text("utf-8")
COLUMN = r"`([a-z_]+\.[a-z_.\[\]]+)`"
JOINS = re.findall(rf"^\| {COLUMN} \| {COLUMN}(?:, where `type` is `(\w+)`)? \|$", TEXT, re.MULTILINE)
OF_CHILDREN = [
    (f"{stream.name}.{stream.parent.id_column}", f"{stream.parent.stream}.{stream.parent.id_property}", "")
    for stream in STREAMS
    if stream.parent.stream
]
TABLES = ("streams", "unread")
PRESENT = NOW + timedelta(days=40)


@pytest.fixture(scope="module")
def org() -> Organisation:
    return organisation(120, now=PRESENT)


@pytest.fixture(scope="module")
def run(session_tap: Tap, org: Organisation) -> Run:
    """A sync of everything."""
    with FakeApi(org) as fake:
        return session_tap(fake, catalog=EVERYTHING, now=PRESENT)


def values(row: Any, path: list[str], kind: str) -> Iterator[Any]:
    """What is at a path of a row; of objects with a `type`, of those of this type."""
    if row is None:
        return
    if not path:
        if not isinstance(row, dict):
            yield row
        return
    name, *rest = path
    if name == "[]":
        for entry in row:
            if not (kind and rest == ["id"] and entry["type"] != kind):
                yield from values(entry, rest, kind)
    else:
        yield from values(row[name], rest, kind)


def split(path: str) -> tuple[str, list[str]]:
    """The stream of a column, and the way to it."""
    stream, _, column = path.partition(".")
    return stream, [part for part in re.split(r"(\[\])|\.", column) if part]


@pytest.mark.slow
def test_joins_of_the_page_find_rows(run: Run) -> None:
    assert len(JOINS) == TEXT.split("## How rows join", maxsplit=1)[1].count("` | `")
    for left, right, kind in (*JOINS, *OF_CHILDREN):
        sides = [
            {value for record in run.records(stream) for value in values(record, path, kind if side == 0 else "")}
            for side, (stream, path) in enumerate((split(left), split(right)))
        ]
        assert sides[0] & sides[1], f"no {left} is a {right}"


@pytest.mark.parametrize("column", sorted({path for left, right, _ in JOINS for path in (left, right)}))
def test_joins_of_the_page_are_in_the_schemas(column: str) -> None:
    stream, path = split(column)
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
