"""A changed setting with INCREMENTAL: the streams concerned are read whole once, and the run after that is small."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pytest

from tap_incident.protocol.catalog import discover
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.faults import last_state, port_of
from tests.support.incremental import INCREMENTAL
from tests.support.runs import Json, Run, check, set_field, there

MORE_MODES = ("standard", "retrospective", "test")
PARTS = ("attachments", "updates")


@dataclass(frozen=True)
class Before:
    """What was otherwise in the run before."""

    settings: Json = field(default_factory=dict)
    unselected: Sequence[str] = ()
    """Nested parts."""
    denied: Collection[str] = ()
    again: Collection[str] = ("incidents",)
    """The incremental streams that are read whole."""


CHANGES = {
    "modes": Before({"incident_modes": ["standard"]}, again=("incidents", "actions", "follow_ups")),
    "attachments": Before(unselected=("attachments",)),
    "updates": Before(unselected=("updates",)),
    "both parts": Before(unselected=PARTS),
    "permission": Before(denied=("attachments.view",)),
}


def three_runs(tap: Tap, before: Before, strategy: str) -> list[Run]:
    """A run as it was before, and two as they are now, each with the state of the one before it."""
    now: Json = {**INCREMENTAL, "child_strategy": strategy, "incident_modes": list(MORE_MODES)}
    org, port, state, runs = organisation(4), 0, Json(), list[Run]()
    for was in (before, Before(), Before()):
        # The streams are selected by default, not by name: then a missing permission is no failure.
        catalog = discover()
        for part in was.unselected:
            set_field(catalog, "incidents", "properties", part, selected=False)
        with FakeApi(org, port=port, denied=was.denied) as fake:
            port = port_of(fake)
            runs.append(tap(fake, settings={**now, **was.settings}, catalog=catalog, state=state))
        state = last_state(runs[-1])
    incidents = {row["id"] for row in there(org, "incidents", MORE_MODES)}
    assert {record["id"] for record in runs[1].records("incidents")} == incidents
    return runs


@pytest.mark.parametrize("strategy", ["list", "per_incident"])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_setting_reads_the_default_streams_whole_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, change: str, strategy: str
) -> None:
    caplog.set_level(logging.INFO)
    runs = three_runs(tap, CHANGES[change], strategy)
    first, second, third = runs
    assert [run.code for run in runs] == [0, 0, 0]
    for run in runs:
        check(run)
    for name in CHANGES[change].again:
        assert len(second.records(name)) >= len(first.records(name))
        assert len(third.records(name)) < len(second.records(name))
        assert [line for line in caplog.messages if line.startswith(f"{name}: ") and "again" in line]
    assert all(record[part] is not None for record in second.records("incidents") for part in PARTS)
