"""The stand-in is as strict as the real API where that bites: keys, paths and parameters."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.fake_api import FakeApi, Organisation, organisation
from tests.fake_api.facts import BY_PATH
from tests.fake_api.making import instant
from tests.support import fake_client
from tests.support.fake_client import Params, ask
from tests.support.paths import REPOSITORY

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api


def test_same_arguments_same_organisation() -> None:
    assert dict(organisation(9).rows) == dict(organisation(9, seed=7).rows)
    assert organisation(9, seed=8).rows != organisation(9).rows
    assert organisation(8).modes == organisation(8).modes


def test_ids_are_unique_and_rise_with_creation() -> None:
    for path, made in organisation(30).rows.items():
        # A row stands with one id under all of its parents: a relationship under both of its incidents.
        parents = [parent.kept_as for parent in BY_PATH[path].parents.values()]
        ids = [(row["id"], *(row.get(name) for name in parents)) for row in made if "id" in row]
        assert len(set(ids)) == len(ids), path
    opened = [(instant(row["created_at"]), row["id"]) for row in organisation(30).rows["/v2/incidents"]]
    assert opened == sorted(opened)


def test_awkward_values_are_there(org: Organisation) -> None:
    text = json.dumps(dict(org.rows), ensure_ascii=False)
    for needle in (
        "x_new_property",
        str(2**53 + 1),
        "🍳",
        '\\"no\\"\\t',
        "secret_token",
        "1e-07",
        ': ""',
        ": null",
        ": []",
        ": {}",
        "+02:00",
    ):
        assert needle in text, needle
    stamps = [row["created_at"] for row in org.rows["/v2/alerts"]]
    fractions = {len(stamp[19:].rstrip("Z").split("+")[0].split("-")[0].lstrip(".")) for stamp in stamps}
    assert fractions == set(range(10))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret-key"}])
def test_the_key_is_needed(api: FakeApi, headers: dict[str, str]) -> None:
    reply = ask(api, "/v1/identity", headers=headers)
    assert (reply.status, reply.error["code"]) == (401, "access_token_invalid")
    assert not api.requests[-1].authorization_ok


def test_a_denied_scope_is_named(org: Organisation) -> None:
    with FakeApi(org, denied={"actions.view"}) as api:
        reply = ask(api, "/v3/follow_ups")
        assert (reply.status, reply.error["code"]) == (403, "missing_required_scope")
        assert reply.error["metadata"] == {"scope": "actions.view"}
        assert ask(api, "/v2/incidents").status == 200
        assert ask(api, "/v1/identity").status == 200


@pytest.mark.parametrize("path", ["/", "/v2/actions", "/v2/follow_ups", "/v3/actions/", "/v9/incidents"])
def test_nothing_lives_elsewhere(api: FakeApi, path: str) -> None:
    reply = ask(api, path)
    assert reply.status == 404
    assert reply.error["code"] == "not_found"


def test_it_only_reads(api: FakeApi) -> None:
    assert ask(api, "/v2/incidents", method="POST").error["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/v2/incidents", [("colour", "red")], "colour"),
        ("/v2/incidents", [("mode", "standard")], "mode"),
        ("/v3/actions", [("incident_id", "a"), ("incident_id", "b")], "incident_id"),
        ("/v2/incidents", [("page_size", "1"), ("page_size", "1")], "page_size"),
        ("/v2/incidents", [("page_size", "many")], "page_size"),
        ("/v2/incidents", [("page_size", "1.0")], "page_size"),
        ("/v2/incidents", [("page_size", "")], "page_size"),
        ("/v2/incidents", [("page_size", "0")], "page_size"),
        ("/v2/incidents", [("page_size", "-1")], "page_size"),
        ("/v2/incidents", [("page_size", "251")], "page_size"),
        ("/v3/actions", [("page_size", "251")], "page_size"),
        ("/v3/follow_ups", [("page_size", "251")], "page_size"),
        ("/v2/incident_updates", [("page_size", "251")], "page_size"),
        ("/v3/teams", [("page_size", "251")], "page_size"),
        ("/v2/users", [("page_size", "10001")], "page_size"),
        ("/v2/schedules", [("page_size", "10001")], "page_size"),
        ("/v2/alerts", [("page_size", "51")], "page_size"),
        ("/v2/escalations", [("page_size", "51")], "page_size"),
        ("/v2/alerts", [], "page_size"),
        ("/v3/catalog_entries", [("catalog_type_id", "x")], "page_size"),
        ("/v3/catalog_entries", [("page_size", "25")], "catalog_type_id"),
        ("/v1/incident_attachments", [], "incident_id"),
        ("/v1/custom_field_options", [], "custom_field_id"),
        ("/v1/severities", [("page_size", "25")], "page_size"),
        ("/v3/catalog_types", [("after", "x")], "after"),
        ("/v2/incidents", [("sort_by", "name")], "sort_by"),
        ("/v2/incidents", [("mode[one_of]", "stream")], "mode[one_of]"),
        ("/v2/incidents", [("status_category[one_of]", "open")], "status_category[one_of]"),
        ("/v3/actions", [("incident_mode", "all")], "incident_mode"),
        ("/v2/users", [("include_inactive", "yes")], "include_inactive"),
        ("/v2/incidents", [("after", "nobody")], "after"),
        ("/v2/incident_alerts", [], "page_size"),
        ("/v1/incident_relationships", [], "incident_id"),
        ("/v2/status_page_incidents", [], "status_page_id"),
        ("/v2/status_page_maintenances", [("page_size", "5")], "status_page_id"),
        ("/v2/schedule_overrides", [], "schedule_id"),
        ("/v2/schedule_entries", [], "schedule_id"),
        ("/v1/postmortem_documents", [("sort_by", "name")], "sort_by"),
        ("/v1/alert_notes", [], "alert_id"),
        ("/v2/workflows", [("page_size", "25")], "page_size"),
        ("/v2/incidents", [("after", "")], "after"),
        ("/v2/incidents", [("mode[one_of", "standard")], "mode[one_of"),
        ("/v2/incidents", [("mode[not_in]", "standard")], "mode[not_in]"),
        ("/v2/incidents", [("severity[one_of][x]", "a")], "severity[one_of][x]"),
        ("/v2/alert_tags", [("search", "x")], "search"),
        ("/v2/glossary_entries", [("page_size", "251")], "page_size"),
        ("/v2/schedules/any/sync_rules", [("schedule_id", "any")], "schedule_id"),
        ("/v2/alerts", [("page_size", "5"), ("status[one_of]", "loud")], "status[one_of]"),
        ("/v2/on_call_notification_pauses", [("from", "2024-01-01")], "from"),
    ],
)
def test_a_wrong_parameter_is_named(api: FakeApi, path: str, params: Params, field: str) -> None:
    reply = ask(api, path, params)
    assert reply.status == 422
    assert reply.error["source"]["field"] == field
    assert reply.error["message"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/incident_attachments", [("incident_id", "gone")]),
        ("/v1/custom_field_options", [("custom_field_id", "gone")]),
        ("/v1/incident_relationships", [("incident_id", "gone")]),
        ("/v1/alert_notes", [("alert_id", "gone")]),
        ("/v1/alert_notes", [("alert_group_id", "gone")]),
        ("/v2/schedule_overrides", [("schedule_id", "gone")]),
        ("/v2/schedule_entries", [("schedule_id", "gone")]),
        ("/v2/status_page_incidents", [("status_page_id", "gone")]),
        ("/v2/status_page_maintenances", [("status_page_id", "gone")]),
        ("/v2/workflow_runs", [("after", "gone")]),
        ("/v3/catalog_entries", [("catalog_type_id", "gone"), ("page_size", "25")]),
    ],
)
def test_an_unknown_parent_is_not_found(api: FakeApi, path: str, params: Params) -> None:
    reply = ask(api, path, params)
    assert (reply.status, reply.error["code"]) == (404, "resource_not_found")


def test_notes_are_on_an_alert_or_on_a_group_and_never_on_both(api: FakeApi, org: Organisation) -> None:
    alert = next(row for row in org.rows["/v2/alerts"] if row.get("alert_group_ids"))
    both = [("alert_id", alert["id"]), ("alert_group_id", alert["alert_group_ids"][0])]
    assert ask(api, "/v1/alert_notes", both).error["source"]["field"] == "alert_id"
    for name, value in both:
        assert {row[name] for row in ask(api, "/v1/alert_notes", [(name, value)]).json["alert_notes"]} <= {value}


def test_a_relationship_does_not_say_whose_it_is(api: FakeApi, org: Organisation) -> None:
    row = org.rows["/v1/incident_relationships"][0]
    (sent,) = ask(api, "/v1/incident_relationships", [("incident_id", row["incident_id"])]).json[
        "incident_relationships"
    ]
    assert sent == {"id": row["id"], "incident": row["incident"]}


def test_an_incident_removed_while_served_is_gone() -> None:
    org = organisation(3)
    with FakeApi(org) as api:
        query = [("incident_id", org.rows["/v2/incidents"][0]["id"])]
        assert ask(api, "/v1/incident_attachments", query).status == 200
        del org.rows["/v2/incidents"][0]
        assert ask(api, "/v1/incident_attachments", query).status == 404


def test_an_incident_without_attachments_has_an_empty_list(api: FakeApi, org: Organisation) -> None:
    with_some = {row["incident_id"] for row in org.rows["/v1/incident_attachments"]}
    bare = next(row["id"] for row in org.rows["/v2/incidents"] if row["id"] not in with_some)
    assert ask(api, "/v1/incident_attachments", [("incident_id", bare)]).json == {"incident_attachments": []}


@pytest.mark.parametrize("more", [[], ["--awkward"]], ids=["sample", "awkward"])
def test_the_command_prints_what_a_shell_needs_to_read_it(more: list[str]) -> None:
    command = [sys.executable, "-m", "tests.fake_api", "--incidents", "2", "--key", "other", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout
        endpoint, key, serving = (process.stdout.readline().strip() for _ in range(3))
        assert key == "export INCIDENT_API_KEY=other"
        assert serving.startswith("# Serving 2 incidents")
        connection = HTTPConnection(urlsplit(endpoint.removeprefix("export INCIDENT_ENDPOINT=")).netloc, timeout=5)
        connection.request("GET", "/v2/incidents", headers={"Authorization": "Bearer other"})
        assert len(json.load(connection.getresponse())["incidents"]) == 2
        connection.close()
        process.terminate()
