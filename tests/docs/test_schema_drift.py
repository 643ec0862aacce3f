"""make schema-drift: what it says of facts that differ from the present ones in one place, of every kind."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.fake_api.facts import CONTENT
from tests.support.runs import Json
from tools.schema_drift import drift, main

Place = tuple[str, ...]


def part(component: str, *names: str) -> Place:
    """Where the facts have a component, or a property of it."""
    return ("components", component, *(step for name in names for step in ("properties", name)))


def endpoint(path: str, *names: str) -> Place:
    """Where the facts have what is said of an endpoint."""
    return ("endpoints", path, *names)


def parameter(path: str, *names: str) -> Place:
    """Where the facts have a parameter."""
    return endpoint(path, "parameters", *names)


CHANGES: tuple[tuple[Place, object, str], ...] = (
    # Values.
    ((*part("SeverityV1", "created_at"), "format"), None, "severities.created_at: only one of document and"),
    ((*part("SeverityV1", "name"), "format"), "date-time", "severities.name: only one of document and schema"),
    ((*part("SeverityV1", "name"), "format"), "date", "SeverityV1.name: new format date"),
    ((*part("SeverityV1", "name"), "type"), "integer", "severities.name: the document says integer"),
    ((*part("SeverityV1", "rank"), "deprecated"), True, "SeverityV1.rank: new deprecated"),
    (part("SeverityV1", "rank"), None, "severities.rank: no longer in the document"),
    (part("SeverityV1", "age"), {"type": "string"}, "severities.age: new in the document"),
    (part("UserV3", "age"), {"type": "string"}, "teams.members[].age: new in the document"),
    (part("AlertRouteV3", "age"), {"type": "string"}, "alert_routes.age: new in the document"),
    # Values by which rows are asked for, and others.
    ((*part("IncidentStatusV1", "category"), "enum"), ["again"], "/v1/incident_statuses: the values of category are "),
    ((*part("IncidentStatusV2", "category"), "enum"), ["again"], "/v2/incidents: the values of incident_status.cate"),
    ((*part("IncidentV2", "mode"), "enum"), ["drill"], "/v2/incidents: the values of mode are "),
    (parameter("/v3/actions", "incident_mode", "enum"), ["standard"], "actions: the values of incident_mode are stan"),
    ((*part("AlertV2", "status"), "enum"), ["lost"], "AlertV2.status: new value lost"),
    # Requests.
    (parameter("/v3/actions", "incident_mode"), None, "actions: /v3/actions takes no parameter incident_mode"),
    (parameter("/v2/alerts", "created_at"), None, "alerts: /v2/alerts takes no parameter created_at"),
    (parameter("/v2/alerts", "has_notes"), None, "alerts: /v2/alerts takes no parameter has_notes"),
    (parameter("/v2/alerts", "tags"), None, "/v2/alerts?: no longer tags"),
    (parameter("/v3/actions", "team"), {"required": True}, "actions: /v3/actions requires the parameter team"),
    (
        endpoint("/v2/alerts", "paging", "page_size", "maximum"),
        20,
        "alerts: page_size is 20 at most, the table says 50",
    ),
    (endpoint("/v2/alerts", "paging", "page_size", "maximum"), 500, '/v2/alerts?: page_size was {"default": '),
    (endpoint("/v2/alerts", "scope"), "alerts.read", "alerts: the permission is alerts.read"),
    (endpoint("/v3/alert_routes/{id}", "scope"), "", "alert_routes: the permission is none"),
    # Operations.
    (endpoint("/v2/users"), None, "users: the document has no /v2/users"),
    (endpoint("/v2/workflows/{id}"), None, "workflows: the document has no /v2/workflows/{id}"),
    (("left_out", "/v2/secrets"), None, "/v2/secrets: never read before, not in the document now"),
    (endpoint("/v9/soups"), {"item": {"type": "string"}}, "no stream reads /v9/soups"),
    (("left_out", "/v9/old"), "deprecated", "/v9/old: not in the document before, deprecated now"),
    (
        ("left_out", "/v1/severities/{id}"),
        "one row of a list, which lacks secret",
        "no stream reads /v1/severities/{id}",
    ),
)
"""Where the facts are changed, what is there then (None: nothing more), and how a line of the difference begins."""


def changed(place: Place, value: object) -> Json:
    """The facts with one change."""
    found = facts = copy.deepcopy(CONTENT)
    *above, name = place
    for step in above:
        found = found[step]
    found.pop(name, None)
    if value is not None:
        found[name] = value
    return facts


def test_streams_and_schemas_agree_with_the_facts() -> None:
    assert drift(CONTENT, CONTENT) == []


@pytest.mark.parametrize(("place", "value", "line"), CHANGES, ids=[line for _, _, line in CHANGES])
def test_every_kind_of_difference_has_a_line(place: Place, value: object, line: str) -> None:
    found = drift(changed(place, value), CONTENT)
    assert [one for one in found if one.startswith(line)], found


def test_operation_that_a_stream_reads_and_the_facts_leave_out_says_why() -> None:
    facts = changed(endpoint("/v2/users"), None)
    facts["left_out"]["/v2/users"] = "deprecated"
    assert "users: /v2/users is deprecated" in drift(facts, CONTENT)


def test_drift_is_printed_with_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"paths": {}}))
    assert main([str(path)]) == 1
    *lines, total = capsys.readouterr().out.splitlines()
    assert "users: the document has no /v2/users" in lines
    assert total.startswith(f"{path}: ")
    assert total.endswith(f"{len(lines)} differences")
