"""The loaders that fill a database: each row with its values, keys and types, and what a second run does."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Organisation
from tests.support.runs import Json

from .conftest import Pour
from .expected import kind, rows
from .targets import TARGETS, Filled, Target

by_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.loader.name)


def test_every_row_arrives_with_its_values(filled: Filled) -> None:
    assert filled.compared() == []


def test_the_key_properties_are_the_primary_key(filled: Filled) -> None:
    keys = filled.place.read().keys
    assert {table: sorted(columns) for table, columns in keys.items()} == {
        stream: sorted(BY_NAME[stream].key_properties) for stream in filled.run.streams()
    }


def test_each_property_has_a_column_of_its_type(filled: Filled) -> None:
    def wanted(part: Json) -> str:
        name, types = kind(part), filled.target.types
        return types[name] if name in types else types[f"{name} of {kind(part['items'])}"]

    types = filled.place.read().types
    for stream in filled.run.streams():
        properties = filled.run.schema(stream)["properties"]
        assert types[stream] == {name: wanted(part) for name, part in properties.items()}, stream


def test_null_is_null_for_sql_but_where_the_target_says_so(filled: Filled) -> None:
    nulls = filled.place.read().nulls
    for stream in filled.run.streams():
        records = rows(filled.run, stream, filled.target.changes)
        assert nulls[stream] == {
            name: 0 if kind(part) in filled.target.null_in_json else sum(record[name] is None for record in records)
            for name, part in filled.run.schema(stream)["properties"].items()
        }, stream


@by_target
def test_a_second_run_changes_what_has_changed_and_nothing_else(
    target: Target, request: pytest.FixtureRequest, pour: Pour, org: Organisation, tmp_path: Path
) -> None:
    place = target.place(request, tmp_path)
    assert Filled(target, place, pour(target.loader, place.config).loaded().run).compared() == []
    before = place.read()
    later = deepcopy(org)
    severities = later.rows["/v1/severities"]
    severities[0] = severities[0] | {"name": "Renamed"}
    with FakeApi(later) as api:
        again = pour(target.loader, place.config, api=api).loaded()
    assert Filled(target, place, again.run).compared() == []
    after = place.read()
    assert (before.types, before.keys) == (after.types, after.keys)
    for stream, found in after.rows.items():
        ids = [row["id"] for row in found if row not in before.rows[stream]]
        assert ids == ([severities[0]["id"]] if stream == "severities" else []), stream
