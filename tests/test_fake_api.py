"""The stand-in is as strict as the real API where that bites, and says what it saw."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.endpoints import ENDPOINTS, HIDDEN_CATEGORIES, Endpoint
from tests.fake_api.rows_settings import CATEGORIES
from tests.fake_api.views import instant

KEY = {"Authorization": "Bearer secret-key", "User-Agent": "test/1"}
ALL = [
    *(("mode[one_of]", mode) for mode in ("standard", "retrospective", "test", "tutorial")),
    *(("status_category[one_of]", category) for category in CATEGORIES),
]
Params = list[tuple[str, str]]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The first error, of a body that has all that an error body must have."""
        assert {"type", "status", "request_id", "errors"} <= self.json.keys()
        assert self.json["status"] == self.status
        return self.json["errors"][0]


def ask(
    api: FakeApi, path: str, params: Params | None = None, headers: dict[str, str] | None = None, method: str = "GET"
) -> Reply:
    connection = HTTPConnection(urlsplit(api.url).netloc, timeout=5)
    try:
        connection.request(method, f"{path}?{urlencode(params or [])}", headers=KEY if headers is None else headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read().decode())
    finally:
        connection.close()


def page_through(api: FakeApi, path: str, params: Params | None = None) -> Iterator[Any]:
    """The bodies of all pages."""
    after: Params = []
    while True:
        reply = ask(api, path, [*(params or []), *after])
        assert reply.status == 200, reply.text
        yield reply.json
        cursor = reply.json.get("pagination_meta", {}).get("after")
        if not cursor:
            return
        after = [("after", cursor)]


def rows(api: FakeApi, path: str, params: Params | None = None) -> list[Any]:
    key = path.rsplit("/", 1)[1]
    return [row for page in page_through(api, path, params) for row in page[key]]


def needed(org: Organisation, endpoint: Endpoint) -> Params:
    """The parameters that `endpoint` does not go without, with values that find rows."""
    params: Params = [("page_size", "50")] if endpoint.paging and endpoint.paging.required else []
    for param in endpoint.params:
        if param.required:
            assert param.field
            params.append((param.name, org.rows[endpoint.path][-1][param.field]))
    return params


@pytest.fixture(scope="module")
def org() -> Organisation:
    return organisation(40)


@pytest.fixture(scope="module")
def api(org: Organisation) -> Iterator[FakeApi]:
    with FakeApi(org) as running:
        yield running


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_every_endpoint_serves_its_rows(api: FakeApi, org: Organisation, endpoint: Endpoint) -> None:
    reply = ask(api, endpoint.path, needed(org, endpoint))
    assert reply.status == 200
    assert reply.json[endpoint.key]


def test_same_arguments_same_organisation() -> None:
    assert json.dumps(organisation(9).rows) == json.dumps(organisation(9, seed=7).rows)
    assert organisation(9, seed=8).rows != organisation(9).rows
    assert organisation(9).modes == organisation(9).modes


def test_ids_are_unique_and_rise_with_creation() -> None:
    for path, made in organisation(30).rows.items():
        ids = [row["id"] for row in made if "id" in row]
        assert len(set(ids)) == len(ids), path
    opened = [(instant(row["created_at"]), row["id"]) for row in organisation(30).rows["/v2/incidents"]]
    assert opened == sorted(opened)


def test_awkward_values_are_there(org: Organisation) -> None:
    text = json.dumps(org.rows, ensure_ascii=False)
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
        ("/v2/incidents", [("after", "")], "after"),
    ],
)
def test_a_wrong_parameter_is_named(api: FakeApi, path: str, params: Params, field: str) -> None:
    reply = ask(api, path, params)
    assert reply.status == 422
    assert reply.error["source"] == {"field": field}
    assert reply.error["message"]


def test_the_largest_page_is_allowed(api: FakeApi) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.paging and not any(param.required for param in endpoint.params):
            assert ask(api, endpoint.path, [("page_size", str(endpoint.paging.largest))]).status == 200


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/incident_attachments", [("incident_id", "gone")]),
        ("/v1/custom_field_options", [("custom_field_id", "gone")]),
        ("/v3/catalog_entries", [("catalog_type_id", "gone"), ("page_size", "25")]),
    ],
)
def test_an_unknown_parent_is_not_found(api: FakeApi, path: str, params: Params) -> None:
    reply = ask(api, path, params)
    assert (reply.status, reply.error["code"]) == (404, "resource_not_found")


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
    assert sorted(counts) == [0, 3, 40, 300]


def test_an_empty_bucket_refuses_and_says_when(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=2, refill_per_second=0.4) as api:
        first, second, third = (ask(api, "/v1/severities") for _ in range(3))
    assert (first.status, second.status, third.status) == (200, 200, 429)
    assert first.headers["X-RateLimit-Limit"] == "2, 2;window=5"
    assert [reply.headers["X-RateLimit-Remaining"] for reply in (first, second, third)] == ["1", "0", "0"]
    assert third.headers["Retry-After"] == "3"
    assert third.error["code"] == "too_many_requests"
    limit = third.json["rate_limit"]
    assert (limit["name"], limit["limit"], limit["remaining"]) == ("api_key", 2, 0)
    assert 0 < parsedate_to_datetime(limit["retry_after"]).timestamp() - time.time() <= 3


def test_a_bucket_refills(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=1, refill_per_second=20) as api:
        assert [ask(api, "/v1/severities").status for _ in range(2)] == [200, 429]
        time.sleep(0.06)
        assert ask(api, "/v1/severities").status == 200


def test_incidents_have_a_bucket_of_their_own(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=1200, incidents_per_minute=1) as api:
        first, second = ask(api, "/v2/incidents"), ask(api, "/v2/incidents")
        other = ask(api, "/v1/severities")
    assert (first.status, second.status, other.status) == (200, 429, 200)
    assert first.headers["X-RateLimit-Limit"] == "1, 1200;window=60, 1;window=60"
    assert second.json["rate_limit"]["name"] == "incidents"
    assert second.headers["Retry-After"] == "60"
    assert other.headers["X-RateLimit-Limit"] == "1200, 1200;window=60"


def test_every_answer_says_the_rate(org: Organisation) -> None:
    with FakeApi(org, rate_per_minute=100) as api:
        replies = [ask(api, "/nowhere"), ask(api, "/v2/alerts"), ask(api, "/v1/identity", headers={})]
    assert [reply.status for reply in replies] == [404, 422, 401]
    assert all("X-RateLimit-Remaining" in reply.headers for reply in replies)


def test_without_a_rate_nothing_is_said(api: FakeApi) -> None:
    assert not any(name.startswith("X-RateLimit") for name in ask(api, "/v2/incidents").headers)


def only_first(fault: Fault) -> Callable[[int, str, object], Fault | None]:
    return lambda number, path, params: fault if number == 0 else None


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault(status=502, body="<html>bad gateway</html>", content_type="text/html"), 502, "<html>bad gateway</html>"),
        (Fault(status=200, body="not json"), 200, "not json"),
        (Fault(body="[]"), 200, "[]"),
    ],
)
def test_a_fault_replaces_the_answer(org: Organisation, fault: Fault, status: int, text: str) -> None:
    with FakeApi(org, faults=only_first(fault)) as api:
        reply = ask(api, "/v1/severities")
        assert (reply.status, reply.text, reply.headers["Content-Type"]) == (status, text, fault.content_type)
        assert ask(api, "/v1/severities").status == 200


def test_a_fault_without_a_body_gets_one(org: Organisation) -> None:
    with FakeApi(org, faults=only_first(Fault(status=429, headers={"Retry-After": "1"}))) as api:
        reply = ask(api, "/v1/severities")
    assert reply.headers["Retry-After"] == "1"
    assert reply.json["type"] == "too_many_requests"
    assert reply.error["code"] == "made_up"


def test_a_reset_sends_nothing(org: Organisation) -> None:
    with FakeApi(org, faults=only_first(Fault(reset=True))) as api:
        with pytest.raises(RemoteDisconnected):
            ask(api, "/v1/severities")
        assert api.requests[0].status == 0
        assert ask(api, "/v1/severities").status == 200


def test_a_truncated_answer_is_short(org: Organisation) -> None:
    with FakeApi(org, faults=only_first(Fault(truncate=True))) as api:
        with pytest.raises(IncompleteRead) as caught:
            ask(api, "/v1/severities")
        whole = ask(api, "/v1/severities").text.encode()
    assert caught.value.partial == whole[: len(whole) // 2]


def test_a_delay_ends_in_the_answer(org: Organisation) -> None:
    with FakeApi(org, faults=only_first(Fault(delay=0.1))) as api:
        before = time.monotonic()
        assert ask(api, "/v1/severities").status == 200
        assert time.monotonic() - before >= 0.1


def test_leaving_does_not_wait_for_a_delay(org: Organisation) -> None:
    before = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        with FakeApi(org, latency=60) as api:
            asked = pool.submit(ask, api, "/v1/severities")
            while not api.most_at_once:
                time.sleep(0.005)
        assert asked.exception() or asked.result()
    assert time.monotonic() - before < 2


def test_faults_see_number_path_and_params(org: Organisation) -> None:
    seen: list[tuple[int, str, dict[str, str]]] = []

    def faults(number: int, path: str, params: Any) -> Fault | None:
        seen.append((number, path, dict(params)))
        return None

    with FakeApi(org, faults=faults) as api:
        ask(api, "/v2/alerts", [("page_size", "3")])
        ask(api, "/v1/identity")
    assert seen == [(0, "/v2/alerts", {"page_size": "3"}), (1, "/v1/identity", {})]


def test_a_crash_of_the_stand_in_is_raised_on_leaving(org: Organisation) -> None:
    def faults(number: int, path: str, params: object) -> Fault | None:
        raise LookupError("oops")

    with (
        pytest.raises(LookupError, match="oops"),
        FakeApi(org, faults=faults) as api,
        pytest.raises(RemoteDisconnected),
    ):
        ask(api, "/v1/identity")


def test_the_log(org: Organisation) -> None:
    with FakeApi(org) as api:
        before = time.monotonic()
        ask(api, "/v2/incidents", ALL[:2])
        ask(api, "/nowhere", headers={})
        after = time.monotonic()
    first, second = api.requests
    assert (first.method, first.path, first.params, first.status) == ("GET", "/v2/incidents", tuple(ALL[:2]), 200)
    assert (first.user_agent, first.authorization_ok) == ("test/1", True)
    assert (second.status, second.authorization_ok) == (401, False)
    assert before <= first.at <= second.at <= after


def test_most_at_once(org: Organisation) -> None:
    together = Barrier(8)

    def faults(number: int, path: str, params: object) -> None:
        together.wait(timeout=5)

    with FakeApi(org, faults=faults) as api, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(api, "/v1/severities"), range(8)))
        assert {reply.status for reply in replies} == {200}
        assert api.most_at_once == 8


def test_one_by_one_is_one_at_once(org: Organisation) -> None:
    with FakeApi(org) as api:
        for _ in range(20):
            ask(api, "/v1/severities")
        assert api.most_at_once == 1


def test_connections_are_kept(api: FakeApi) -> None:
    connection = HTTPConnection(urlsplit(api.url).netloc, timeout=5)
    sockets = set()
    for path in ("/v1/severities", "/nowhere", "/v1/identity"):
        connection.request("GET", path, headers=KEY)
        sockets.add(id(connection.sock))
        connection.getresponse().read()
    connection.close()
    assert len(sockets) == 1


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


def test_the_command_prints_its_url_first() -> None:
    command = [sys.executable, "-m", "tests.fake_api", "--incidents", "2", "--key", "other"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
        assert process.stdout
        url = urlsplit(process.stdout.readline().strip())
        connection = HTTPConnection(url.netloc, timeout=5)
        connection.request("GET", "/v2/incidents", headers={"Authorization": "Bearer other"})
        assert len(json.load(connection.getresponse())["incidents"]) == 2
        connection.close()
        process.terminate()
