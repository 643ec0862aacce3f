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
from tests.support.catalogs import DEFAULT
from tests.support.logs import warnings
from tests.support.runs import Json, asked, check, key_of, only, rows_of, set_field, there

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


@pytest.mark.parametrize(
    "entry",
    [
        {"tap_stream_id": "zebras", "stream": "zebras", "schema": {"properties": {"id": {"type": "string"}}}},
        {"stream": "zebras", "key_properties": ["id"], "replication_key": "x", "schema": {}},
    ],
)
def test_catalog_with_an_unknown_stream_skips_it_with_a_warning(
    tap: Tap, caplog: pytest.LogCaptureFixture, entry: dict[str, Any]
) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, catalog={"streams": [entry, {"tap_stream_id": "severities"}]})
    assert (run.code, run.streams()) == (0, ["severities"])
    (warning,) = warnings(caplog)
    assert "this tap has no stream zebras" in warning


NOTHING: list[tuple[dict[str, Any], str]] = [
    ({"catalog": {"streams": [{"tap_stream_id": "zebras"}]}}, "catalog.json selects no stream"),
    ({"catalog": only()}, "selects no stream"),
    ({"settings": {"streams": ["users", "!*"]}}, "The setting streams selects no stream"),
]


@pytest.mark.parametrize(("given", "said"), NOTHING, ids=["unknown", "empty", "setting"])
def test_selection_of_nothing_is_an_error(
    tap: Tap, caplog: pytest.LogCaptureFixture, given: dict[str, Any], said: str
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, **given)
    assert (run.code, run.messages, fake.requests) == (1, [], [])
    assert said in caplog.messages[-1]


def test_catalog_as_discovered_selects_the_default_streams(tap: Tap) -> None:
    with FakeApi(organisation(5)) as fake:
        outs = [tap(fake), tap(fake, catalog=discover()), tap(fake, properties=discover())]
    assert rows_of(outs[0]) == rows_of(outs[1]) == rows_of(outs[2])
    assert sorted(outs[0].streams()) == sorted(outs[1].streams()) == sorted(outs[2].streams())


@pytest.mark.parametrize("part", ["attachments", "updates"])
def test_field_that_is_deselected_costs_no_request(tap: Tap, part: str) -> None:
    catalog = set_field(only("incidents"), "incidents", "properties", part, selected=False)
    with FakeApi(organisation(12)) as fake:
        run = tap(fake, catalog=catalog)
    path = next(stream.path for stream in STREAMS if stream.parent.nested_as == part)
    assert path not in asked(fake)
    assert all(part not in record for record in run.records("incidents"))
    assert part not in run.schema("incidents")["properties"]


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        (["severities", "teams", "!teams"], {"severities"}),
        ("severities,!teams", {"severities"}),
        (["default", "incident_alerts"], {*DEFAULT, "incident_alerts"}),
    ],
)
def test_setting_streams_says_what_is_read(tap: Tap, streams: Any, expected: set[str]) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings={"streams": streams})
    check(run)
    assert (run.code, set(run.streams())) == (0, expected)
