"""ACTIVATE_VERSION after an interrupted run: the version is kept, or a new one begins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.runs import bare, only
from tests.support.versions import VERSIONED, activated, versions


@pytest.mark.parametrize("number", range(1, 5))
def test_resumed_version_is_that_of_the_interrupted_run(tap: Tap, number: int) -> None:
    org = organisation(320)
    catalog = bare(only("incidents", "alerts"))
    with failing_at(org, number) as fake:
        first = tap(fake, settings=VERSIONED, catalog=catalog)
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(first))
    syncing = last_state(first).get("currently_syncing")
    assert syncing not in activated(first)
    assert set(activated(second)) == {"incidents", "alerts"}
    for name in ("incidents", "alerts"):
        (version,) = versions(second, name) or {activated(second)[name]}
        assert activated(second)[name] == version
        if name == syncing:
            assert versions(first, name) <= {version}
        elif name in activated(first):
            # The second run reads it from the beginning, so rows deleted in between must be removed.
            assert activated(first)[name] < version


def test_resumed_version_covers_the_actions_of_work_streams(tap: Tap) -> None:
    org = organisation(30)

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=faults) as fake:
        first = tap(fake, settings=VERSIONED, catalog=only("actions"))
        port = port_of(fake)
    assert activated(first) == {}
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=only("actions"), state=last_state(first))
    assert versions(first, "actions") == versions(second, "actions") == {activated(second)["actions"]}


def test_resumed_version_is_new_when_the_stream_starts_over(tap: Tap) -> None:
    org = organisation(320)
    with failing_at(org, 1) as fake:
        first = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents", "users")), state=last_state(first))
        third = tap(fake, settings=VERSIONED, catalog=bare(only("incidents", "actions")), state=last_state(first))
    (version,) = versions(first, "incidents")
    assert activated(second)["incidents"] == version
    assert activated(third)["incidents"] != version


def test_resumed_version_needs_a_run_with_versions(tap: Tap) -> None:
    org = organisation(320)
    with failing_at(org, 1) as fake:
        first = tap(fake, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")), state=last_state(first))
    assert set(first.keys("incidents")) < set(second.keys("incidents"))
    assert set(activated(second)) == {"incidents"}


def test_resumed_version_is_not_activated_for_what_the_interrupted_run_skipped(tap: Tap) -> None:
    org = organisation(640)
    catalog = bare(only("incidents", "actions", "follow_ups"))
    pages: list[str] = []

    def at_the_third_page(number: int, path: str, params: Any) -> Fault | None:
        if path == "/v2/incidents":
            pages.append(path)
            return Fault(status=422) if len(pages) > 2 else None
        return Fault(status=403) if path == "/v3/actions" else None

    def at_the_work_streams(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=422) if params.get("incident_mode") == "stream" else None

    with FakeApi(org, faults=at_the_third_page) as fake:
        first = tap(fake, settings=VERSIONED, catalog=catalog)
        port = port_of(fake)
    with FakeApi(org, faults=at_the_work_streams, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(first))
    for run in (first, second):
        assert last_state(run)["bookmarks"]["incidents"]["skipped"] == ["actions"]
    with FakeApi(org, port=port) as fake:
        third = tap(fake, settings=VERSIONED, catalog=catalog, state=last_state(second))
    # The key may read actions by now, and those of the first page are out nowhere.
    assert second.records("actions")
    assert third.records("actions")
    assert set(activated(third)) == {"incidents", "follow_ups"}
    assert last_state(third) == {"bookmarks": {}}
