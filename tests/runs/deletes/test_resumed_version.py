"""ACTIVATE_VERSION after an interrupted run: only for streams that the resumed run reads from scratch."""

from __future__ import annotations

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.runs import bare, only
from tests.support.versions import VERSIONED, activated, versions


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


def test_resumed_stream_is_activated_when_it_starts_over(tap: Tap) -> None:
    org = organisation(70, rows_per_page=25)
    with failing_at(org, 2) as fake:
        first = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents", "users")), state=last_state(first))
        third = tap(
            fake, settings=VERSIONED, catalog=bare(only("incidents", "incident_updates")), state=last_state(first)
        )
    assert set(activated(second)) == {"users"}
    (version,) = versions(first, "incidents")
    assert activated(third)["incidents"] > (version or 0)


def test_resumed_version_needs_a_run_with_versions(tap: Tap) -> None:
    org = organisation(70, rows_per_page=25)
    with failing_at(org, 2) as fake:
        first = tap(fake, catalog=bare(only("incidents")))
        port = port_of(fake)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=VERSIONED, catalog=bare(only("incidents")), state=last_state(first))
    assert set(first.keys("incidents")) < set(second.keys("incidents"))
    assert set(activated(second)) == {"incidents"}
