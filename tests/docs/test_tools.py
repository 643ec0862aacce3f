"""The documents' tables, the comparison with an OpenAPI document, and the main job's writing of files."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tap_incident.config import VERSION
from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS, Stream
from tools.readme import DOCUMENTS, README, rendered
from tools.schema_drift import Document, drift, main

REPOSITORY = README.parent
CHANGES = REPOSITORY / "CHANGELOG.md"
Json = dict[str, Any]

NOT_OF_THE_API = {
    "incidents": ("attachments", "updates"),
    "incident_relationships": ("incident_id",),
    "schedule_entries": ("entry_type", "row_id", "schedule_id"),
}
"""Columns that the tap makes, by stream."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_has_the_tables_that_the_code_makes(document: Path) -> None:
    text = document.read_text("utf-8")
    assert rendered(text, DOCUMENTS[document]) == text, "run make readme"


def test_a_document_without_a_place_for_a_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="settings"):
        rendered("# no markers", DOCUMENTS[README])


def test_the_changes_of_this_version_are_told_with_a_date() -> None:
    assert re.search(rf"^## {re.escape(VERSION)} - 20\d\d-\d\d-\d\d$", CHANGES.read_text("utf-8"), re.MULTILINE)


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


def test_a_document_that_agrees_has_no_differences() -> None:
    assert drift(Document(document())) == []


def test_all_that_can_differ_is_told() -> None:
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


def test_a_type_that_holds_itself_ends() -> None:
    content = document()
    own = documented(schema(BY_NAME["severities"]))
    content["components"]["schemas"]["Node"] = own
    own["properties"]["parent"] = {"$ref": "#/components/schemas/Node"}
    body = content["paths"]["/v1/severities"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    body["properties"]["severities"]["items"] = {"$ref": "#/components/schemas/Node"}
    assert drift(Document(content)) == ["severities.parent: new in the document"]


def test_the_comparison_prints_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_the_main_job_writes_a_file_a_stream_and_says_so(tmp_path: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("INCIDENT_")}
    environ["PYTHONPATH"] = str(REPOSITORY)
    run = [sys.executable, "-m", "tools.run"]
    done = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert "sample organisation" in done.stdout
    for stream in STREAMS:
        path = tmp_path / "output" / f"{stream.name}.jsonl"
        assert path.exists() == stream.selected_by_default
        if path.exists():
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            assert rows
            assert f"{len(rows):8,} rows  output/{stream.name}.jsonl" in done.stdout
    assert json.loads((tmp_path / "output" / "state.json").read_text()) == {"bookmarks": {}}


def test_the_main_job_uses_a_config_where_there_is_one_and_fails_with_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"api_key": "k", "max_concurrency": 0}')
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = [sys.executable, "-m", "tools.run"]
    done = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Reading incident.io with config.json" in done.stdout
    assert "exit code 1" in done.stdout
    assert "max_concurrency" in done.stderr
