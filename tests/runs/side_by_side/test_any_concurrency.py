"""Lists side by side: the rows and the last state are the same for every max_concurrency and every child_strategy."""

from __future__ import annotations

import json
import logging
from collections import Counter

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.logs import infos
from tests.support.runs import Run, asked, check, only


def contents(run: Run) -> Counter[str]:
    """The messages other than STATE, without the time of the version."""
    kept = ({key: value for key, value in m.items() if key != "version"} for m in run.messages if m["type"] != "STATE")
    return Counter(json.dumps(message, sort_keys=True) for message in kept)


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_messages_and_last_state_are_the_same_for_every_max_concurrency(tap: Tap, strategy: str) -> None:
    org, found = organisation(12), {}
    with FakeApi(org) as fake:
        for workers in (1, 2, 8, 32, 64):
            run = tap(fake, settings={"max_concurrency": workers, "child_strategy": strategy})
            check(run)
            found[workers] = contents(run), run.states()[-1]
            if workers == 1:
                assert fake.most_at_once == 1
    assert fake.most_at_once > 1
    assert all(each == found[1] for each in found.values())


def test_a_resumed_run_keeps_its_strategy(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org, catalog = organisation(320), only("incidents", "incident_updates")
    settings = {"max_concurrency": 1}
    with failing_at(org, 5) as fake:
        state, port = last_state(tap(fake, catalog=catalog, settings={**settings, "child_strategy": "list"})), 0
        port = port_of(fake)
    assert state["bookmarks"]["incidents"]["after"]
    caplog.clear()
    with FakeApi(org, port=port) as fake, caplog.at_level(logging.INFO):
        second = tap(fake, catalog=catalog, settings=settings, state=state)
    assert second.code == 0
    assert "incidents: resuming where the interrupted run stopped" in infos(caplog)
    assert not any("incident_id" in dict(each.params) for each in fake.requests)


def test_first_incremental_run_asks_for_the_attachments_of_each_incident_once(tap: Tap) -> None:
    catalog = only("incidents", "incident_attachments", "incident_updates")
    settings = {"replication_method": "INCREMENTAL"}
    with FakeApi(organisation(20)) as fake:
        first = tap(fake, catalog=catalog, settings=settings)
        check(first)
        found = Counter(dict(each.params).get("incident_id") for each in fake.requests if "attachments" in each.path)
        assert set(found.values()) == {1}
        assert len(found) == len(first.records("incidents"))
        before = len(fake.requests)
        later = tap(fake, catalog=catalog, settings=settings, state=last_state(first))
        check(later)
        paths = Counter(each.path for each in fake.requests[before:])
    assert paths["/v2/incident_updates"] == 1
    assert later.keys("incident_updates") == first.keys("incident_updates")
    assert asked(fake)
