"""What is nested, asked for by SQL in PostgreSQL: objects, free maps and lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import Json, Run

from .conftest import Pour
from .data import FREE_MAP
from .stores import SCHEMA
from .targets import MELTANO_TARGET, PIPELINEWISE_TARGET, Filled

in_postgres = pytest.mark.parametrize(
    "filled", [MELTANO_TARGET, PIPELINEWISE_TARGET], ids=["meltano", "pipelinewise"], indirect=True
)


def asked(filled: Filled, sql: str) -> list[list[Any]]:
    """The rows of a query as lists, sorted by their first column."""
    assert filled.place.database is not None
    rows = filled.place.database.rows(sql.format(SCHEMA))
    return sorted((list(row.values()) for row in rows), key=lambda row: str(row[0]))


def part(value: Json | None, *names: str) -> Any:
    """What is found in nested objects under these names; None where there is nothing."""
    for name in names:
        value = None if value is None else value[name]
    return value


def by_id(run: Run, stream: str) -> list[Json]:
    """The stream's records, sorted by id."""
    return sorted(run.records(stream), key=lambda record: str(record["id"]))


@in_postgres
def test_a_part_of_an_object_is_had_by_its_name(filled: Filled) -> None:
    found = asked(filled, "SELECT id, creator -> 'user' ->> 'email' AS email FROM {}.incidents")
    wanted = [[record["id"], part(record, "creator", "user", "email")] for record in by_id(filled.run, "incidents")]
    assert found == wanted
    assert len({email for _, email in wanted}) > 2


@in_postgres
def test_an_integer_in_an_object_is_exact(filled: Filled) -> None:
    found = asked(filled, "SELECT id, (schema ->> 'version')::bigint AS version FROM {}.catalog_types")
    wanted = [[record["id"], record["schema"]["version"]] for record in by_id(filled.run, "catalog_types")]
    assert found == wanted
    assert max(version for _, version in wanted) > 2**53


@in_postgres
def test_a_free_map_has_all_its_keys(filled: Filled) -> None:
    sql = (
        "SELECT id, jsonb_object_keys(annotations) AS key FROM {}.schedules WHERE jsonb_typeof(annotations) = 'object'"
    )
    found = sorted(map(tuple, asked(filled, sql)))
    wanted = [(record["id"], key) for record in filled.run.records("schedules") for key in record["annotations"] or {}]
    assert found == sorted(wanted)
    assert {key for _, key in found} > set(FREE_MAP)


@in_postgres
def test_the_rows_of_a_list_can_be_joined(filled: Filled) -> None:
    sql = "SELECT u ->> 'id' AS id, u ->> 'message' AS message FROM {}.incidents, %s(updates) AS u"
    found = asked(filled, sql % ("unnest" if filled.target is MELTANO_TARGET else "jsonb_array_elements"))
    assert found == [[record["id"], record["message"]] for record in by_id(filled.run, "incident_updates")]


def test_flattening_loads_every_row(pour: Pour, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place = MELTANO_TARGET.place(request, tmp_path)
    settings = {"flattening_enabled": True, "flattening_max_depth": 10}
    run = pour(MELTANO_TARGET.loader, {**place.config, **settings}).loaded().run
    stored = place.read()
    assert {stream: len(rows) for stream, rows in stored.rows.items()} == {
        stream: len(run.records(stream)) for stream in run.streams()
    }
    found = {row["id"]: row["creator__user__email"] for row in stored.rows["incidents"]}
    assert found == {record["id"]: part(record, "creator", "user", "email") for record in run.records("incidents")}
