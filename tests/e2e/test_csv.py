"""target-csv: all rows of all streams, and the values of those that have no objects."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import Json

from .conftest import Pour
from .environments import NoPython
from .expected import differences, kind
from .loaders import CSV


def test_every_row_is_a_line_and_flat_streams_keep_their_values(pour: Pour, tmp_path: Path) -> None:
    try:
        run = pour(CSV, {"destination_path": str(tmp_path), "disable_collection": True}).loaded().run
    except NoPython as reason:
        pytest.skip(str(reason))
    found = {path.name.rsplit("-", 1)[0]: _read(path) for path in tmp_path.iterdir()}
    assert {stream: len(lines) for stream, lines in found.items()} == {
        stream: len(run.records(stream)) for stream in run.streams()
    }
    flat = [stream for stream in run.streams() if not _has_objects(run.schema(stream))]
    assert {"alerts", "incident_roles", "severities"} <= set(flat)
    for stream in flat:
        wanted = [{name: _written(value) for name, value in record.items()} for record in run.records(stream)]
        assert differences(stream, wanted, found[stream]) == []


def _has_objects(schema: Json) -> bool:
    return any(kind(part) == "object" for part in schema["properties"].values())


def _written(value: Any) -> str:
    """A value as Python prints it, lists too; nothing for null, which so is the same as an empty text."""
    return "" if value is None else str(value)


def _read(path: Path) -> list[Json]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
