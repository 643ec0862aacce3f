"""Plan: the steps of incremental streams, and what stays with their parents and children."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.protocol.selection import select
from tap_incident.sync.plan import Step, steps
from tests.support.runs import Json, only
from tests.unit.protocol.catalogs import (
    INCREMENTAL_STREAMS,
    with_replication_method,
)
from tests.unit.sync.plans import MODES, tree

NESTED = (("incident_updates", "N"), ("incident_attachments", "N"))


def planned(catalog: Json | None, method: str = "INCREMENTAL", strategy: str = "per_incident") -> dict[str, Step]:
    """The steps of a run by their unique names."""
    found = steps(select(catalog, replication_method=method), MODES, strategy)
    assert len({step.name for step in found}) == len(found)
    return {step.name: step for step in found}


def trees(step: Step) -> list[Any]:
    """The trees of a step's lists."""
    return [tree(node) for node, _ in step.lists]


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_incremental_stream_has_its_own_step(strategy: str) -> None:
    found = planned(None, strategy=strategy)
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert trees(found["incident_updates"]) == [("incidents", "", ("incident_updates", "E"))]
    assert trees(found["actions"]) == [("actions", "E")] * 3
    assert [params for _, params in found["actions"].lists] == [
        (("incident_mode", mode),) for mode in (*MODES, "stream")
    ]
    assert {name for name, step in found.items() if step.replication_key == "updated_at"} == INCREMENTAL_STREAMS
    assert list(found)[:4] == ["incidents", "incident_updates", "actions", "follow_ups"]


def test_incremental_parent_is_read_in_full_for_its_full_table_children() -> None:
    catalog = with_replication_method("INCREMENTAL", "incidents")
    catalog["streams"] += only("actions", "incident_attachments")["streams"]
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert trees(found["incident_attachments"]) == [("incidents", "", ("incident_attachments", "E"))]
    assert trees(found["actions"]) == [("actions", "E")] * 3
    assert found["actions"].replication_key is None


def test_incremental_parent_without_a_bookmark_is_read_once_with_all_children() -> None:
    selection = select(None, replication_method="INCREMENTAL")
    first, *others = steps(selection, MODES, "per_incident", has_bookmark=lambda name: False)
    assert trees(first) == [("incidents", "E", ("incident_updates", "EN"), ("incident_attachments", "N"))]
    assert first.replication_key == "updated_at"
    assert [step.name for step in others][:2] == ["actions", "follow_ups"]


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_strategy_list_spools_only_what_must_wait_for_its_parents(method: str) -> None:
    found = planned(None, method, "list")
    spooled = {
        node.stream.name for step in found.values() for root, _ in step.lists for node in root.tree() if node.spooled
    }
    assert spooled == {"incident_updates"}
    assert trees(found["actions"]) == [("actions", "E")] * 3
    assert [root.stream.name for root, _ in found["incidents"].lists] == ["incidents"]


def test_changed_incidents_take_their_updates_from_the_list_that_is_read_anyway() -> None:
    def spooled(catalog: Json | None) -> list[bool]:
        root, _ = planned(catalog)["incidents"].lists[0]
        return [child.spooled for child in root.children]

    assert spooled(None) == [True, False]
    assert spooled(only("incidents")) == [False, False]


def test_incremental_child_leaves_its_parent_full_table() -> None:
    catalog = with_replication_method("INCREMENTAL", "actions")
    catalog["streams"] += only("incidents")["streams"]
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert found["incidents"].replication_key is None
    assert trees(found["actions"]) == [("actions", "E")] * 3


def test_incremental_child_does_not_read_an_unselected_parent() -> None:
    assert list(planned(only("actions"))) == ["actions"]
    found = planned(only("incident_updates", "actions"))
    assert trees(found["incidents"]) == [("incidents", "", ("incident_updates", "E"))]
    assert found["incidents"].replication_key is None
