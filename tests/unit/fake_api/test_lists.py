"""The stand-in's lists hide, sort and page their rows as the real API does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.fake_api import FakeApi, Organisation, organisation
from tests.fake_api.making import instant
from tests.fake_api.traps import CATEGORIES, HIDDEN_CATEGORIES
from tests.support import fake_client
from tests.support.fake_client import ALL, ask, page_through, rows

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api


@pytest.mark.parametrize("size", [None, 1, 7, 20, 40])
def test_pages_join_without_loss(api: FakeApi, org: Organisation, size: int | None) -> None:
    params = [*ALL, ("sort_by", "created_at_oldest_first")]
    pages = list(page_through(api, "/v2/incidents", params + ([("page_size", str(size))] if size else [])))
    assert [row for page in pages for row in page["incidents"]] == org.rows["/v2/incidents"]
    assert len(pages) == math.ceil(40 / (size or 25))
    assert all(page["pagination_meta"]["total_record_count"] == 40 for page in pages)


def test_newest_first_is_the_default(api: FakeApi, org: Organisation) -> None:
    newest = [row["id"] for row in rows(api, "/v2/incidents", ALL)]
    assert newest == [row["id"] for row in reversed(org.rows["/v2/incidents"])]
    assert newest == [row["id"] for row in rows(api, "/v2/incidents", [*ALL, ("sort_by", "created_at_newest_first")])]


def test_rows_are_sorted_by_instant_and_then_id() -> None:
    org = organisation(3)
    first, second, third = org.rows["/v2/incidents"]
    first["created_at"], second["created_at"], third["created_at"] = (
        "2024-01-02T00:00:00.5Z",
        "2024-01-02T02:00:00.25+02:00",
        "2024-01-02T00:00:00.50Z",
    )
    with FakeApi(org) as api:
        got = rows(api, "/v2/incidents", [*ALL, ("sort_by", "created_at_oldest_first")])
    assert [row["id"] for row in got] == [second["id"], first["id"], third["id"]]


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("/v2/incident_updates", None),
        ("/v2/incidents", {}),
        ("/v3/actions", {"after": None}),
        ("/v3/follow_ups", {"after": ""}),
    ],
)
def test_the_end_is_said_in_four_ways(api: FakeApi, path: str, last: dict[str, Any] | None) -> None:
    final = list(page_through(api, path, [("page_size", "249")]))[-1]
    meta = final.get("pagination_meta")
    if last is None:
        assert "pagination_meta" not in final
    else:
        assert meta["page_size"] == 249
        assert {name: value for name, value in meta.items() if name == "after"} == last


def test_a_full_last_page_may_lead_to_an_empty_one(api: FakeApi) -> None:
    pages = [len(page["alerts"]) for page in page_through(api, "/v2/alerts", [("page_size", "40")])]
    assert pages == [40, 40, 40, 0]


@pytest.mark.parametrize(("path", "counted"), [("/v2/schedules", True), ("/v2/incidents", True), ("/v2/users", False)])
def test_totals(api: FakeApi, path: str, counted: bool) -> None:
    meta = ask(api, path, [("page_size", "5")]).json["pagination_meta"]
    assert ("total_record_count" in meta) is counted


def test_declined_canceled_merged_must_be_asked_for(api: FakeApi) -> None:
    shown = {row["incident_status"]["category"] for row in rows(api, "/v2/incidents")}
    assert shown == set(CATEGORIES) - HIDDEN_CATEGORIES
    merged = rows(api, "/v2/incidents", [("status_category[one_of]", "merged"), *ALL[:4]])
    assert {row["incident_status"]["category"] for row in merged} == {"merged"}


def test_test_and_tutorial_must_be_asked_for(api: FakeApi) -> None:
    assert {row["mode"] for row in rows(api, "/v2/incidents")} == {"standard", "retrospective"}
    assert {row["mode"] for row in rows(api, "/v2/incidents", [("mode[one_of]", "test"), *ALL[4:]])} == {"test"}


@pytest.mark.parametrize("path", ["/v3/actions", "/v3/follow_ups"])
@pytest.mark.parametrize("mode", ["standard", "retrospective", "test", "tutorial", "stream"])
def test_children_by_mode(api: FakeApi, org: Organisation, path: str, mode: str) -> None:
    got = rows(api, path, [("incident_mode", mode)])
    assert got == [row for row in org.rows[path] if org.modes[row["incident_id"]] == mode]
    assert got
    incident_id = got[0]["incident_id"]
    same = rows(api, path, [("incident_mode", mode), ("incident_id", incident_id)])
    assert same == [row for row in org.rows[path] if row["incident_id"] == incident_id]
    unasked = rows(api, path, [("incident_id", incident_id)])
    assert unasked == (same if mode in ("standard", "retrospective") else [])


@pytest.mark.parametrize("path", ["/v3/actions", "/v3/follow_ups"])
def test_children_without_a_mode_and_of_work_streams(api: FakeApi, org: Organisation, path: str) -> None:
    assert {org.modes[row["incident_id"]] for row in rows(api, path)} == {"standard", "retrospective"}
    incident_ids = {row["id"] for row in org.rows["/v2/incidents"]}
    assert all(row["incident_id"] not in incident_ids for row in rows(api, path, [("incident_mode", "stream")]))


def test_inactive_users_must_be_asked_for(api: FakeApi) -> None:
    everyone = rows(api, "/v2/users", [("include_inactive", "true")])
    assert len(everyone) == 40
    assert rows(api, "/v2/users") == [user for user in everyone if user["is_active"]] != everyone


def test_next_shifts_only_on_small_pages(api: FakeApi) -> None:
    assert any("next_shifts" in row for row in rows(api, "/v2/schedules", [("page_size", "25")]))
    assert not any("next_shifts" in row for row in rows(api, "/v2/schedules", [("page_size", "26")]))


def test_catalog_entries_come_with_their_type(api: FakeApi, org: Organisation) -> None:
    counts = []
    for catalog_type in org.rows["/v3/catalog_types"]:
        query = [("catalog_type_id", catalog_type["id"]), ("page_size", "250")]
        pages = list(page_through(api, "/v3/catalog_entries", query))
        assert all(page["catalog_type"] == catalog_type for page in pages)
        counts.append(pages[0]["pagination_meta"]["total_record_count"])
        assert counts[-1] == sum(len(page["catalog_entries"]) for page in pages)
    assert sorted(counts) == [0, 3, 20, 30]


@pytest.mark.parametrize(
    ("path", "name", "value_of"),
    [
        ("/v2/alerts", "status[one_of]", lambda row: row["status"]),
        ("/v2/alerts", "alert_source[one_of]", lambda row: row["alert_source_id"]),
        ("/v2/incidents", "severity[one_of]", lambda row: (row.get("severity") or {}).get("id")),
        ("/v2/users", "email", lambda row: row.get("email")),
        ("/v2/policies", "policy_type", lambda row: row["policy_type"]),
    ],
)
def test_filters_that_a_property_answers_pick_rows(
    api: FakeApi, path: str, name: str, value_of: Callable[[Any], str | None]
) -> None:
    sized = [("page_size", "50")]
    unpicked = rows(api, path, sized)
    wanted = next(value for value in map(value_of, unpicked) if value)
    assert rows(api, path, [*sized, (name, wanted)]) == [row for row in unpicked if value_of(row) == wanted] != unpicked


def test_pauses_that_are_over_must_be_asked_for(api: FakeApi, org: Organisation) -> None:
    path = "/v2/on_call_notification_pauses"
    over = [row for row in org.rows[path] if instant(row["ends_at"])[0] <= org.now]
    assert over
    assert rows(api, path) == [row for row in org.rows[path] if row not in over]
    assert rows(api, path, [("from", "2023-01-01T00:00:00Z")]) == org.rows[path]


@pytest.mark.parametrize(("wanted", "count"), [("true", True), ("false", False)])
def test_alerts_can_be_asked_for_by_whether_they_have_notes(
    api: FakeApi, org: Organisation, wanted: str, count: bool
) -> None:
    noted = {row.get("alert_id") for row in org.rows["/v1/alert_notes"]}
    found = rows(api, "/v2/alerts", [("page_size", "50"), ("has_notes[is]", wanted)])
    assert found == [row for row in org.rows["/v2/alerts"] if (row["id"] in noted) == count]
    assert 0 < len(found) < len(org.rows["/v2/alerts"])


@pytest.mark.parametrize(
    ("path", "key", "more"),
    [("/v3/alert_routes", "alert_route", "escalation_config"), ("/v2/workflows", "workflow", "form_fields")],
)
def test_a_single_row_is_that_of_the_list_with_more(
    api: FakeApi, org: Organisation, path: str, key: str, more: str
) -> None:
    listed = org.rows[path][0]
    answer = ask(api, f"{path}/{listed['id']}").json
    assert (answer[key]["id"], answer[key]["name"]) == (listed["id"], listed["name"])
    assert more in answer[key]
    assert more not in listed
    assert ("management_meta" in answer) == (key == "workflow")
    assert ask(api, f"{path}/gone").status == 404


@pytest.mark.parametrize("path", ["/v2/incident_timeline_items", "/v2/incident_activity_log_entries"])
def test_an_incidents_rows_come_with_those_of_its_work_streams(api: FakeApi, org: Organisation, path: str) -> None:
    row = next(row for row in org.rows[path] if row["incident_id"] != row["of_incident_id"])
    assert org.modes[row["incident_id"]] == "stream"
    sent = rows(api, path, [("incident_id", row["of_incident_id"])])
    assert row["id"] in {found["id"] for found in sent}
    assert row["incident_id"] in {found["incident_id"] for found in sent}


def test_many_incidents_page_fast() -> None:
    org = organisation(20)
    template = org.rows["/v2/incidents"][0]
    org.rows["/v2/incidents"] = [template | {"id": f"ID{number:06d}"} for number in range(20_000)]
    action = org.rows["/v3/actions"][0]
    org.rows["/v3/actions"] = [
        action | {"id": f"AC{number:06d}", "incident_id": f"ID{number:06d}"} for number in range(20_000)
    ]
    query = [("incident_id", "ID019999"), ("incident_mode", "standard")]
    with FakeApi(org) as api:
        ask(api, "/v2/incidents", [("page_size", "1")])
        ask(api, "/v3/actions", query)
        before = time.monotonic()
        for number in range(50):
            assert ask(api, "/v2/incidents", [("page_size", "1"), ("after", f"ID{number:06d}")]).status == 200
            assert len(ask(api, "/v3/actions", query).json["actions"]) == 1
        assert time.monotonic() - before < 1
