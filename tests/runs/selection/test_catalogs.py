"""Which streams and fields a catalog or the setting `streams` selects."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.logs import warnings
from tests.support.runs import Json, asked, check, key_of, only, set_field, there

MISSING_THERE = ("schedules", "teams", "catalog_types", "catalog_entries")
"""Streams that the official tap has not by default, nor an older version of a tap that gets new ones."""
AVAILABLE = {"inclusion": "available", "selected-by-default": True}


def official(catalog: Json) -> Json:
    """A catalog in the official tap's form: no keys, each field available, streams and columns of its time."""
    entries = []
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        about = next(m["metadata"] for m in entry["metadata"] if m["breadcrumb"] == [])
        if name in MISSING_THERE or not about["selected-by-default"]:
            continue
        properties = {k: v for k, v in entry["schema"]["properties"].items() if k != "team_ids"}
        schema = {"type": ["object"], "properties": properties, "additionalProperties": False}
        fields = [{"breadcrumb": ["properties", field], "metadata": AVAILABLE} for field in properties]
        root = {"breadcrumb": [], "metadata": {**AVAILABLE, "forced-replication-method": "FULL_TABLE"}}
        entries.append({"tap_stream_id": name, "stream": name, "schema": schema, "metadata": [root, *fields]})
    return {"streams": entries}


def test_catalog_of_the_official_tap_selects_its_streams(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(20)
    with FakeApi(org) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, catalog=official(discover()))
    check(run)
    expected = {s.name for s in STREAMS if s.selected_by_default} - set(MISSING_THERE)
    assert (run.code, set(run.streams())) == (0, expected)
    for name in expected:
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name))
    assert all("team_ids" not in record for record in run.records("incidents"))
    assert [line for line in caplog.messages if "incidents lacks" in line and "team_ids" in line]


@pytest.mark.parametrize("option", ["catalog", "properties"])
def test_catalog_with_an_unknown_stream_skips_it_with_a_warning(
    tap: Tap, caplog: pytest.LogCaptureFixture, option: str
) -> None:
    entry = {"stream": "zebras", "key_properties": ["id"], "replication_key": "x", "schema": {}}
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, **{option: {"streams": [entry, {"tap_stream_id": "severities"}]}})
    assert (run.code, run.streams()) == (0, ["severities"])
    (warning,) = warnings(caplog)
    assert "this tap has no stream zebras" in warning


NOTHING: list[tuple[dict[str, Any], str]] = [
    ({"catalog": only()}, "catalog.json selects no stream"),
    ({"settings": {"streams": ["users", "!*"]}}, "The setting streams selects no stream"),
]


@pytest.mark.parametrize(("given", "said"), NOTHING, ids=["catalog", "setting"])
def test_selection_of_nothing_is_an_error(
    tap: Tap, caplog: pytest.LogCaptureFixture, given: dict[str, Any], said: str
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, **given)
    assert (run.code, run.messages, fake.requests) == (1, [], [])
    assert said in caplog.messages[-1]


@pytest.mark.parametrize("part", ["attachments", "updates"])
def test_field_that_is_deselected_costs_no_request(tap: Tap, part: str) -> None:
    catalog = set_field(only("incidents"), "incidents", "properties", part, selected=False)
    with FakeApi(organisation(12)) as fake:
        run = tap(fake, catalog=catalog)
    path = next(stream.path for stream in STREAMS if stream.parent.nested_as == part)
    assert path not in asked(fake)
    assert all(part not in record for record in run.records("incidents"))
    assert part not in run.schema("incidents")["properties"]
