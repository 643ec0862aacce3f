"""Which streams are replicated incrementally: by the settings, by the catalog, in discovery and in the plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tap_incident.config import REPLICATION_METHODS
from tap_incident.errors import BadInput
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.selection import select
from tap_incident.streams import STREAMS
from tap_incident.sync.plan import Node, Step, steps
from tests.support.runs import Json, catalog_with, only, set_field

FIVE = {"incidents", "alerts", "escalations", "actions", "follow_ups"}
MODES = ("standard", "retrospective")
OTHERS = sorted({stream.name for stream in STREAMS} - FIVE)


def root(entry: Json) -> Json:
    """The metadata of the stream itself."""
    found: Json = next(m["metadata"] for m in entry["metadata"] if m["breadcrumb"] == [])
    return found


def keys(catalog: Json | None, method: str = "FULL_TABLE") -> dict[str, str | None]:
    """Replication keys by selected stream."""
    return {name: found.replication_key for name, found in select(catalog, replication_method=method).items()}


def with_method(method: Any, *names: str, **more: Any) -> Json:
    """A catalog that selects and replicates these streams so."""
    about = {"replication-method": method, **more}
    return catalog_with(lambda name, root: root.update(selected=name in names, **(about if name in names else {})))


def test_replication_key_exists_for_five_streams() -> None:
    assert {stream.name for stream in STREAMS if stream.replication_key == "updated_at"} == FIVE
    assert {stream.name for stream in STREAMS if stream.replication_key} == FIVE


def test_catalog_metadata_follows_the_replication_method() -> None:
    whole, incremental = discover(), discover("INCREMENTAL")
    for before, after in zip(whole["streams"], incremental["streams"], strict=True):
        name = before["tap_stream_id"]
        assert root(before)["forced-replication-method"] == "FULL_TABLE"
        assert "valid-replication-keys" not in root(before)
        if name not in FIVE:
            assert before == after
            continue
        assert root(after)["forced-replication-method"] == "INCREMENTAL"
        assert root(after)["valid-replication-keys"] == ["updated_at"]
        assert before["schema"] == after["schema"]
        field = {"breadcrumb": ["properties", "updated_at"], "metadata": {"inclusion": "automatic"}}
        assert field in after["metadata"]


@pytest.mark.parametrize("method", REPLICATION_METHODS)
def test_discover_reads_replication_method_from_the_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"replication_method": method}))
    assert main(["--discover", "--config", str(tmp_path / "config.json")]) == 0
    assert json.loads(capsys.readouterr().out) == discover(method)


@pytest.mark.parametrize("catalog", [None, discover(), discover("INCREMENTAL"), only(*FIVE, "users")])
def test_replication_method_setting_applies_if_the_catalog_has_none(catalog: Json | None) -> None:
    for method in REPLICATION_METHODS:
        found = keys(catalog, method)
        assert {name for name, key in found.items() if key} == (FIVE if method == "INCREMENTAL" else set())


@pytest.mark.parametrize("name", sorted(FIVE))
def test_replication_method_in_the_catalog_only_applies_to_its_stream(name: str) -> None:
    catalog = with_method("INCREMENTAL", name, **{"replication-key": "updated_at"})
    assert keys(catalog) == {name: "updated_at"}
    assert keys(with_method("FULL_TABLE", name), "INCREMENTAL") == {name: None}
    assert keys(with_method(None, name), "INCREMENTAL") == {name: "updated_at"}


@pytest.mark.parametrize("name", OTHERS)
def test_replication_method_incremental_is_an_error_for_a_full_table_stream(name: str) -> None:
    with pytest.raises(BadInput, match=f'^mine: "replication-method" of {name} must be FULL_TABLE$'):
        select(with_method("INCREMENTAL", name), source="mine")
    assert keys(with_method("FULL_TABLE", name), "INCREMENTAL") == {name: None}


@pytest.mark.parametrize("method", ["LOG_BASED", "incremental", "", 5, [], {}])
def test_replication_method_that_is_unknown_is_an_error(method: Any) -> None:
    with pytest.raises(BadInput, match='"replication-method" of alerts must be FULL_TABLE or INCREMENTAL'):
        select(with_method(method, "alerts"))


@pytest.mark.parametrize("key", ["created_at", 5, []])
def test_replication_key_that_is_unknown_is_an_error(key: Any) -> None:
    with pytest.raises(BadInput, match='"replication-key" of alerts must be updated_at'):
        select(with_method("INCREMENTAL", "alerts", **{"replication-key": key}))


def test_replication_key_is_ignored_for_full_table() -> None:
    catalog = with_method("FULL_TABLE", "alerts", **{"replication-key": "created_at"})
    assert keys(catalog, "INCREMENTAL") == {"alerts": None}


def test_replication_key_cannot_be_deselected() -> None:
    catalog = set_field(only("alerts"), "alerts", "properties", "updated_at", selected=False)
    assert "updated_at" not in select(catalog)["alerts"].schema["properties"]
    assert "updated_at" in select(catalog, replication_method="INCREMENTAL")["alerts"].schema["properties"]
    entry = next(e for e in catalog["streams"] if e["tap_stream_id"] == "alerts")
    del entry["schema"]["properties"]["updated_at"]
    assert "updated_at" in select(catalog, replication_method="INCREMENTAL")["alerts"].schema["properties"]


def tree(node: Node) -> Any:
    """What a node does, by name: E for emitted, N for nested, and what is below it."""
    does = ("E" if node.selected else "") + ("N" if node.nested else "")
    return (node.stream.name, does, *(tree(child) for child in node.children))


def planned(catalog: Json | None, method: str = "INCREMENTAL", strategy: str = "per_incident") -> dict[str, Step]:
    """The steps of a run by their names, which are all different."""
    found = steps(select(catalog, replication_method=method), MODES, strategy)
    assert len({step.name for step in found}) == len(found)
    return {step.name: step for step in found}


def trees(step: Step) -> list[Any]:
    """The trees of a step's lists."""
    return [tree(node) for node, _ in step.lists]


NESTED = (("incident_updates", "N"), ("incident_attachments", "N"))


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_incremental_stream_has_its_own_step(strategy: str) -> None:
    found = planned(None, strategy=strategy)
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert trees(found["incident_updates"]) == [("incidents", "", ("incident_updates", "E"))]
    assert trees(found["actions"]) == [("actions", "E")] * 3
    assert [params for _, params in found["actions"].lists] == [
        (("incident_mode", mode),) for mode in (*MODES, "stream")
    ]
    assert {name for name, step in found.items() if step.replication_key == "updated_at"} == FIVE
    assert found["incident_updates"].by_list
    assert found["incidents"].by_list == (strategy == "list")
    assert list(found)[:4] == ["incidents", "incident_updates", "actions", "follow_ups"]


def test_incremental_parent_is_read_in_full_for_its_full_table_children() -> None:
    catalog = with_method("INCREMENTAL", "incidents")
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] in ("actions", "incident_attachments"):
            root(entry)["selected"] = True
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    below = (("actions", "E"), ("incident_attachments", "E"))
    assert trees(found["actions"]) == [("incidents", "", *below), ("actions", "E")]
    assert found["actions"].replication_key is None


def test_incremental_child_leaves_its_parent_full_table() -> None:
    catalog = with_method("INCREMENTAL", "actions")
    next(root(e) for e in catalog["streams"] if e["tap_stream_id"] == "incidents")["selected"] = True
    found = planned(catalog, "FULL_TABLE")
    assert trees(found["incidents"]) == [("incidents", "E", *NESTED)]
    assert found["incidents"].replication_key is None
    assert trees(found["actions"]) == [("actions", "E")] * 3


def test_incremental_child_does_not_read_an_unselected_parent() -> None:
    assert list(planned(only("actions"))) == ["actions"]
    found = planned(only("incident_updates", "actions"))
    assert trees(found["incidents"]) == [("incidents", "", ("incident_updates", "E"))]
    assert found["incidents"].replication_key is None
