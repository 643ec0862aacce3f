"""An interrupted INCREMENTAL run continues from its last STATE."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.faults import failing_at, last_state, port_of
from tests.support.incremental import INCREMENTAL, INCREMENTAL_STREAMS, bookmarks, change, due, now, rfc3339
from tests.support.runs import asked, bare, key_of, only, there
from tests.support.thorough import sampled


def changed_much(org: Organisation) -> None:
    """Give some rows of each stream a new stamp, all within an hour."""
    for name in INCREMENTAL_STREAMS:
        for number in range(0, len(there(org, name)), 3):
            change(org, name, number, updated_at=rfc3339(now(minutes=-number % 60)))


@pytest.mark.slow
@pytest.mark.thorough
def test_incremental_resume_after_a_failure_at_any_request_gives_all_changed_rows(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    catalog = bare(only(*INCREMENTAL_STREAMS, "incident_updates"))
    with FakeApi(org) as fake:
        before, port = tap(fake, settings=INCREMENTAL, catalog=catalog), port_of(fake)
    changed_much(org)
    with FakeApi(org, port=port) as fake:
        calm = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        requests = len(asked(fake))
    assert requests > 7
    for number in sampled(range(1, requests), 2):
        with failing_at(org, number, port) as fake:
            first = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(before))
        with FakeApi(org, port=port) as fake:
            second = tap(fake, settings=INCREMENTAL, catalog=catalog, state=last_state(first) or last_state(before))
        assert (first.code, second.code) == (1, 0)
        for name in INCREMENTAL_STREAMS:
            assert {*first.keys(name), *second.keys(name)} == set(due(org, name, bookmarks(before)[name])), (
                number,
                name,
            )
        assert set(first.keys("incident_updates")) | set(second.keys("incident_updates")) == set(
            calm.keys("incident_updates")
        )
        assert bookmarks(second).keys() == bookmarks(calm).keys()


def test_incremental_resume_starts_over_after_an_interrupted_full_refresh(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(120)
    with failing_at(org, 2) as fake:
        first = tap(fake, catalog=only("alerts"))
        port = port_of(fake)
    caplog.set_level("INFO")
    with FakeApi(org, port=port) as fake:
        second = tap(fake, settings=INCREMENTAL, catalog=only("alerts"), state=last_state(first))
    assert second.keys("alerts") == Counter(key_of("alerts", row) for row in there(org, "alerts"))
    assert (
        "alerts: the selection or the settings have changed since the interrupted run: starting over" in caplog.messages
    )
