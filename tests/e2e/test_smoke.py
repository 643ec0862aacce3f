"""`make smoke`: a run that is interrupted and the run that resumes it, into a PostgreSQL and into a DuckDB file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.faults import port_of
from tests.support.runs import cursor, key_of, there

from .conftest import Pour
from .targets import DUCKDB_TARGET, MELTANO_TARGET, Target

pytestmark = pytest.mark.smoke


def refused(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """Refuses all but the first page of alerts, for good."""
    return Fault(status=401) if path == "/v2/alerts" and "after" in params else None


@pytest.mark.parametrize("target", [MELTANO_TARGET, DUCKDB_TARGET], ids=lambda target: target.loader.name)
def test_interrupted_run_and_the_next_one_load_every_row(
    target: Target, request: pytest.FixtureRequest, pour: Pour, org: Organisation, tmp_path: Path
) -> None:
    place = target.place(request, tmp_path)
    with FakeApi(org, faults=refused) as api:
        port = port_of(api)
        first = pour(target.loader, place.config, api=api)
    assert (first.run.code, first.target_code) == (1, 0), first.said[-5000:]
    state = json.loads(first.printed.splitlines()[-1])
    assert cursor(state, "alerts")
    with FakeApi(org, port=port) as api:
        second = pour(target.loader, place.config, api=api, state=state).loaded()
    assert len(second.run.records("alerts")) < len(there(org, "alerts"))
    stored = place.read()
    for stream in second.run.streams():
        wanted = sorted(key_of(stream, row) for row in there(org, stream))
        assert sorted(key_of(stream, row) for row in stored.rows[stream]) == wanted, stream
