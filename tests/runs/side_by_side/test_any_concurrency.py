"""Lists side by side: the rows and the last state are the same for every max_concurrency and every child_strategy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import last_state, port_of
from tests.support.runs import Run, bare, check, only, there


def contents(run: Run) -> Counter[str]:
    """The messages other than STATE, without the time of the version."""
    kept = ({key: value for key, value in m.items() if key != "version"} for m in run.messages if m["type"] != "STATE")
    return Counter(json.dumps(message, sort_keys=True) for message in kept)


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_messages_and_last_state_are_the_same_for_every_max_concurrency(tap: Tap, strategy: str) -> None:
    org, found = organisation(12), {}
    with FakeApi(org, latency=0.005) as fake:
        for workers in (1, 2, 8, 64) if strategy == "list" else (1, 32):
            run = tap(fake, settings={"max_concurrency": workers, "child_strategy": strategy})
            check(run)
            found[workers] = contents(run), run.states()[-1]
            if workers == 1:
                assert fake.most_at_once == 1
    assert fake.most_at_once > 1
    assert all(each == found[1] for each in found.values())


def test_a_resumed_run_keeps_its_strategy(tap: Tap) -> None:
    org, catalog = organisation(12), bare(only("incidents", "incident_updates"))
    listed = there(org, "incidents")
    many = [{**listed[0], "id": f"01J{number:023d}", "created_at": "2025-01-01T00:00:00Z"} for number in range(600)]
    org.rows["/v2/incidents"] = many

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if path == "/v2/incidents" and params.get("after") == many[499]["id"] else None

    with FakeApi(org, faults=faults) as fake:
        port, state = port_of(fake), last_state(tap(fake, catalog=catalog, settings={"max_concurrency": 1}))
    after = state["bookmarks"]["incidents"]["after"]
    # By now there are so few that a new run would ask per incident.
    org.rows["/v2/incidents"] = [row for row in many if row["id"] == after] + [{**many[599], "id": "01K"}]
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=state)
        resumed = list(fake.requests)
        tap(fake, catalog=catalog)
        anew = fake.requests[len(resumed) :]
    assert (second.code, second.keys("incidents")) == (0, Counter([("01K",)]))
    assert not any("incident_id" in dict(each.params) for each in resumed)
    assert any("incident_id" in dict(each.params) for each in anew)


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
