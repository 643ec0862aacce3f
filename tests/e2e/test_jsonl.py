"""target-jsonl: every stream's rows and values, equal and in order."""

from __future__ import annotations

from pathlib import Path

from tests.support.runs import Json

from .conftest import Pour
from .loaders import JSONL
from .pipes import exact


def test_each_stream_is_a_file_of_its_records(pour: Pour, tmp_path: Path) -> None:
    config = {"destination_path": str(tmp_path), "do_timestamp_file": False}
    run = pour(JSONL, config).loaded().run
    found = {path.stem: _read(path) for path in tmp_path.iterdir()}
    assert sorted(found) == sorted(run.streams())
    for stream, rows in found.items():
        assert rows == run.records(stream), stream


def _read(path: Path) -> list[Json]:
    return [exact(line) for line in path.read_text("utf-8").splitlines()]
