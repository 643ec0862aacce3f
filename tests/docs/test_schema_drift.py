"""make schema-drift: what it says of a document that differs from the facts in one place, of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tap_incident.streams import STREAMS
from tests.fake_api.facts import CONTENT
from tests.support.runs import Json
from tools.facts import facts_of
from tools.schema_drift import drift, main, properties_in

TEXT: Json = {"type": "string"}
META: Json = {"type": "object", "properties": {"after": TEXT}}
TOTAL: Json = {"type": "object", "properties": {"after": TEXT, "total_record_count": {"type": "integer"}}}


def answering(answer: Json, **others: object) -> Json:
    """A GET operation with this answer."""
    return {"get": {"responses": {"200": {"content": {"application/json": {"schema": answer}}}}, **others}}


def holding(**properties: Json) -> Json:
    """The schema of an object."""
    return {"type": "object", "properties": properties}


def parameter(name: str, fact: Json) -> Json:
    """A parameter of the query as a document describes it."""
    flags = {key: fact[key] for key in ("required", "deprecated") if key in fact}
    schema = {key: value for key, value in fact.items() if key not in (*flags, "repeats", "operators")}
    schema = {"type": "object"} if "operators" in fact else schema
    return {"in": "query", "name": name, "schema": {"type": "array", "items": schema} if "repeats" in fact else schema}


def operation(endpoint: Json) -> Json:
    """An endpoint of the facts as a document describes it."""
    found = {**endpoint["parameters"]}
    paging = endpoint.get("paging", {})
    found |= {name: paging["page_size"] for name in ("page_size",) if name in paging}
    found |= {"after": TEXT} if paging.get("cursor") == "after" else {}
    parameters = [parameter(name, fact) | {k: True for k in ("required",) if k in fact} for name, fact in found.items()]
    listing = {"type": "array", "items": endpoint["item"]}
    held = {
        "list": listing,
        "item": endpoint["item"],
        "lists": holding(**dict.fromkeys(endpoint.get("lists", ()), listing)),
    }
    parts = {endpoint["answer_key"]: held[endpoint["holds"]]} if "answer_key" in endpoint else {}
    parts |= endpoint.get("beside", {}) | ({"pagination_meta": TOTAL if paging["total"] else META} if paging else {})
    scopes = endpoint["scope"].split(" or ") if endpoint["scope"] else None
    answer = holding(**parts) if parts else endpoint["item"]
    return answering(answer, parameters=parameters, **{"x-rbac-scopes": scopes})


def left_out(path: str, reason: str) -> Json:
    """An operation that the facts leave out."""
    if reason.startswith("one row"):
        row: Json = CONTENT["endpoints"].get(path.rpartition("/")[0], {"item": holding(id=TEXT)})["item"]
        row = CONTENT["components"][row["$ref"].rpartition("/")[2]] if "$ref" in row else row
        more = dict.fromkeys(reason.partition("lacks ")[2].split(", "), TEXT) if "lacks" in reason else {}
        return answering(holding(row=holding(**{**row["properties"], "id": TEXT, **more})))
    answer = {} if reason == "not a JSON object" else holding(text=TEXT)
    return answering(answer, **({"deprecated": True} if reason == "deprecated" else {}))


def document() -> Json:
    """A document that agrees with the facts."""
    paths = {path: operation(endpoint) for path, endpoint in CONTENT["endpoints"].items()}
    paths |= {path: left_out(path, reason) for path, reason in CONTENT["left_out"].items()}
    return copy.deepcopy({"paths": paths, "components": {"schemas": CONTENT["components"]}})


def part(content: Json, component: str, *names: str) -> Json:
    """A property of a component, at any depth."""
    found: Json = content["components"]["schemas"][component]
    for name in names:
        found = found["items"] if name == "[]" else found["properties"][name]
    return found


def get(content: Json, path: str) -> Json:
    """The operation at a path."""
    found: Json = content["paths"][path]["get"]
    return found


def without_parameter(path: str, name: str) -> Callable[[Json], object]:
    """The mutation that drops a parameter."""

    def drop(content: Json) -> None:
        found = get(content, path)["parameters"]
        found[:] = [one for one in found if one["name"] != name]

    return drop


def changed(path: str, name: str, **schema: object) -> Callable[[Json], object]:
    """The mutation that changes a parameter."""
    return lambda content: next(one for one in get(content, path)["parameters"] if one["name"] == name)[
        "schema"
    ].update(schema)


def new_operation(path: str, item: Json) -> Callable[[Json], object]:
    """The mutation that adds a path with a list."""
    return lambda content: content["paths"].update({path: answering(holding(soups={"type": "array", "items": item}))})


MUTATIONS: tuple[tuple[Callable[[Json], object], str], ...] = (
    # Values.
    (
        lambda d: part(d, "SeverityV1", "created_at").pop("format"),
        "severities.created_at: only one of document and schema",
    ),
    (
        lambda d: part(d, "SeverityV1", "name").update(format="date-time"),
        "severities.name: only one of document and schema",
    ),
    (lambda d: part(d, "SeverityV1", "name").update(format="date"), "SeverityV1.name: new format date"),
    (lambda d: part(d, "SeverityV1", "name").update(type="integer"), "severities.name: the document says integer"),
    (lambda d: part(d, "SeverityV1", "rank").update(deprecated=True), "SeverityV1.rank: new deprecated"),
    (lambda d: part(d, "SeverityV1")["properties"].pop("rank"), "severities.rank: no longer in the document"),
    (lambda d: part(d, "SeverityV1")["properties"].update(colour=TEXT), "severities.colour: new in the document"),
    (lambda d: part(d, "UserV3")["properties"].update(age=TEXT), "teams.members[].age: new in the"),
    (lambda d: part(d, "AlertRouteV3")["properties"].update(age=TEXT), "alert_routes.age: new in the document"),
    (lambda d: part(d, "StepConfigV2")["properties"].update(age=TEXT), "workflows.steps[].age: new in the document"),
    # Values by which rows are asked for, and others.
    (lambda d: part(d, "IncidentStatusV1", "category")["enum"].append("reopened"), "/v1/incident_statuses: the values"),
    (
        lambda d: part(d, "IncidentStatusV2", "category")["enum"].append("reopened"),
        "/v2/incidents: the values of incid",
    ),
    (lambda d: part(d, "IncidentV2", "mode")["enum"].append("drill"), "/v2/incidents: the values of mode are drill, "),
    (changed("/v3/actions", "incident_mode", enum=["standard"]), "actions: the values of incident_mode are standard"),
    (lambda d: part(d, "AlertV2", "status")["enum"].append("lost"), "AlertV2.status: new value lost"),
    (lambda d: part(d, "AlertV2", "status")["enum"].pop(), "AlertV2.status: no longer value resolved"),
    # Requests.
    (without_parameter("/v3/actions", "incident_mode"), "actions: /v3/actions takes no parameter incident_mode"),
    (without_parameter("/v3/actions", "updated_at"), "actions: /v3/actions takes no parameter updated_at"),
    (without_parameter("/v2/alerts", "created_at"), "alerts: /v2/alerts takes no parameter created_at"),
    (without_parameter("/v2/alerts", "has_notes"), "alerts: /v2/alerts takes no parameter has_notes"),
    (without_parameter("/v1/alert_notes", "alert_group_id"), "alert_notes: /v1/alert_notes takes no parameter alert_g"),
    (without_parameter("/v2/alerts", "tags"), "/v2/alerts?: no longer tags"),
    (changed("/v2/alerts", "page_size", maximum=20), "alerts: page_size is 20 at most, the table says 50"),
    (changed("/v2/alerts", "page_size", maximum=500), '/v2/alerts?: page_size was {"default": '),
    (
        lambda d: get(d, "/v2/alerts").update({"x-rbac-scopes": ["alerts.read"]}),
        "alerts: the permission is alerts.read",
    ),
    (lambda d: get(d, "/v3/alert_routes/{id}").update({"x-rbac-scopes": []}), "alert_routes: the permission is none"),
    # Operations.
    (lambda d: get(d, "/v2/users").update(deprecated=True), "users: /v2/users is deprecated"),
    (lambda d: get(d, "/v2/workflows/{id}").update(deprecated=True), "workflows: /v2/workflows/{id} is deprecated"),
    (lambda d: get(d, "/v2/users").update(responses={"200": {}}), "users: /v2/users is not a JSON object"),
    (lambda d: d["paths"].pop("/v2/users"), "users: the document has no /v2/users"),
    (lambda d: d["paths"].pop("/v1/ip_ranges"), "/v1/ip_ranges: read before, not in the document now"),
    (lambda d: d["paths"].pop("/v2/secrets"), "/v2/secrets: never read before, not in the document now"),
    (new_operation("/v9/soups", TEXT), "no stream reads /v9/soups"),
    (new_operation("/v2/users/{user_id}/soups", TEXT), "no stream reads /v2/users/{user_id}/soups"),
    (lambda d: d["paths"].update({"/v9/file": answering({})}), "no stream reads /v9/file"),
    (
        lambda d: d["paths"].update({"/v9/old": answering({}, deprecated=True)}),
        "/v9/old: not in the document before, dep",
    ),
    (
        lambda d: d["paths"].update({"/v1/severities/{id}": answering(holding(row=holding(id=TEXT, secret=TEXT)))}),
        "no stream reads /v1/severities/{id}",
    ),
)


def without_required(path: str) -> Json:
    """The document in which a list requires one more parameter."""
    content = document()
    get(content, path)["parameters"].append({"in": "query", "name": "team", "required": True, "schema": TEXT})
    return content


def test_the_document_agrees_with_the_facts_and_the_code_with_both() -> None:
    assert facts_of(document()) == CONTENT
    assert drift(facts_of(document()), CONTENT) == []


@pytest.mark.parametrize(("mutation", "line"), MUTATIONS, ids=[line for _, line in MUTATIONS])
def test_every_kind_of_difference_has_a_line(mutation: Callable[[Json], object], line: str) -> None:
    content = document()
    mutation(content)
    found = drift(facts_of(content), CONTENT)
    assert [one for one in found if one.startswith(line)], found


def test_a_new_required_parameter_has_a_line() -> None:
    assert "actions: /v3/actions requires the parameter team" in drift(
        facts_of(without_required("/v3/actions")), CONTENT
    )


def test_order_and_spelling_are_no_difference() -> None:
    content = document()
    content["paths"] = dict(reversed(content["paths"].items()))
    part(content, "AlertV2", "status")["enum"].reverse()
    part(content, "SeverityV1", "rank")["format"] = "int64"
    changed("/v2/alerts", "page_size", minimum=1, format="int64")(content)
    assert drift(facts_of(content), CONTENT) == []


def test_a_type_that_holds_itself_ends() -> None:
    content = document()
    part(content, "SeverityV1")["properties"]["parent"] = {"$ref": "#/components/SeverityV1"}
    assert drift(facts_of(content), CONTENT) == ["severities.parent: new in the document"]


def test_properties_are_counted_at_any_depth() -> None:
    inner = {"type": ["object"], "properties": {"c": {"type": ["string"]}}}
    listed = {"type": ["array"], "items": inner}
    assert properties_in({"type": ["object"], "properties": {"a": inner, "b": listed}}) == 4


@pytest.mark.parametrize(("mutation", "code"), [(lambda content: None, 0), (new_operation("/v9/soups", TEXT), 1)])
def test_drift_is_printed_with_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mutation: Callable[[Json], object], code: int
) -> None:
    path, content = tmp_path / "openapi.json", document()
    mutation(content)
    path.write_text(json.dumps(content))
    assert main([str(path)]) == code
    *lines, total = capsys.readouterr().out.splitlines()
    assert bool(lines) == bool(code)
    assert total.startswith(f"{path}: {len(STREAMS)} streams and ")
    assert total.endswith(f"{len(lines)} differences")


def test_without_a_document_there_is_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
