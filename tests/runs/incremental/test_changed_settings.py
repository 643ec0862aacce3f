"""A changed setting with INCREMENTAL: the streams concerned are read whole once, and the run after that is small.

With the default streams, with each child of `incidents` beside it, and with each `child_strategy`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.catalogs import DEFAULT
from tests.support.faults import last_state, port_of
from tests.support.incremental import INCREMENTAL
from tests.support.runs import Json, Run, catalog_with, check, set_field, there

CHILDREN = [stream.name for stream in STREAMS if stream.parent.stream == "incidents"]
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


def catalog_of(names: Collection[str], unselected: Sequence[str] = ()) -> Any:
    """A catalog as --discover prints it: these streams are selected by default, not by name."""
    catalog = catalog_with(lambda _, root: root.update({"selected-by-default": True}), names)
    for part in unselected:
        set_field(catalog, "incidents", "properties", part, selected=False)
    return catalog


def three_runs(tap: Tap, names: Collection[str], before: Before, strategy: str) -> list[Run]:
    """A run as it was before, and two as they are now, each with the state of the one before it."""
    now: Json = {**INCREMENTAL, "child_strategy": strategy, "incident_modes": list(MORE_MODES)}
    org, port, state, runs = organisation(4), 0, Json(), list[Run]()
    for was in (before, Before(), Before()):
        catalog = catalog_of(names, was.unselected)
        with FakeApi(org, port=port, denied=was.denied) as fake:
            port = port_of(fake)
            runs.append(tap(fake, settings={**now, **was.settings}, catalog=catalog, state=state))
        state = last_state(runs[-1])
    incidents = {row["id"] for row in there(org, "incidents", MORE_MODES)}
    assert {record["id"] for record in runs[1].records("incidents")} == incidents
    return runs


def check_runs(runs: list[Run], before: Before, names: Collection[str], lines: list[str]) -> None:
    """Everything of the streams concerned came in the second run, which says so, and little of them in the third."""
    first, second, third = runs
    assert [run.code for run in runs] == [0, 0, 0]
    for run in runs:
        check(run)
    for name in {*before.again} & {*names}:
        assert len(second.records(name)) >= len(first.records(name))
        assert len(third.records(name)) < len(second.records(name))
        assert [line for line in lines if line.startswith(f"{name}: ") and "again" in line]
    assert all(record[part] is not None for record in second.records("incidents") for part in PARTS)


@pytest.mark.parametrize("strategy", ["list", "per_incident"])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_setting_reads_the_default_streams_whole_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, change: str, strategy: str
) -> None:
    caplog.set_level(logging.INFO)
    check_runs(three_runs(tap, DEFAULT, CHANGES[change], strategy), CHANGES[change], DEFAULT, caplog.messages)


@pytest.mark.parametrize("child", CHILDREN)
def test_changed_setting_reads_incidents_with_any_child_whole_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, child: str
) -> None:
    caplog.set_level(logging.INFO)
    names = ("incidents", child)
    for before in (CHANGES["modes"], CHANGES["both parts"]):
        check_runs(three_runs(tap, names, before, "list"), before, names, caplog.messages)
