"""ACTIVATE_VERSION after an interruption: a loader never deletes a row that exists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import after_first_page, port_of
from tests.support.runs import Json, Run, bare, cursor, key_of, only

CATALOG = bare(only("incidents", "alerts", "severities"))
SETTINGS = {"activate_version": True, "incident_modes": ["standard", "retrospective", "test", "tutorial"]}


class Table:
    """What a loader with hard deletes stores: the version of each key. ACTIVATE_VERSION deletes all other versions."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[str, ...], Any]] = {}

    def load(self, messages: list[Json]) -> None:
        """Store the messages of one run."""
        for message in messages:
            table = self.rows.setdefault(message.get("stream", ""), {})
            if message["type"] == "RECORD":
                table[key_of(message["stream"], message["record"])] = message.get("version")
            elif message["type"] == "ACTIVATE_VERSION":
                old = [key for key, version in table.items() if version != message["version"]]
                for key in old:
                    del table[key]


def loaded(*runs: Run) -> Table:
    """A table with these runs in order."""
    table = Table()
    for run in runs:
        table.load(run.messages)
    return table


@pytest.mark.parametrize("between", [True, False])
def test_resume_with_a_stale_state_deletes_no_row(tap: Tap, between: bool) -> None:
    org = organisation(120)
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=401))) as fake:
        first = tap(fake, catalog=CATALOG, settings={**SETTINGS, "max_concurrency": 1})
        port = port_of(fake)
    assert first.code == 1
    state = first.states()[-1]
    assert cursor(state, "alerts")
    with FakeApi(org, port=port) as fake:
        complete = tap(fake, catalog=CATALOG, settings=SETTINGS)
        resumed = tap(fake, catalog=CATALOG, settings=SETTINGS, state=state)
    assert resumed.code == 0
    alerts = {(row["id"],) for row in org.rows["/v2/alerts"]}
    assert len(resumed.records("alerts")) < len(alerts)
    table = loaded(first, complete, resumed) if between else loaded(first, resumed)
    assert set(table.rows["alerts"]) == alerts


def test_resumed_run_activates_the_streams_that_it_reads_from_scratch(tap: Tap) -> None:
    org = organisation(120)
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=401))) as fake:
        first = tap(fake, catalog=CATALOG, settings={**SETTINGS, "max_concurrency": 1})
        port = port_of(fake)
    gone = org.rows["/v1/severities"].pop()
    del org.rows["/v2/alerts"][5]
    with FakeApi(org, port=port) as fake:
        resumed = tap(fake, catalog=CATALOG, settings=SETTINGS, state=first.states()[-1])
        activated = {m["stream"] for m in resumed.messages if m["type"] == "ACTIVATE_VERSION"}
        assert activated == {"incidents", "severities"}
        after = tap(fake, catalog=CATALOG, settings=SETTINGS, state=resumed.states()[-1])
    table = loaded(first, resumed)
    assert (gone["id"],) not in table.rows["severities"]
    assert len(table.rows["alerts"]) == len(org.rows["/v2/alerts"]) + 1
    # The next complete run deletes what the resumed one could not.
    table.load(after.messages)
    assert set(table.rows["alerts"]) == {(row["id"],) for row in org.rows["/v2/alerts"]}
