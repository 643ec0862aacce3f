"""The stand-in limits the rate, breaks as it is told to, and says what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fake_api import FakeApi, Fault, Organisation
from tests.support import fake_client
from tests.support.fake_client import ALL, KEY, ask

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api


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

    with pytest.raises(LookupError, match="oops"), FakeApi(org, faults=faults) as api:
        assert ask(api, "/v1/identity").status == 400


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
