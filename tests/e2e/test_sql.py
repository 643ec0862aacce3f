"""Loaders that fill a database: an interrupted run and the next one load every row with its values, and deletes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.faults import after_first_page, cursors, port_of
from tests.support.runs import Json, Run, key_of, there

from .conftest import Pour
from .loaders import DUCKDB, MELTANO, PIPELINEWISE, Loader
from .targets import place_of, stored


def plain(run: Run, stream: str, rows: list[Json], loader: Loader | None) -> Iterator[tuple[Any, ...]]:
    """Key, name and value of what is a text, an integer, a boolean or a moment in UTC, by the schema of a stream.

    Given a loader, the rows are the tap's, and the values are what the loader makes of them.
    """
    for name, part in run.schema(stream)["properties"].items():
        is_moment = part.get("format") == "date-time"
        for row in rows if {*part["type"]} & {"string", "integer", "boolean"} else ():
            value = row[name]
            if is_moment and value:
                # Loaders differ in what they do to another zone.
                value = value[:19] if value.endswith("Z") or loader is None else None
            elif isinstance(value, str) and loader:
                value = stored(loader, value)
            if value is not None:
                yield key_of(stream, row), name, value


SMOKE = [pytest.param(loader, marks=pytest.mark.smoke) for loader in (MELTANO, DUCKDB)]


@pytest.mark.parametrize("loader", [*SMOKE, PIPELINEWISE], ids=lambda loader: loader.name)
def test_interrupted_run_and_the_next_one_load_every_row_with_its_values(
    loader: Loader, request: pytest.FixtureRequest, pour: Pour, org: Organisation, tmp_path: Path
) -> None:
    place = place_of(loader, request, tmp_path)
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=401))) as api:
        port = port_of(api)
        first = pour(loader, place.config, api=api)
    assert (first.run.code, first.target_code) == (1, 0), first.said[-5000:]
    state = json.loads(first.printed.splitlines()[-1])
    assert cursors(state, "alerts")
    with FakeApi(org, port=port) as api:
        second = pour(loader, place.config, api=api, state=state).loaded()
    assert len(second.run.records("alerts")) < len(there(org, "alerts"))
    loaded = place.rows()
    for stream in second.run.streams():
        assert sorted(key_of(stream, row) for row in loaded[stream]) == sorted(
            key_of(stream, row) for row in there(org, stream)
        ), stream
        found = set(plain(second.run, stream, loaded[stream], None))
        missing = set(plain(second.run, stream, second.run.records(stream), loader)) - found
        assert missing == set(), stream


def later(org: Organisation) -> tuple[Organisation, str, str]:
    """The organisation after a severity and an incident with all that belongs to it were deleted; their ids."""
    found = deepcopy(org)
    severity, incident = found.rows["/v1/severities"].pop()["id"], found.rows["/v2/incidents"].pop(0)["id"]
    for path, rows in found.rows.items():
        found.rows[path] = [row for row in rows if row.get("incident_id") != incident]
    return found, severity, incident


def test_with_hard_delete_what_is_deleted_is_gone(
    pour: Pour, request: pytest.FixtureRequest, org: Organisation, tmp_path: Path
) -> None:
    place = place_of(MELTANO, request, tmp_path)
    place.config["hard_delete"] = True
    left, severity, incident = later(org)
    pour(MELTANO, place.config, settings={"activate_version": True}).loaded()
    assert severity in {row["id"] for row in place.rows()["severities"]}
    with FakeApi(left) as api:
        pour(MELTANO, place.config, api=api, settings={"activate_version": True}).loaded()
    loaded = place.rows()
    assert {row["id"] for row in loaded["severities"]} == {row["id"] for row in left.rows["/v1/severities"]}
    assert incident not in {row["id"] for row in loaded["incidents"]} | {
        row["incident_id"] for row in loaded["actions"]
    }
    assert len(loaded["users"]) == len(org.rows["/v2/users"])
