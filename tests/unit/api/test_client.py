"""HTTP client against the stand-in: retries, rate limits, pages and cursors, authorization, and the end of a run."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tap_incident import config as configs
from tap_incident.api.client import RETRY_SECONDS, Client
from tap_incident.api.rate import KEY_QUOTA, Limits
from tap_incident.errors import (
    BadData,
    BadEndpoint,
    NoConnection,
    PassingFault,
    Rejected,
    Stopped,
)
from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import KEY
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.rate_gates import make_gate, passed

ALERTS, SEVERITIES = BY_NAME["alerts"], BY_NAME["severities"]


def client_of(url: str, clock: FakeClock, stop: threading.Event | None = None, **settings: Any) -> Client:
    """A client for this URL with a fake clock."""
    environ = {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": url, **settings}
    return Client(configs.load([], environ), stop=stop or threading.Event(), clock=clock.clock, sleep=clock.sleep)


def test_timeout_is_retried() -> None:
    clock = FakeClock()
    late = iter([Fault(delay=5)])
    with FakeApi(organisation(1), faults=lambda *_: next(late, None)) as fake:
        environ = {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url, "TAP_INCIDENT_REQUEST_TIMEOUT": "0.5"}
        settings = configs.load([], environ)
        client = Client(settings, stop=threading.Event(), clock=clock.clock, sleep=clock.sleep)
        assert len(list(client.pages(SEVERITIES, ()))) == 1
    assert clock.slept


@contextmanager
def serving(*faults: Fault, always: Fault | None = None) -> Iterator[FakeApi]:
    """A stand-in that first answers with these faults, and then with `always` or normally."""

    def fault_for(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return faults[number] if number < len(faults) else always

    with FakeApi(organisation(3), faults=fault_for) as fake:
        yield fake


TRANSIENT = {
    "reset": Fault(reset=True),
    "truncated": Fault(truncate=True),
    "not JSON": Fault(status=200, body="<html>", content_type="text/html"),
    "not an object": Fault(status=200, body="[]"),
    "408": Fault(status=408),
    "500": Fault(status=500),
    "502 in HTML": Fault(status=502, body="<html>", content_type="text/html"),
    "503": Fault(status=503),
    "504": Fault(status=504),
    "429 without Retry-After": Fault(status=429, body="slow down"),
}


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_transient_fault_is_retried_with_growing_pauses(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    with serving(*[fault] * 6) as fake:
        (page,) = client_of(fake.url, clock).pages(SEVERITIES, ())
    assert len(page.rows) == 4
    assert len(fake.requests) == 7
    assert all(0 <= slept <= 2**number for number, slept in enumerate(clock.slept))
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) >= 1


def test_no_request_is_counted_or_waited_for_once_the_run_stops(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, stop = FakeClock(), threading.Event()
    with serving() as fake:
        client = client_of(fake.url, clock, stop, TAP_INCIDENT_REQUESTS_PER_MINUTE="1")
        list(client.pages(SEVERITIES, ()))
        stop.set()
        for _ in range(3):
            with pytest.raises(Stopped):
                next(client.pages(ALERTS, ()))
    assert (client.sent, len(fake.requests), clock.slept, caplog.messages) == (1, 1, [], [])


def test_connection_refused_from_the_start_is_retried_for_half_a_minute() -> None:
    clock = FakeClock()
    with serving() as fake:
        url = fake.url
    with pytest.raises(NoConnection, match=r"GET /v1/severities: no connection to http.*refused.*30 s, and nothing"):
        list(client_of(url, clock).pages(SEVERITIES, ()))
    assert clock.now == pytest.approx(30, abs=0.01)


def test_429_waits_exactly_as_long_as_retry_after() -> None:
    clock = FakeClock()
    with serving(Fault(status=429, headers={"Retry-After": "7"}), Fault(status=429, headers={"Retry-After": "2"})) as f:
        list(client_of(f.url, clock).pages(SEVERITIES, ()))
    assert clock.slept == [7, 2]


def test_rate_limit_from_the_headers_is_kept() -> None:
    clock = FakeClock()
    limits = {"X-RateLimit-Limit": "10, 10;window=60", "X-RateLimit-Remaining": "9"}
    with serving(Fault(headers=limits)) as fake:
        client = client_of(fake.url, clock)
        for _ in range(20):
            list(client.pages(SEVERITIES, ()))
    assert {request.status for request in fake.requests} == {200}
    assert clock.now == pytest.approx(60, abs=10)


def test_429s_lower_the_rate_and_other_answers_raise_it() -> None:
    at, clock, limits = FakeClock(), FakeClock(), Limits(KEY_QUOTA, (KEY_QUOTA,), 1000)
    expected = make_gate(at)
    for _ in range(3):
        sent = passed(expected, at, SEVERITIES.path)
        expected.learn(SEVERITIES.path, limits, granted=False)
        expected.pause(SEVERITIES.path, 2, limits, sent)
    for _ in range(100):
        passed(expected, at, SEVERITIES.path)
        expected.learn(SEVERITIES.path, Limits())
    headers = {"Retry-After": "2", "X-RateLimit-Limit": "1200, 1200;window=60", "X-RateLimit-Remaining": "1000"}
    with serving(*[Fault(status=429, headers=headers)] * 3) as fake:
        client = client_of(fake.url, clock)
        for _ in range(100):
            list(client.pages(SEVERITIES, ()))
    assert clock.now == pytest.approx(at.now)


def test_429s_for_requests_in_flight_at_the_same_time_lower_the_rate_once() -> None:
    in_flight, clock = threading.Barrier(8), FakeClock()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if number >= 8:
            return None
        in_flight.wait(10)
        return Fault(status=429, headers={"Retry-After": "1"})

    with FakeApi(organisation(1), faults=faults) as fake, ThreadPoolExecutor(8) as pool:
        client = client_of(fake.url, clock)
        list(pool.map(lambda _: list(client.pages(SEVERITIES, ())), range(8)))
        began = clock.now = clock.now + 1
        for _ in range(60):
            list(client.pages(SEVERITIES, ()))
    assert 60 / KEY_QUOTA.rate < clock.now - began < 60 / (0.6 * KEY_QUOTA.rate)


def test_retries_end_after_ten_minutes() -> None:
    clock = FakeClock()
    with serving(Fault(), always=Fault(status=503)) as fake:
        client = client_of(fake.url, clock)
        list(client.pages(SEVERITIES, ()))
        with pytest.raises(PassingFault, match=r"status 503.*It has lasted for 10 minutes$"):
            list(client.pages(SEVERITIES, ()))
    assert clock.now == pytest.approx(RETRY_SECONDS, abs=0.01)
    assert len(fake.requests) > 10


@pytest.mark.parametrize("status", [400, 409, 418, 422, 301, 302])
def test_4xx_and_redirect_are_not_retried(status: int) -> None:
    fault = Fault(status=status, headers={"Location": "https://elsewhere.invalid/"})
    kind = BadEndpoint if status < 400 else Rejected
    with serving(fault) as fake, pytest.raises(kind, match=f"status {status}"):
        list(client_of(fake.url, FakeClock()).pages(SEVERITIES, ()))
    assert len(fake.requests) == 1


def test_pages_end_with_the_empty_page_after_a_full_last_one() -> None:
    org = organisation(3)
    del org.rows["/v2/alerts"][100:]
    with FakeApi(org) as fake:
        sizes = [len(page.rows) for page in client_of(fake.url, FakeClock()).pages(ALERTS, ())]
    assert sizes == [50, 50, 0]


@pytest.mark.parametrize("period", [1, 2])
def test_cursor_that_repeats_is_an_error(period: int) -> None:
    cursors = itertools.cycle(["one", "two"][:period])

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault:
        return Fault(status=200, body=f'{{"alerts": [], "pagination_meta": {{"after": "{next(cursors)}"}}}}')

    with (
        FakeApi(organisation(1), faults=faults) as fake,
        pytest.raises(BadData, match=r"alerts: /v2/alerts returned the same cursor twice"),
    ):
        list(client_of(fake.url, FakeClock()).pages(ALERTS, ()))
    assert len(fake.requests) == period + 1


def test_cursor_that_repeats_after_a_resume_is_an_error() -> None:
    body = '{"alerts": [], "pagination_meta": {"after": "here"}}'
    with serving(always=Fault(status=200, body=body)) as fake, pytest.raises(BadData):
        list(client_of(fake.url, FakeClock()).pages(ALERTS, (), "here"))


def test_api_key_is_sent_as_bearer_token_and_netrc_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving() as fake:
        assert list(client_of(fake.url, FakeClock()).pages(SEVERITIES, ()))
    assert all(request.authorization_ok for request in fake.requests)
