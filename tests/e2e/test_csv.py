"""Loaders for CSV: rows and values of MeltanoLabs' target-csv, and of target-csv 0.3.0."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import Json, Run

from .conftest import Pour
from .environments import NoPython
from .expected import differences, kind, rows
from .loaders import CSV, OLD_CSV


def test_every_row_and_value_is_in_the_files(pour: Pour, tmp_path: Path) -> None:
    run = pour(CSV, {"output_path": str(tmp_path)}).loaded().run
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(run.streams())
    for stream in run.streams():
        wanted = [_texts(record) for record in rows(run, stream, {"date-time": _moment})]
        assert differences(stream, wanted, _read(tmp_path / f"{stream}.csv")) == []


def test_old_target_csv_writes_every_row_and_keeps_the_values_of_flat_streams(pour: Pour, tmp_path: Path) -> None:
    try:
        run = pour(OLD_CSV, {"destination_path": str(tmp_path), "disable_collection": True}).loaded().run
    except NoPython as reason:
        pytest.skip(str(reason))
    found = {path.name.rsplit("-", 1)[0]: _read(path) for path in tmp_path.iterdir()}
    assert {stream: len(lines) for stream, lines in found.items()} == {
        stream: len(run.records(stream)) for stream in run.streams()
    }
    flat = [stream for stream in run.streams() if not _has_objects(run, stream)]
    assert {"alerts", "incident_roles", "severities"} <= set(flat)
    for stream in flat:
        assert differences(stream, [_texts(record) for record in run.records(stream)], found[stream]) == []


def _has_objects(run: Run, stream: str) -> bool:
    return any(kind(part) == "object" for part in run.schema(stream)["properties"].values())


def _texts(record: Json) -> dict[str, str]:
    """Values as Python prints them, lists too; nothing for null, so that it is the same as an empty text."""
    return {name: "" if value is None else str(value) for name, value in record.items()}


def _moment(text: str) -> Any:
    """A timestamp as Python's datetime has it: cut after the sixth digit, in its own zone."""
    moment, zone = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    whole, _, fraction = moment.partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6].ljust(6, '0')}{zone}")


def _read(path: Path) -> list[Json]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
