"""Which requests a sync sends, and how many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Event

import pytest

from tap_incident.streams import BY_NAME, STREAMS
from tap_incident.sync.strategy import STRATEGIES
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.runs import asked, by_stream, only, there


def test_requests_of_a_default_sync_are_as_few_as_possible(tap: Tap) -> None:
    org = organisation(8)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"child_strategy": "per_incident"})
    assert sorted(run.streams()) == sorted(DEFAULT)
    incidents = len(there(org, "incidents"))
    read = [stream for stream in STREAMS if stream.selected_by_default]
    pages = {stream.path: -(-len(there(org, stream.name)) // (stream.page_size or 10**6)) for stream in read}
    needed = pages | {
        # One for the second look at what has changed meanwhile.
        "/v2/incidents": 1 + 1,
        "/v2/incident_updates": incidents,
        "/v1/incident_attachments": incidents,
        # One for each incident, and one for the work streams.
        "/v3/actions": incidents + 1,
        "/v3/follow_ups": incidents + 1,
        "/v1/custom_field_options": len(org.rows["/v2/custom_fields"]),
        "/v3/catalog_entries": len(org.rows["/v3/catalog_types"]),
    }
    assert Counter(asked(fake)) == Counter(needed)


def test_requests_of_incidents_are_two_per_incident(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org) as fake:
        tap(fake, catalog=only("incidents"))
    count = len(there(org, "incidents"))
    needed = {"/v2/incidents": 1, "/v1/incident_attachments": count, "/v2/incident_updates": count}
    assert Counter(asked(fake)) == needed


def test_requests_by_list_ask_no_incident_for_what_a_list_has(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org) as fake:
        tap(fake, settings={"child_strategy": "list"})
    count = len(there(org, "incidents"))
    assert Counter(asked(fake))["/v1/incident_attachments"] == count
    # One list per mode, and that of the work streams. Two steps look for incidents that have changed meanwhile.
    listed = {"/v3/actions": 3, "/v3/follow_ups": 3, "/v2/incident_updates": 1, "/v2/incidents": 1 + 2}
    assert {path: Counter(asked(fake))[path] for path in listed} == listed


@pytest.mark.parametrize(
    "strategy", ["auto", *(pytest.param(strategy, marks=pytest.mark.slow) for strategy in STRATEGIES)]
)
def test_requests_at_once_do_not_change_what_is_written(tap: Tap, strategy: str) -> None:
    with FakeApi(organisation(5), latency=0.02) as fake:
        one = tap(fake, settings={"max_concurrency": 1, "child_strategy": strategy})
        assert fake.most_at_once == 1
        many = tap(fake, settings={"max_concurrency": 24, "child_strategy": strategy})
        assert 4 < fake.most_at_once <= 24
    assert one.states()[-1] == many.states()[-1]
    assert by_stream(one) == by_stream(many)


def test_requests_of_independent_lists_do_not_wait_for_each_other(tap: Tap) -> None:
    names = ("custom_fields", "severities", "incident_types", "incident_roles", "teams", "alerts", "escalations")
    missing = {BY_NAME[name].path for name in names}
    complete = Event()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        missing.discard(path)
        if not missing:
            complete.set()
        # Nobody gets an answer, the parents' list either, before all lists were requested.
        return None if complete.wait(10) else Fault(status=401)

    with FakeApi(organisation(5), faults=faults) as fake:
        run = tap(fake, catalog=only("incidents", *names))
    assert run.code == 0
