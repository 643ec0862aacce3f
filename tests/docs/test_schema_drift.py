"""make schema-drift: what it says of facts that differ from the present ones in one place, of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_api.facts import CONTENT
from tests.support.runs import Json
from tools.schema_drift import drift, main

TEXT: Json = {"type": "string"}
Mutation = Callable[[Json], object]


def part(facts: Json, component: str, *names: str) -> Json:
    """A component, or a property of it."""
    found: Json = facts["components"][component]
    for name in names:
        found = found["properties"][name]
    return found


def changed(component: str, name: str, **values: str) -> Mutation:
    """A property has other values."""
    return lambda facts: part(facts, component, name).update(values)


def new(component: str, name: str = "age") -> Mutation:
    """A component has one more property."""
    return lambda facts: part(facts, component)["properties"].update({name: TEXT})


def valued(component: str, name: str, value: str) -> Mutation:
    """A property has one more value."""
    return lambda facts: part(facts, component, name)["enum"].append(value)


def endpoint(path: str, **values: object) -> Mutation:
    """What is said of an endpoint is another."""
    return lambda facts: facts["endpoints"][path].update(values)


def parameter(path: str, name: str, **values: object) -> Mutation:
    """A parameter has other values, or is new."""
    return lambda facts: facts["endpoints"][path]["parameters"].setdefault(name, {}).update(values)


def without_parameter(path: str, name: str) -> Mutation:
    """An endpoint takes a parameter no more."""
    return lambda facts: facts["endpoints"][path]["parameters"].pop(name)


def most(path: str, maximum: int) -> Mutation:
    """A page may have this many rows."""
    return lambda facts: facts["endpoints"][path]["paging"]["page_size"].update(maximum=maximum)


def out(path: str, reason: str) -> Mutation:
    """An operation is left out for this reason."""

    def leave(facts: Json) -> None:
        facts["endpoints"].pop(path, None)
        facts["left_out"][path] = reason

    return leave


MUTATIONS: tuple[tuple[Mutation, str], ...] = (
    # Values.
    (lambda f: part(f, "SeverityV1", "created_at").pop("format"), "severities.created_at: only one of document and"),
    (changed("SeverityV1", "name", format="date-time"), "severities.name: only one of document and schema"),
    (changed("SeverityV1", "name", format="date"), "SeverityV1.name: new format date"),
    (changed("SeverityV1", "name", type="integer"), "severities.name: the document says integer"),
    (lambda f: part(f, "SeverityV1", "rank").update(deprecated=True), "SeverityV1.rank: new deprecated"),
    (lambda f: part(f, "SeverityV1")["properties"].pop("rank"), "severities.rank: no longer in the document"),
    (new("SeverityV1"), "severities.age: new in the document"),
    (new("UserV3"), "teams.members[].age: new in the document"),
    (new("AlertRouteV3"), "alert_routes.age: new in the document"),
    # Values by which rows are asked for, and others.
    (valued("IncidentStatusV1", "category", "again"), "/v1/incident_statuses: the values of category are "),
    (valued("IncidentStatusV2", "category", "again"), "/v2/incidents: the values of incident_status.category"),
    (valued("IncidentV2", "mode", "drill"), "/v2/incidents: the values of mode are "),
    (parameter("/v3/actions", "incident_mode", enum=["standard"]), "actions: the values of incident_mode are standard"),
    (valued("AlertV2", "status", "lost"), "AlertV2.status: new value lost"),
    # Requests.
    (without_parameter("/v3/actions", "incident_mode"), "actions: /v3/actions takes no parameter incident_mode"),
    (without_parameter("/v2/alerts", "created_at"), "alerts: /v2/alerts takes no parameter created_at"),
    (without_parameter("/v2/alerts", "has_notes"), "alerts: /v2/alerts takes no parameter has_notes"),
    (without_parameter("/v2/alerts", "tags"), "/v2/alerts?: no longer tags"),
    (parameter("/v3/actions", "team", required=True), "actions: /v3/actions requires the parameter team"),
    (most("/v2/alerts", 20), "alerts: page_size is 20 at most, the table says 50"),
    (most("/v2/alerts", 500), '/v2/alerts?: page_size was {"default": '),
    (endpoint("/v2/alerts", scope="alerts.read"), "alerts: the permission is alerts.read"),
    (endpoint("/v3/alert_routes/{id}", scope=None), "alert_routes: the permission is none"),
    # Operations.
    (out("/v2/users", "deprecated"), "users: /v2/users is deprecated"),
    (out("/v2/workflows/{id}", "deprecated"), "workflows: /v2/workflows/{id} is deprecated"),
    (lambda f: f["endpoints"].pop("/v2/users"), "users: the document has no /v2/users"),
    (lambda f: f["left_out"].pop("/v2/secrets"), "/v2/secrets: never read before, not in the document now"),
    (lambda f: f["endpoints"].update({"/v9/soups": {"item": TEXT}}), "no stream reads /v9/soups"),
    (out("/v9/old", "deprecated"), "/v9/old: not in the document before, deprecated now"),
    (out("/v1/severities/{id}", "one row of a list, which lacks secret"), "no stream reads /v1/severities/{id}"),
)


def test_streams_and_schemas_agree_with_the_facts() -> None:
    assert drift(CONTENT, CONTENT) == []


@pytest.mark.parametrize(("mutation", "line"), MUTATIONS, ids=[line for _, line in MUTATIONS])
def test_every_kind_of_difference_has_a_line(mutation: Mutation, line: str) -> None:
    facts = copy.deepcopy(CONTENT)
    mutation(facts)
    found = drift(facts, CONTENT)
    assert [one for one in found if one.startswith(line)], found


def test_drift_is_printed_with_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"paths": {}}))
    assert main([str(path)]) == 1
    *lines, total = capsys.readouterr().out.splitlines()
    assert "users: the document has no /v2/users" in lines
    assert total.startswith(f"{path}: ")
    assert total.endswith(f"{len(lines)} differences")
