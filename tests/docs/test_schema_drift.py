"""make schema-drift: the comparison of schemas and streams with an OpenAPI document."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.support.answers import made
from tests.support.runs import Json
from tools.facts import facts_of
from tools.schema_drift import drift, main, properties_in

NESTED = {"incidents": {"attachments", "updates"}}
"""Columns that hold the rows of other streams."""


def documented(part: Json) -> Json:
    """A schema of ours as an OpenAPI document would say it."""
    found: Json = {"type": next(name for name in part["type"] if name != "null")}
    found |= {"format": part["format"]} if "format" in part else {}
    if "properties" in part:
        found["properties"] = {name: documented(value) for name, value in part["properties"].items()}
    if "items" in part:
        found["items"] = documented(part["items"])
    return found


def rows_in(stream: Stream) -> Json:
    """A row of the stream's list in a document that agrees with the code."""
    rows = documented(schema(stream))
    for name in made(stream) | NESTED.get(stream.name, set()):
        del rows["properties"][name]
    rows["properties"] |= {name: {"type": "string"} for name in stream.privacy.withheld}
    return rows


def component_of(stream: Stream) -> str:
    """The name of the component that a row is."""
    return f"{stream.name}_row"


def operation(stream: Stream) -> Json:
    """The stream's endpoint as a document that agrees with the code would describe it."""
    pairs = (*stream.params, *stream.parent.params, *stream.parent.also_by, *stream.parent.orphan_params)
    names = {name.split("[")[0] for name, _ in pairs} | set(stream.window.params if stream.window else ())
    names |= {stream.mode_param.split("[")[0]} if stream.mode_param else set()
    names -= set(stream.path_params)
    parameters: list[Json] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    if stream.page_size:
        parameters.append({"name": "page_size", "in": "query", "schema": {"maximum": 10_000}, "required": True})
        parameters.append({"name": "after", "in": "query", "schema": {"type": "string"}})
    row = {"$ref": f"#/components/schemas/{component_of(stream)}"}
    entries: Json = {"type": "array", "items": row}
    if stream.answer.list_column:
        entries = {"type": "object", "properties": {"these": entries, "those": copy.deepcopy(entries)}}
    body = row if stream.answer.one_row_with else {"properties": {stream.answer.key or stream.name: entries}}
    answer = {"200": {"content": {"application/json": {"schema": body}}}}
    scopes = [stream.scope] if stream.scope else None
    return {"parameters": parameters, "responses": answer, "x-rbac-scopes": scopes}


def document() -> Json:
    """A document that agrees with the code."""
    schemas = {component_of(stream): rows_in(stream) for stream in STREAMS}
    return {
        "paths": {stream.path: {"get": operation(stream)} for stream in STREAMS},
        "components": {"schemas": schemas},
    }


def rows_of(content: Json, name: str) -> Json:
    """The properties of a stream's row in the document."""
    found: Json = content["components"]["schemas"][component_of(BY_NAME[name])]["properties"]
    return found


@cache
def present() -> Json:
    """The facts of the document that agrees."""
    return facts_of(document())


def differences(content: Json) -> list[str]:
    """The lines for a document, compared with the one that agrees."""
    return drift(facts_of(content), present())


def test_drift_of_a_document_that_agrees_is_empty() -> None:
    assert differences(document()) == []


def test_drift_lists_every_kind_of_difference() -> None:
    content = document()
    severities = rows_of(content, "severities")
    severities["colour"] = {"$ref": "#/components/schemas/Colour"}
    content["components"]["schemas"]["Colour"] = {"type": "string"}
    del severities["rank"]
    severities["name"] = {"type": "integer"}
    severities["created_at"] = {"type": "string"}
    rows_of(content, "teams")["members"]["items"]["properties"]["age"] = {"type": "integer"}
    del content["paths"]["/v2/users"]
    alerts = content["paths"]["/v2/alerts"]["get"]
    alerts["x-rbac-scopes"] = ["alerts.read"]
    content["paths"]["/v3/catalog_types"]["get"]["deprecated"] = True
    alerts["parameters"][-2]["schema"]["maximum"] = 20
    for path, gone in (
        ("/v3/actions", "incident_mode"),
        ("/v1/alert_notes", "alert_group_id"),
        ("/v2/schedule_entries", "entry_window_end"),
    ):
        parameters = content["paths"][path]["get"]["parameters"]
        parameters[:] = [parameter for parameter in parameters if parameter["name"] != gone]
    del rows_of(content, "schedule_entries")["user"]
    content["paths"]["/v3/actions"]["get"]["parameters"].append(
        {"name": "team", "in": "query", "required": True, "schema": {}}
    )
    facts = facts_of(content)
    assert drift(facts, present=facts) == [
        "actions: /v3/actions takes no parameter incident_mode",
        "actions: /v3/actions requires the parameter team",
        "severities.colour: new in the document",
        "severities.created_at: only one of document and schema says date-time",
        "severities.name: the document says integer, the schema null or string",
        "severities.rank: no longer in the document",
        "users: the document has no /v2/users",
        "alerts: the permission is alerts.read, not alerts.view",
        "alerts: page_size is 20 at most, the table says 50",
        "alert_notes: /v1/alert_notes takes no parameter alert_group_id",
        "schedule_entries: /v2/schedule_entries takes no parameter entry_window_end",
        "schedule_entries.user: no longer in the document",
        "teams.members[].age: new in the document",
        "catalog_types: /v3/catalog_types is deprecated",
    ]


def test_drift_of_a_recursive_type_ends() -> None:
    content = document()
    content["components"]["schemas"]["severities_row"]["properties"]["parent"] = {
        "$ref": "#/components/schemas/severities_row"
    }
    assert differences(content) == ["severities.parent: new in the document"]


def test_drift_names_what_is_new_or_gone_beside_the_streams() -> None:
    before, after = document(), document()
    for content in (before, after):
        content["paths"] |= {f"/v9/{name}": {"get": operation(BY_NAME["severities"])} for name in ("things", "others")}
    things = after["paths"]["/v9/things"]["get"]
    before["paths"]["/v9/things"]["get"]["parameters"] = [parameter("colour", {"type": "string"}), parameter("old", {})]
    things["parameters"] = [parameter("colour", {"type": "integer"}), parameter("new", {})]
    after["paths"]["/v9/others"]["get"]["deprecated"] = True
    after["paths"]["/v9/lists"] = {"get": operation(BY_NAME["severities"])}
    after["components"]["schemas"]["Thing"] = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "old": {"type": "string", "deprecated": True}},
    }
    body = things["responses"]["200"]["content"]["application/json"]["schema"]
    body["properties"]["severities"]["items"] = {"$ref": "#/components/schemas/Thing"}
    assert drift(facts_of(after), facts_of(before)) == [
        "/v9/lists: new in the document, list",
        "/v9/others: deprecated",
        '/v9/things: the parameter colour was {"type": "string"}, and is {"type": "integer"}',
        "/v9/things: new parameter new",
        "/v9/things: no longer has the parameter old",
        "Thing.old: deprecated",
    ]


def parameter(name: str, schema_of: Json) -> Json:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema_of}


def test_what_a_free_object_holds_is_no_drift() -> None:
    content = document()
    rows_of(content, "catalog_entries")["attribute_values"] = {
        "type": "object",
        "properties": {"one": {"type": "string"}},
    }
    assert differences(content) == []


def test_properties_are_counted_at_any_depth() -> None:
    inner = {"type": ["object"], "properties": {"c": {"type": ["string"]}}}
    listed = {"type": ["array"], "items": inner}
    assert properties_in({"type": ["object"], "properties": {"a": inner, "b": listed}}) == 4


def test_drift_is_printed_with_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openapi.json"
    content = document()
    content["paths"]["/v9/things"] = {"get": operation(BY_NAME["severities"])}
    path.write_text(json.dumps(content))
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "/v9/things: new in the document, list" in lines
    assert "Lists that no stream reads: /v9/things" in lines
    assert lines[-1].startswith(f"{path}: {len(STREAMS)} streams and ")


def test_a_document_that_agrees_with_the_facts_gives_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, facts = tmp_path / "openapi.json", tmp_path / "facts.json"
    path.write_text(json.dumps(document()))
    facts.write_text(json.dumps(present()))
    assert main([str(path)], facts) == 0
    assert capsys.readouterr().out.endswith("compared, 0 differences\n")


def test_without_a_document_there_is_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
