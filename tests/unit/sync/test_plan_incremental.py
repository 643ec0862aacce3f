"""Plan: the steps of incremental streams, and what stays with their parents and children."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.protocol.selection import select
from tap_incident.sync.plan import Step, steps
from tests.support.runs import Json, only
from tests.unit.protocol.catalogs import (
    INCREMENTAL_STREAMS,
    root_metadata,
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
    assert found["incident_updates"].by_list
    assert found["incidents"].by_list == (strategy == "list")
    assert list(found)[:4] == ["incidents", "incident_updates", "actions", "follow_ups"]


def test_incremental_parent_is_read_in_full_for_its_full_table_children() -> None:
    catalog = with_replication_method("INCREMENTAL", "incidents")
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] in ("actions", "incident_attachments"):
            root_metadata(entry)["selected"] = True
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    below = (("actions", "E"), ("incident_attachments", "E"))
    assert trees(found["actions"]) == [("incidents", "", *below), ("actions", "E")]
    assert found["actions"].replication_key is None


def test_incremental_child_leaves_its_parent_full_table() -> None:
    catalog = with_replication_method("INCREMENTAL", "actions")
    next(root_metadata(e) for e in catalog["streams"] if e["tap_stream_id"] == "incidents")["selected"] = True
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert found["incidents"].replication_key is None
    assert trees(found["actions"]) == [("actions", "E")] * 3


def test_incremental_child_does_not_read_an_unselected_parent() -> None:
    assert list(planned(only("actions"))) == ["actions"]
    found = planned(only("incident_updates", "actions"))
    assert trees(found["incidents"]) == [("incidents", "", ("incident_updates", "E"))]
    assert found["incidents"].replication_key is None
