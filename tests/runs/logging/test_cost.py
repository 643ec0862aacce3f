"""The cost of a run that is logged at its start."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.logs import infos
from tests.support.runs import asked, check, only, there

INCIDENTS = 16
"""Listed ones of twenty."""
COSTS = {"per_incident": 1 + 4 * INCIDENTS, "list": 1 + INCIDENTS + 5}


@pytest.mark.parametrize("strategy", COSTS)
def test_cost_is_logged_with_advice_if_auto_needs_less_than_half(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(20)
    assert len(there(org, "incidents")) == INCIDENTS
    with FakeApi(org) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": strategy})
    advice = f' (only about {COSTS["list"]} with child_strategy "auto")' if strategy == "per_incident" else ""
    said = f"incidents: {INCIDENTS} rows, about {COSTS[strategy]} requests by child_strategy {strategy}{advice}"
    assert said in infos(caplog)


def test_cost_is_logged_without_advice_if_auto_needs_more(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    # The list needs more than half of the requests per incident, so auto would not use it.
    with FakeApi(organisation(20)) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=only("incidents"))
    assert "incidents: 16 rows, about 18 requests by child_strategy list" in infos(caplog)


def test_auto_reads_the_lists_if_they_need_less_than_half(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(20)) as fake, caplog.at_level(logging.INFO):
        check(tap(fake))
    (said,) = (line for line in infos(caplog) if "child_strategy" in line)
    assert said == (
        f"incidents: {INCIDENTS} rows: child_strategy list (list needs about {COSTS['list']} requests, "
        f"per_incident {COSTS['per_incident']})"
    )
    assert Counter(asked(fake))["/v2/incident_updates"] == 1


def test_auto_asks_per_incident_if_there_are_few(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(2)) as fake, caplog.at_level(logging.INFO):
        check(tap(fake))
    (said,) = (line for line in infos(caplog) if "child_strategy" in line)
    assert said.startswith("incidents: 2 rows: child_strategy per_incident (list needs about 8 requests")
    assert Counter(asked(fake))["/v2/incident_updates"] == 2


def test_auto_lists_no_incidents_if_nothing_needs_them(tap: Tap) -> None:
    with FakeApi(organisation(20)) as fake:
        check(tap(fake, catalog=only("actions", "follow_ups")))
    # Only to look for incidents that changed during the run.
    assert all("updated_at[gte]" in dict(each.params) for each in fake.requests if each.path == "/v2/incidents")
