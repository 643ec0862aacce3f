"""What an INCREMENTAL run reads."""

from __future__ import annotations

from collections import Counter

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.fake_api.making import instant
from tests.support.faults import last_state
from tests.support.incremental import (
    INCREMENTAL,
    INCREMENTAL_STREAMS,
    bookmarks,
    due,
    update_filters,
)
from tests.support.runs import asked, check, key_of, only, there

CHILDREN = ("/v1/incident_attachments", "/v2/incident_updates")


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_incremental_first_run_reads_all_rows_without_a_filter(tap: Tap, strategy: str) -> None:
    org = organisation(8)
    with FakeApi(org) as fake:
        run = tap(fake, settings={**INCREMENTAL, "child_strategy": strategy})
        filters = {name: update_filters(fake, BY_NAME[name].path) for name in INCREMENTAL_STREAMS}
        whole = tap(fake)
    check(run)
    assert set(run.streams()) == set(whole.streams())
    for name in run.streams():
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name))
    # The second look at incidents has a filter.
    assert all(None in found if name == "incidents" else found == {None} for name, found in filters.items())
    assert bookmarks(run) == {
        name: max((r["updated_at"] for r in there(org, name)), key=instant) for name in INCREMENTAL_STREAMS
    }
    schemas = {m["stream"]: m.get("bookmark_properties") for m in run.messages if m["type"] == "SCHEMA"}
    assert {name for name, keys in schemas.items() if keys == ["updated_at"]} == set(INCREMENTAL_STREAMS)
    assert {name for name, keys in schemas.items() if keys} == set(INCREMENTAL_STREAMS)
    assert {r["id"]: r["updates"] for r in run.records("incidents")} == {
        r["id"]: r["updates"] for r in whole.records("incidents")
    }


def test_incremental_second_run_reads_changed_rows_and_all_other_streams(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org) as fake:
        first = tap(fake, settings=INCREMENTAL)
        fake.requests.clear()
        second = tap(fake, settings=INCREMENTAL, state=first.states()[-1])
    check(second)
    assert bookmarks(second) == bookmarks(first)
    for name in second.streams():
        if name in INCREMENTAL_STREAMS:
            assert second.keys(name) == due(org, name, bookmarks(first)[name])
            assert len(second.records(name)) < len(first.records(name))
        else:
            assert second.keys(name) == first.keys(name)
    emitted = {record["id"] for record in second.records("incidents")}
    of = {
        dict(r.params)["incident_id"] for r in fake.requests if r.path in CHILDREN and "incident_id" in dict(r.params)
    }
    assert of == emitted


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_incremental_incidents_after_their_updates_have_them_nested(tap: Tap, strategy: str) -> None:
    org = organisation(30)
    catalog, settings = only("incidents", "incident_updates"), {**INCREMENTAL, "child_strategy": strategy}
    with FakeApi(org) as fake:
        first = tap(fake, settings=settings, catalog=catalog)
        second = tap(fake, settings=settings, catalog=catalog, state=last_state(first))
        asked_updates = [path for path in asked(fake) if path == "/v2/incident_updates"]
    assert second.code == 0
    # The second run reads the list for incident_updates, and takes those of the changed incidents from it.
    assert len(asked_updates) == (1 + 1 if strategy == "list" else len(there(org, "incidents")) + 1)
    nested = {record["id"]: record["updates"] for record in first.records("incidents")}
    assert second.keys("incidents") == due(org, "incidents", bookmarks(first)["incidents"])
    assert all(record["updates"] == nested[record["id"]] != [] for record in second.records("incidents"))
