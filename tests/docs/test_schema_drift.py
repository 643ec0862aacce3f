"""make schema-drift: the comparison of schemas and streams with an OpenAPI document."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tests.support.runs import Json
from tools.schema_drift import Document, drift, main

NOT_OF_THE_API = {
    "incidents": ("attachments", "updates"),
    "incident_relationships": ("incident_id",),
    "schedule_entries": ("entry_type", "row_id", "schedule_id"),
}
"""Columns that the tap makes, by stream."""


def documented(part: Json) -> Json:
    """A schema of ours as an OpenAPI document would say it."""
    found: Json = {"type": next(name for name in part["type"] if name != "null")}
    found |= {"format": part["format"]} if "format" in part else {}
    if "properties" in part:
        found["properties"] = {name: documented(value) for name, value in part["properties"].items()}
    if "items" in part:
        found["items"] = documented(part["items"])
    return found


def operation(stream: Stream) -> Json:
    """The stream's endpoint as a document that agrees with the code would describe it."""
    rows = documented(schema(stream))
    for name in NOT_OF_THE_API.get(stream.name, ()):
        del rows["properties"][name]
    rows["properties"] |= {name: {"type": "string"} for name in stream.privacy.withheld}
    pairs = (*stream.params, *stream.parent.params, *stream.parent.also_by, *stream.parent.orphan_params)
    names = {name.split("[")[0] for name, _ in pairs} | set(stream.window.params if stream.window else ())
    names |= {stream.mode_param.split("[")[0]} if stream.mode_param else set()
    parameters: list[Json] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    if stream.page_size:
        parameters.append({"name": "page_size", "in": "query", "schema": {"maximum": 10_000}, "required": True})
        parameters.append({"name": "after", "in": "query", "schema": {"type": "string"}})
    entries: Json = {"type": "array", "items": rows}
    if stream.answer.list_column:
        entries = {"type": "object", "properties": {"these": entries, "those": copy.deepcopy(entries)}}
    body = {"properties": {stream.answer.key or stream.name: entries}}
    answer = {"200": {"content": {"application/json": {"schema": body}}}}
    scopes = [stream.scope] if stream.scope else None
    return {"parameters": parameters, "responses": answer, "x-rbac-scopes": scopes}


def document() -> Json:
    """A document that agrees with the code."""
    return {"paths": {stream.path: {"get": operation(stream)} for stream in STREAMS}, "components": {"schemas": {}}}


def rows_of(content: Json, path: str) -> Json:
    """The properties of a row in the document."""
    body = content["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    lists = next(iter(body["properties"].values()))
    found: Json = lists.get("properties", {"these": lists})["these"]["items"]["properties"]
    return found


def test_drift_of_a_document_that_agrees_is_empty() -> None:
    assert drift(Document(document())) == []


def test_drift_lists_every_kind_of_difference() -> None:
    content = document()
    severities = rows_of(content, "/v1/severities")
    severities["colour"] = {"$ref": "#/components/schemas/Colour"}
    content["components"]["schemas"]["Colour"] = {"type": "string"}
    del severities["rank"]
    severities["name"] = {"type": "integer"}
    severities["created_at"] = {"type": "string"}
    rows_of(content, "/v3/teams")["members"]["items"]["properties"]["age"] = {"type": "integer"}
    del content["paths"]["/v2/users"]
    alerts = content["paths"]["/v2/alerts"]["get"]
    alerts |= {"deprecated": True, "x-rbac-scopes": ["alerts.read"]}
    alerts["parameters"][-2]["schema"]["maximum"] = 20
    for path, gone in (
        ("/v3/actions", "incident_mode"),
        ("/v1/alert_notes", "alert_group_id"),
        ("/v2/schedule_entries", "entry_window_end"),
    ):
        parameters = content["paths"][path]["get"]["parameters"]
        parameters[:] = [parameter for parameter in parameters if parameter["name"] != gone]
    del rows_of(content, "/v2/schedule_entries")["user"]
    content["paths"]["/v3/actions"]["get"]["parameters"].append(
        {"name": "team", "in": "query", "required": True, "schema": {}}
    )
    assert drift(Document(content)) == [
        "actions: /v3/actions takes no parameter incident_mode",
        "actions: /v3/actions requires the parameter team",
        "severities.colour: new in the document",
        "severities.created_at: only one of document and schema says date-time",
        "severities.name: the document says integer, the schema null or string",
        "severities.rank: no longer in the document",
        "users: the document has no /v2/users",
        "alerts: /v2/alerts is deprecated",
        "alerts: the permission is alerts.read, not alerts.view",
        "alerts: page_size is 20 at most, the table says 50",
        "alert_notes: /v1/alert_notes takes no parameter alert_group_id",
        "schedule_entries: /v2/schedule_entries takes no parameter entry_window_end",
        "schedule_entries.user: no longer in the document",
        "teams.members[].age: new in the document",
    ]


def test_drift_of_a_recursive_type_ends() -> None:
    content = document()
    own = documented(schema(BY_NAME["severities"]))
    content["components"]["schemas"]["Node"] = own
    own["properties"]["parent"] = {"$ref": "#/components/schemas/Node"}
    body = content["paths"]["/v1/severities"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    body["properties"]["severities"]["items"] = {"$ref": "#/components/schemas/Node"}
    assert drift(Document(content)) == ["severities.parent: new in the document"]


def test_drift_is_printed_with_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openapi.json"
    content = document()
    content["paths"]["/v9/things"] = {"get": operation(BY_NAME["severities"])}
    path.write_text(json.dumps(content))
    assert main(str(path)) == 0
    out = capsys.readouterr().out
    assert "/v9/things" in out
    assert f"{len(STREAMS)} streams compared, 0 differences" in out
    del rows_of(content, "/v1/severities")["rank"]
    path.write_text(json.dumps(content))
    assert main(str(path)) == 1
