"""The stand-in refuses and limits as the API does. What it hides is tested with the assumptions of `--check`."""

from __future__ import annotations

from http.client import IncompleteRead

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support import fake_client
from tests.support.fake_client import Params, ask

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api


def test_keys_scopes_paths_and_methods(api: FakeApi, org: Organisation) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret-key"}):
        assert ask(api.url, "/v1/identity", headers=headers).error["code"] == "access_token_invalid"
        assert (api.requests[-1].status, api.requests[-1].authorization_ok) == (401, False)
    assert ask(api.url, "/v2/actions").error["code"] == "not_found"
    assert ask(api.url, "/v1/identity", method="POST").status == 405
    with FakeApi(org, denied={"actions.view"}) as denied:
        assert ask(denied.url, "/v3/follow_ups").error["metadata"] == {"scope": "actions.view"}
        assert ask(denied.url, "/v2/incidents").status == ask(denied.url, "/v1/identity").status == 200


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
    reply = ask(api.url, path, params)
    assert (reply.status, reply.error["source"]["field"]) == (422, field)


def test_the_rate_is_limited_for_all_and_for_incidents(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=3, incidents_per_minute=1) as api:
        paths = ("/v2/incidents", "/v2/incidents", "/v1/severities", "/nowhere", "/v1/severities")
        first, refused, *_, last = replies = [ask(api.url, path) for path in paths]
    assert [reply.status for reply in replies] == [200, 429, 200, 404, 429]
    assert first.headers["X-RateLimit-Limit"] == "1, 3;window=60, 1;window=60"
    assert [reply.json["rate_limit"]["name"] for reply in (refused, last)] == ["incidents", "api_key"]
    assert (refused.headers["Retry-After"], last.headers["X-RateLimit-Remaining"]) == ("60", "0")


def test_a_crash_of_the_stand_in_is_raised(org: Organisation) -> None:
    faults = [Fault(truncate=True)]
    with pytest.raises(IndexError), FakeApi(org, faults=lambda number, path, params: faults[number]) as api:
        with pytest.raises(IncompleteRead):
            ask(api.url, "/v1/severities")
        assert ask(api.url, "/v1/severities").status == 400
