"""The stand-in refuses, hides, limits and breaks as the API does."""

from __future__ import annotations

from http.client import IncompleteRead, RemoteDisconnected

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.fake_api.traps import CATEGORIES, HIDDEN_CATEGORIES
from tests.support import fake_client
from tests.support.fake_client import ALL, Params, ask, page_through, rows

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api


def test_keys_scopes_paths_and_methods(api: FakeApi, org: Organisation) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret-key"}):
        assert ask(api, "/v1/identity", headers=headers).error["code"] == "access_token_invalid"
        assert (api.requests[-1].status, api.requests[-1].authorization_ok) == (401, False)
    assert ask(api, "/v2/actions").error["code"] == "not_found"
    assert ask(api, "/v1/identity", method="POST").status == 405
    with FakeApi(org, denied={"actions.view"}) as denied:
        assert ask(denied, "/v3/follow_ups").error["metadata"] == {"scope": "actions.view"}
        assert ask(denied, "/v2/incidents").status == ask(denied, "/v1/identity").status == 200


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/v2/incidents", [("colour", "red")], "colour"),
        ("/v2/incidents", [("mode", "standard")], "mode"),
        ("/v2/incidents", [("mode[one_of]", "stream")], "mode[one_of]"),
        ("/v2/incidents", [("page_size", "1"), ("page_size", "1")], "page_size"),
        ("/v2/incidents", [("page_size", "1.0")], "page_size"),
        ("/v2/incidents", [("after", "nobody")], "after"),
        ("/v2/incidents", [("updated_at[gte]", "2024-01-01T00:00:00Z")], "updated_at[gte]"),
        ("/v2/incidents", [("updated_at[gte]", "2024-01-01"), ("updated_at[lte]", "2024-01-02")], "updated_at[lte]"),
        ("/v3/actions", [("updated_at[gte]", "2024-01-01")], "updated_at[gte]"),
        ("/v1/alert_notes", [("alert_id", "a"), ("alert_group_id", "b")], "alert_id"),
        ("/v2/schedules/any/sync_rules", [("schedule_id", "any")], "schedule_id"),
    ],
)
def test_a_wrong_parameter_is_named(api: FakeApi, path: str, params: Params, field: str) -> None:
    reply = ask(api, path, params)
    assert (reply.status, reply.error["source"]["field"]) == (422, field)


def test_some_rows_come_only_if_they_are_asked_for(api: FakeApi, org: Organisation) -> None:
    unasked = rows(api, "/v2/incidents")
    assert {row["incident_status"]["category"] for row in unasked} == set(CATEGORIES) - HIDDEN_CATEGORIES
    assert {row["mode"] for row in unasked} == {"standard", "retrospective"}
    assert rows(api, "/v2/incidents", ALL) == org.rows["/v2/incidents"][::-1]
    for mode in ("standard", "test", "stream"):
        of_mode = [row for row in org.rows["/v3/actions"] if org.modes[row["incident_id"]] == mode]
        assert rows(api, "/v3/actions", [("incident_mode", mode)]) == of_mode != []
    assert {org.modes[row["incident_id"]] for row in rows(api, "/v3/actions")} == {"standard", "retrospective"}
    assert rows(api, "/v2/users") == [row for row in org.rows["/v2/users"] if row["is_active"]]
    for size, some in (("25", True), ("26", False)):
        assert some == any("next_shifts" in row for row in rows(api, "/v2/schedules", [("page_size", size)]))


@pytest.mark.parametrize("ignored", [(), ("created_at", "has_notes")])
def test_filters_pick_rows_unless_they_are_ignored(org: Organisation, ignored: tuple[str, ...]) -> None:
    alerts, sized = org.rows["/v2/alerts"], ("page_size", "50")
    noted = {row.get("alert_id") for row in org.rows["/v1/alert_notes"]}
    with FakeApi(org, ignored=ignored) as api:
        with_notes = rows(api, "/v2/alerts", [sized, ("has_notes[is]", "true")])
        assert with_notes == [row for row in alerts if ignored or row["id"] in noted]
        early = rows(api, "/v2/alerts", [sized, ("created_at[lte]", "2024-01-20T00:00:00Z")])
        assert (early == alerts) == bool(ignored)
        assert early == alerts[: len(early)] != []
        known = alerts[0]["alert_source_id"]
        from_one = rows(api, "/v2/alerts", [sized, ("alert_source[one_of]", known)])
        assert from_one == [row for row in alerts if row["alert_source_id"] == known]


def test_the_end_is_said_in_four_ways(api: FakeApi) -> None:
    ends = {
        "/v2/incident_updates": None,
        "/v2/incidents": {},
        "/v2/users": {"after": None},
        "/v3/follow_ups": {"after": ""},
    }
    for path, end in ends.items():
        *_, last = page_through(api, path, [("page_size", "249")])
        meta = last.get("pagination_meta")
        assert end == (meta and {name: meta[name] for name in meta if name == "after"})


def test_the_rate_is_limited_for_all_and_for_incidents(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=3, refill_per_second=0.001, incidents_per_minute=1) as api:
        paths = ("/v2/incidents", "/v2/incidents", "/v1/severities", "/nowhere", "/v1/severities")
        first, refused, *_, last = replies = [ask(api, path) for path in paths]
    assert [reply.status for reply in replies] == [200, 429, 200, 404, 429]
    assert first.headers["X-RateLimit-Limit"] == "1, 3;window=3000, 1;window=60"
    assert [reply.json["rate_limit"]["name"] for reply in (refused, last)] == ["incidents", "api_key"]
    assert (refused.headers["Retry-After"], last.headers["X-RateLimit-Remaining"]) == ("60", "0")


def test_faults_come_as_ordered_and_a_crash_of_the_stand_in_is_raised(org: Organisation) -> None:
    faults = [Fault(status=502, body="<html>"), Fault(429, headers={"Retry-After": "1"})]
    faults += [Fault(reset=True), Fault(truncate=True)]
    with pytest.raises(IndexError), FakeApi(org, faults=lambda number, path, params: faults[number]) as api:
        assert ask(api, "/v1/severities").text == "<html>"
        assert ask(api, "/v1/severities").headers["Retry-After"] == "1"
        for error in (RemoteDisconnected, IncompleteRead):
            with pytest.raises(error):
                ask(api, "/v1/severities")
        assert [request.status for request in api.requests] == [502, 429, 0, 200]
        assert ask(api, "/v1/severities").status == 400
