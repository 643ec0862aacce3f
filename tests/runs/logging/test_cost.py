"""The cost of a run that is logged at its start."""

from __future__ import annotations

import logging

import pytest

from tap_incident.config import CHILD_STRATEGIES
from tap_incident.protocol.selection import select
from tap_incident.sync.plan import cost, steps
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.logs import infos
from tests.support.runs import (
    STANDARD,
    check,
    only,
    there,
)


@pytest.mark.parametrize("strategy", CHILD_STRATEGIES)
def test_cost_is_logged_with_a_child_strategy_that_needs_less_than_half(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(20)
    with FakeApi(org) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": strategy})
    (step, *_) = steps(select(), STANDARD, strategy)
    root, _ = step.lists[0]
    incidents = len(there(org, "incidents"))
    costs = {name: cost(root, incidents, STANDARD, name) for name in CHILD_STRATEGIES}
    assert costs == {"per_incident": 1 + 4 * incidents, "list": 1 + incidents + 5}
    chosen = f"incidents: {incidents} rows, about {costs[strategy]} requests by child_strategy {strategy}"
    assert chosen in infos(caplog)
    hint = f'incidents: set child_strategy to "list" to need only about {costs["list"]} requests'
    assert (hint in infos(caplog)) == (strategy == "per_incident")


def test_cost_of_a_few_incidents_is_higher_by_list(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(2)) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert not [line for line in infos(caplog) if "to need only about" in line]
    with FakeApi(organisation(0)) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert 'incidents: set child_strategy to "per_incident" to need only about 1 requests' in infos(caplog)


def test_cost_by_list_is_logged_before_the_lists_are_read(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(5)) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    check(run)
    said = [record.getMessage() for record in caplog.records]
    cost = next(number for number, line in enumerate(said) if "requests by child_strategy list" in line)
    assert cost < said.index("actions: reading it as one list")
