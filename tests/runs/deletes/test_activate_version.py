"""ACTIVATE_VERSION: which streams tell the target to remove deleted rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.faults import after_first_page, at, failing_at, last_state, port_of
from tests.support.runs import Json, Run, bare, check, only

VERSIONED = {"activate_version": True}


def activated(run: Run) -> dict[str, int]:
    """The activated version of each stream; a stream may be activated once."""
    found = [(m["stream"], m["version"]) for m in run.messages if m["type"] == "ACTIVATE_VERSION"]
    assert len(dict(found)) == len(found)
    return dict(found)


def versions(run: Run, stream: str) -> set[int | None]:
    """The versions that the stream's records have."""
    return {m.get("version") for m in run.messages if m["type"] == "RECORD" and m["stream"] == stream}


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_activate_version_ends_each_full_refresh_stream(tap: Tap, strategy: str) -> None:
    org = organisation(12)
    org.rows["/v1/severities"] = []  # One of the streams has no row.
    with FakeApi(org) as fake:
        run = tap(fake, settings={**VERSIONED, "child_strategy": strategy})
        assert activated(tap(fake, catalog=only("users"))) == {}, "off by default"
    check(run)
    assert set(activated(run)) == DEFAULT
    for name, version in activated(run).items():
        assert versions(run, name) == ({version} if run.records(name) else set())
        kinds = [m["type"] for m in run.messages if m.get("stream") == name]
        assert kinds == ["SCHEMA", *["RECORD"] * len(run.records(name)), "ACTIVATE_VERSION"]


def gone_parents(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """404 for the children of every incident."""
    return Fault(status=404) if path == "/v1/incident_relationships" else None


INCOMPLETE: dict[str, tuple[Any, Json]] = {
    "users": ({"denied": ["users.view"]}, {}),
    "alerts": ({"faults": after_first_page("/v2/alerts", Fault(status=403))}, {}),
    "teams": ({"faults": at("/v3/teams", Fault(status=422))}, {}),
    "incident_relationships": ({"faults": gone_parents}, {}),
    "schedule_entries": ({}, {}),  # Shifts outside of its window were not deleted.
    "escalations": ({}, {"replication_method": "INCREMENTAL"}),
    "incident_updates": ({"denied": ["incidents.view"]}, {"replication_method": "INCREMENTAL"}),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_activate_version_is_not_sent_for_what_was_not_read_whole(tap: Tap, name: str) -> None:
    wrong, settings = INCOMPLETE[name]
    with FakeApi(organisation(12), **wrong) as fake:
        run = tap(fake, settings={**VERSIONED, **settings}, catalog=bare(only(name, "severities")))
    assert set(activated(run)) == {"severities"}


@pytest.mark.parametrize("number", [1, 3, 5])
def test_resumed_stream_is_not_activated_but_the_others_are(tap: Tap, number: int) -> None:
    org = organisation(70, rows_per_page=25)
    catalog = bare(only("incidents", "alerts"))
    with failing_at(org, number) as fake:
        first = tap(fake, settings=VERSIONED, catalog=catalog)
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(first))
    resumed = last_state(first).get("bookmarks", {}).keys()
    assert not resumed & activated(first).keys()
    assert set(activated(second)) == {"incidents", "alerts"} - resumed
    for name in activated(second):
        assert versions(second, name) == {activated(second)[name]}
        # Rows that were deleted between the runs must go too.
        assert activated(first).get(name, 0) < activated(second)[name]
