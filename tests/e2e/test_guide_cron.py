"""docs/guides/cron.md: its commands and its line for crontab, run as they stand there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.runs import Json, cursor, key_of, there

from .pages import DEFAULT, DOCS, HOME, at, by_cron, commands, finished, shell

PAGE = DOCS / "guides" / "cron.md"


def refused(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """Refuses all but the first page of alerts, for good."""
    return Fault(status=401) if path == "/v2/alerts" and "after" in params else None


@pytest.fixture
def scheduled(checkout: Path) -> tuple[str, Path]:
    """The line for crontab, and its folder."""
    shell("".join(commands(PAGE)), checkout, {})
    (line,) = commands(PAGE, "crontab")
    return line, HOME / "incident"


def loaded(folder: Path, stream: str) -> list[Json]:
    """The rows of all runs, as target-jsonl has written them."""
    files = folder.glob(f"{stream}-*.jsonl")
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def test_cron_resumes_where_the_run_before_was_refused(scheduled: tuple[str, Path], org: Organisation) -> None:
    line, folder = scheduled
    with FakeApi(org, faults=refused) as api:
        port = int(api.url.rsplit(":", 1)[1])
        assert by_cron(line, at(api)) == 1
    assert cursor(json.loads((folder / "state.json").read_text()), "alerts")
    with FakeApi(org, port=port) as api:
        assert by_cron(line, at(api)) == 0
    assert finished(folder)
    for stream in DEFAULT:
        expected = {key_of(stream, row) for row in there(org, stream)}
        assert {key_of(stream, row) for row in loaded(folder, stream)} == expected, stream
    assert len(loaded(folder, "alerts")) == len(there(org, "alerts"))
    assert "401" in (folder / "sync.log").read_text()
