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
    later: int = 0
    """Runs before that."""


CHANGES = {
    "modes": Before({"incident_modes": ["standard"]}, again=("incidents", "actions", "follow_ups")),
    "attachments": Before(unselected=("attachments",)),
    "updates": Before(unselected=("updates",)),
    "both parts": Before(unselected=PARTS),
    "permission": Before(denied=("attachments.view",), later=1),
}


def runs_around(tap: Tap, before: Before, strategy: str) -> list[Run]:
    """A run as it was before, and some as they are now, each with the state of the one before it."""
    now: Json = {**INCREMENTAL, "child_strategy": strategy, "incident_modes": list(MORE_MODES)}
    org, port, state, runs = organisation(4), 0, Json(), list[Run]()
    for was in (before, *[Before()] * (2 + before.later)):
        # The streams are selected by default, not by name: then a missing permission is no failure.
        catalog = discover()
        for part in was.unselected:
            set_field(catalog, "incidents", "properties", part, selected=False)
        with FakeApi(org, port=port, denied=was.denied) as fake:
            port = port_of(fake)
            runs.append(tap(fake, settings={**now, **was.settings}, catalog=catalog, state=state))
        state = last_state(runs[-1])
    incidents = {row["id"] for row in there(org, "incidents", MORE_MODES)}
    assert {record["id"] for record in runs[-2].records("incidents")} == incidents
    return runs


@pytest.mark.parametrize("strategy", ["list", "per_incident"])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_setting_reads_the_default_streams_whole_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, change: str, strategy: str
) -> None:
    caplog.set_level(logging.INFO)
    first, *others, whole, last = runs_around(tap, CHANGES[change], strategy)
    for run in (first, *others, whole, last):
        assert run.code == 0
        check(run)
    for name in CHANGES[change].again:
        assert len(whole.records(name)) >= len(first.records(name))
        assert all(len(run.records(name)) < len(whole.records(name)) for run in (*others, last))
        assert [line for line in caplog.messages if line.startswith(f"{name}: ") and "again" in line]
    assert all(record[part] is not None for record in whole.records("incidents") for part in PARTS)
