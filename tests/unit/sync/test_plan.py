"""Plan: which lists are read, in which order, and which children belong to each."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.protocol.selection import select
from tap_incident.streams import STREAMS
from tap_incident.sync.plan import Node, Step, steps
from tests.support.catalogs import EVERYTHING
from tests.support.each import for_each
from tests.support.runs import Json, bare, only
from tests.unit.protocol.catalogs import INCREMENTAL_STREAMS
from tests.unit.sync.hand_made import MODES

SELECTIONS: list[Json | None] = [None, EVERYTHING, *(only(stream.name) for stream in STREAMS)]
EACH_SELECTION = for_each(
    SELECTIONS, lambda catalog: [e["tap_stream_id"] for e in (catalog or {"streams": []})["streams"]]
)
WORK_STREAMS = ("actions", "E")


def tree(node: Node) -> Any:
    """Stream name, E if emitted, N if nested in its parent's record, S if spooled, then the tree of each child."""
    flags = "E" * bool(node.selected) + "N" * node.nested + "S" * node.spooled
    return (node.name, flags, *(tree(child) for child in node.children))


def planned(catalog: Json | None, method: str = "FULL_TABLE", **options: Any) -> dict[str, Step]:
    """The steps of a run by their unique names."""
    found = steps(select(catalog, replication_method=method), MODES, **{"by_list": False, **options})
    assert len({step.name for step in found}) == len(found)
    return {step.name: step for step in found}


def trees(catalog: Json | None, **options: Any) -> list[Any]:
    """The trees of all lists."""
    return [tree(node) for step in planned(catalog, **options).values() for node, _ in step.lists]


@EACH_SELECTION
def test_each_selected_stream_is_read_once_and_no_list_twice(catalog: Json | None) -> None:
    selection = select(catalog)
    for by_list in (False, True):
        lists = [each for step in planned(catalog, by_list=by_list).values() for each in step.lists]
        asked = [(root.stream.path, params, root.selected is None) for root, params in lists]
        assert len(set(asked)) == len(asked)
        emitted = [node.name for root, _ in lists for node in root.tree() if node.selected]
        assert set(emitted) == set(selection)
        if not by_list:
            orphans = {name for name, found in selection.items() if found.stream.parent.orphan_params}
            assert {name for name in emitted if emitted.count(name) > 1} == orphans
        for root, params in lists:
            parent = root.stream.parent
            assert not root.nested
            assert by_list or params in root.stream.list_params(MODES) or params == parent.orphan_params
            assert all(child.stream.parent.stream == each.name for each in root.tree() for child in each.children)


@pytest.mark.parametrize(
    ("catalog", "expected"),
    [
        (only("custom_field_options"), [("custom_fields", "", ("custom_field_options", "E"))]),
        (only("actions"), [("incidents", "", ("actions", "E")), WORK_STREAMS]),
        (bare(only("incidents", "actions")), [("incidents", "E", ("actions", "E")), WORK_STREAMS]),
        (bare(only("incidents", "incident_updates")), [("incidents", "E", ("incident_updates", "E"))]),
        (only("incidents"), [("incidents", "E", ("incident_updates", "N"), ("incident_attachments", "N"))]),
    ],
)
def test_parent_is_read_once_with_what_is_wanted_below_it(catalog: Json, expected: list[Any]) -> None:
    assert trees(catalog) == expected


def test_full_refresh_per_incident_and_by_lists() -> None:
    updates, attachments = ("incident_updates", "EN"), ("incident_attachments", "N")
    children = (("actions", "E"), ("follow_ups", "E"), updates, attachments)
    assert trees(None)[:3] == [("incidents", "E", *children), ("actions", "E"), ("follow_ups", "E")]
    by_list = planned(None, by_list=True)
    assert tree(by_list["incidents"].root) == ("incidents", "E", ("incident_updates", "ENS"), attachments)
    assert [params for _, params in by_list["actions"].lists] == [
        (("incident_mode", mode),) for mode in (*MODES, "stream")
    ]
    assert by_list["actions"].changed_parents is None


def test_incremental_stream_has_a_step_of_its_own() -> None:
    found = planned(None, "INCREMENTAL", has_bookmark=lambda name: True)
    assert {name for name, step in found.items() if step.replication_key} == INCREMENTAL_STREAMS
    assert list(found)[:4] == ["incidents", "incident_updates", "actions", "follow_ups"]
    # The updates are read anyway, so they are not requested for each incident that changed.
    nested = ("incident_updates", "NS"), ("incident_attachments", "N")
    assert tree(found["incidents"].root) == ("incidents", "E", *nested)
    assert tree(found["incident_updates"].root) == ("incidents", "", ("incident_updates", "ES"))
    assert [tree(root) for root, _ in found["actions"].lists] == [("actions", "E")] * 3
    again = found["actions"].changed_parents
    assert again is not None
    assert tree(again[0]) == ("incidents", "", ("actions", "E"))


def test_incremental_step_without_a_bookmark_reads_all_children_with_it() -> None:
    first, *others = planned(None, "INCREMENTAL").values()
    assert tree(first.root) == ("incidents", "E", ("incident_updates", "EN"), ("incident_attachments", "N"))
    assert first.replication_key == "updated_at"
    assert [step.name for step in others][:2] == ["actions", "follow_ups"]
