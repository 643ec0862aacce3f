"""Plan: which lists are read, in which order, and which children belong to each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selection, select
from tap_incident.streams import BY_NAME, STREAMS, Params
from tap_incident.sync.plan import Node, Step, cost, steps
from tests.support.catalogs import DEFAULT, EVERYTHING
from tests.support.each import for_each
from tests.support.runs import Json, catalog_with, only, set_field
from tests.unit.sync.plans import MODES, tree

SELECTIONS: dict[str, Json | None] = {
    "default": None,
    "everything": EVERYTHING,
    **{stream.name: only(stream.name) for stream in STREAMS},
}


def names_in(catalog: Json | None) -> list[str]:
    """The streams that a catalog selects by name."""
    return [entry["tap_stream_id"] for entry in catalog["streams"]] if catalog else []


EACH_SELECTION = for_each(SELECTIONS.values(), names_in)


class Listed(NamedTuple):
    """One list of a step."""

    name: str
    """Name of the step."""
    node: Node
    params: Params


def planned(catalog: Json | None) -> tuple[Step, ...]:
    """The steps of a run with this catalog."""
    return steps(select(catalog), MODES, "per_incident")


def lists(selection: Selection, modes: tuple[str, ...] = MODES) -> list[Listed]:
    """The lists of all steps."""
    planned = steps(selection, modes, "per_incident")
    return [Listed(step.name, node, params) for step in planned for node, params in step.lists]


def trees(catalog: Json | None) -> list[Any]:
    """The trees of all lists."""
    return [tree(found.node) for found in lists(select(catalog))]


def without(catalog: Json, *fields: str) -> Json:
    """The catalog with fields of incidents deselected."""
    for name in fields:
        set_field(catalog, "incidents", "properties", name, selected=False)
    return catalog


@EACH_SELECTION
def test_selected_stream_is_emitted_by_its_list_and_by_its_orphan_list(catalog: Json | None) -> None:
    selection = select(catalog)
    emitted = [node.stream.name for step in lists(selection) for node in step.node.tree() if node.selected]
    expected = {name: 2 if found.stream.parent.orphan_params else 1 for name, found in selection.items()}
    assert {name: emitted.count(name) for name in emitted} == expected


@EACH_SELECTION
def test_list_is_not_read_twice(catalog: Json | None) -> None:
    walked = [(step.node.stream.path, step.params) for step in lists(select(catalog))]
    assert len(set(walked)) == len(walked)


@EACH_SELECTION
def test_step_root_has_no_parent_or_is_an_orphan_list(catalog: Json | None) -> None:
    for step in lists(select(catalog)):
        stream = step.node.stream
        assert not step.node.nested
        if stream.parent.stream:
            assert step.params == (*stream.params, *stream.parent.orphan_params)
            assert stream.parent.orphan_params
            assert step.name == stream.parent.stream
        else:
            assert step.params in stream.list_params(MODES)
            assert step.name == stream.name
        assert all(
            child.stream.parent.stream == node.stream.name for node in step.node.tree() for child in node.children
        )


def test_steps_are_in_the_order_of_the_stream_table() -> None:
    assert [step.name for step in planned(EVERYTHING)] == [s.name for s in STREAMS if not s.parent.stream]
    roots = [found.node.stream.name for found in lists(select(EVERYTHING))]
    assert roots[:4] == ["incidents", "actions", "follow_ups", "postmortem_documents"]


def test_orphan_list_requests_work_streams() -> None:
    actions = next(found for found in lists(select()) if found.node.stream.name == "actions")
    assert actions.params == (("incident_mode", "stream"),)


def test_orphan_list_is_only_read_if_its_stream_is_selected() -> None:
    assert [name for name, *_ in trees(only("incidents"))] == ["incidents"]
    assert [name for name, *_ in trees(only("incidents", "follow_ups"))] == ["incidents", "follow_ups"]


def test_parent_is_read_once_for_all_children() -> None:
    expected = ("incidents", "E", ("actions", "E"), ("follow_ups", "E"), ("incident_updates", "EN"))
    attachments = ("incident_attachments", "N")
    assert trees(None)[0] == (*expected, attachments)
    assert [name for name, *_ in trees(None)].count("incidents") == 1


def test_parent_that_is_not_selected_is_read_for_its_child() -> None:
    assert trees(only("custom_field_options")) == [("custom_fields", "", ("custom_field_options", "E"))]
    assert trees(only("actions")) == [("incidents", "", ("actions", "E")), ("actions", "E")]
    assert trees(only("incident_updates")) == [("incidents", "", ("incident_updates", "E"))]


def test_child_that_is_not_selected_is_not_read() -> None:
    assert trees(only("custom_fields")) == [("custom_fields", "E")]
    assert trees(without(only("incidents"), "attachments", "updates")) == [("incidents", "E")]


def test_child_list_is_read_once_to_be_emitted_and_nested() -> None:
    assert trees(without(only("incidents"), "attachments")) == [("incidents", "E", ("incident_updates", "N"))]
    both = without(only("incidents", "incident_updates"), "attachments")
    assert trees(both) == [("incidents", "E", ("incident_updates", "EN"))]
    assert trees(without(both, "updates")) == [("incidents", "E", ("incident_updates", "E"))]


@pytest.mark.parametrize("stream", [s for s in STREAMS if s.parent.nested_as], ids=lambda stream: stream.name)
def test_child_is_not_nested_without_a_selected_parent(stream: Any) -> None:
    for step in lists(select(only(stream.name))):
        assert not any(node.nested for node in step.node.tree())


def explicit_streams(selection: Selection) -> set[str]:
    """Streams that are selected explicitly, so that a missing permission is a failure."""
    return {node.stream.name for step in lists(selection) for node in step.node.tree() if node.explicit}


def test_explicit_is_false_for_streams_selected_by_default() -> None:
    assert explicit_streams(select()) == set()


def test_explicit_is_true_for_the_selected_stream_but_not_its_parent() -> None:
    assert explicit_streams(select(only("actions"))) == {"actions"}
    assert explicit_streams(select(without(only("incidents"), "attachments", "updates"))) == {"incidents"}


def test_explicit_is_true_for_a_nested_child_whose_field_is_selected() -> None:
    catalog = set_field(only("incidents"), "incidents", "properties", "updates", selected=True)
    assert explicit_streams(select(catalog)) == {"incidents", "incident_updates"}
    set_field(catalog, "incidents", "properties", "updates", selected=False)
    set_field(catalog, "incidents", "properties", "name", selected=True)
    assert explicit_streams(select(catalog)) == {"incidents"}


def test_explicit_is_false_below_a_deselected_field() -> None:
    catalog = set_field(catalog_with(lambda *_: None), "incidents", "properties", "updates", selected=False)
    set_field(catalog, "incidents", "properties", "updates", "items", "properties", "message", selected=True)
    assert explicit_streams(select(catalog)) == set()


def test_description_differs_for_different_selections() -> None:
    catalogs = [
        None,
        only("incidents"),
        only("incidents", "actions"),
        only("actions"),
        only("incident_updates"),
        without(only("incidents"), "updates"),
        without(only("incidents", "incident_updates"), "updates"),
        without(only("incidents"), "name"),
        set_field(only("actions"), "actions", "properties", "description", selected=False),
    ]
    described = [lists(select(catalog))[0].node.described() for catalog in catalogs]
    assert all(described.count(found) == 1 for found in described)


def test_description_differs_for_children_with_the_same_fields() -> None:
    described = []
    for name in ("actions", "follow_ups"):
        catalog = only(name)
        for field in schema(BY_NAME[name])["properties"]:
            set_field(catalog, name, "properties", field, selected=False)
        described.append(lists(select(catalog))[0].node.described())
    assert described[0] != described[1]


def test_description_does_not_depend_on_explicit_selection() -> None:
    catalog = catalog_with(lambda name, metadata: metadata.update(selected=name in DEFAULT))
    assert [s.node.described() for s in lists(select(catalog))] == [s.node.described() for s in lists(select())]


@pytest.mark.parametrize(
    ("catalog", "parents", "per_incident", "by_lists"),
    [
        # Two pages of incidents. Three kinds of children have their own list, which counts two rows per incident.
        (None, 500, 2 + 4 * 500, 2 + 500 + 4 + 4 + 4),
        (without(only("incidents"), "attachments", "updates"), 501, 3, 3),
        (only("actions"), 0, 1, 1 + 2),
        (only("users"), 0, 1, 1),
        (only("severities"), 9, 1, 1),
        (only("catalog_entries"), 30, 31, 31),
    ],
)
def test_cost_is_the_number_of_requests(catalog: Json | None, parents: int, per_incident: int, by_lists: int) -> None:
    node = lists(select(catalog))[0].node
    assert {strategy: cost(node, parents, MODES, strategy) for strategy in ("per_incident", "list")} == {
        "per_incident": per_incident,
        "list": by_lists,
    }
