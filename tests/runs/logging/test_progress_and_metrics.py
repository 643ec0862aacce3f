"""What a whole run says of its cost, its requests and its records, and that the next lists are begun in time."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping

import pytest

from tap_incident.config import CHILD_STRATEGIES
from tap_incident.protocol.selection import select
from tap_incident.sync.plan import cost, steps
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import STANDARD, only, there


def infos(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts at INFO."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]


def metrics(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    """Contents of the METRIC lines of this name."""
    found = [json.loads(line.removeprefix("METRIC: ")) for line in infos(caplog) if line.startswith("METRIC: ")]
    return [point for point in found if point["metric"] == name]


@pytest.mark.parametrize("strategy", CHILD_STRATEGIES)
def test_the_cost_is_told_and_the_other_strategy_where_it_saves_more_than_half(
    tap: Tap, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    org = organisation(60)
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


def test_for_a_few_incidents_the_strategy_list_is_what_costs_more(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(2)) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert not [line for line in infos(caplog) if "to need only about" in line]
    with FakeApi(organisation(0)) as fake, caplog.at_level(logging.INFO):
        tap(fake, settings={"child_strategy": "list"}, catalog=only("actions"))
    assert 'incidents: set child_strategy to "per_incident" to need only about 1 requests' in infos(caplog)


def test_every_request_and_every_record_is_in_the_metrics(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=503) if number == 2 else None

    with FakeApi(organisation(10), faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake)
    timers = metrics(caplog, "http_request_duration")
    expected = Counter((request.path, request.status) for request in fake.requests)
    tags = [point["tags"] for point in timers]
    assert Counter((tag["endpoint"], tag["http_status_code"]) for tag in tags if isinstance(tag, dict)) == expected
    assert all(isinstance(point["value"], float) and 0 < point["value"] < 60 for point in timers)
    counters = {json.dumps(point["tags"]): point["value"] for point in metrics(caplog, "record_count")}
    assert counters == {json.dumps({"endpoint": name}): len(run.records(name)) for name in run.streams()}


def test_the_next_lists_are_asked_for_while_one_ends_and_no_earlier(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org, latency=0.05) as fake:
        run = tap(fake, catalog=only("custom_fields", "severities", "incident_types", "incident_roles", "teams"))
        assert fake.most_at_once >= 4
    assert run.code == 0
    with FakeApi(org) as fake:
        tap(fake, catalog=only("alerts", "escalations"))
    paths = [request.path for request in fake.requests]
    assert paths.index("/v2/escalations") >= paths.count("/v2/alerts") - 1
