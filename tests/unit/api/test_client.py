"""HTTP client against the stand-in: retries, rate limits, authorization, start and end of a run."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tap_incident.api.client import RETRY_SECONDS
from tap_incident.errors import BadData, BadEndpoint, NoConnection, PassingFault, Rejected, Stopped
from tap_incident.timestamps import instant
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.logs import warnings
from tests.unit.api.served import USERS, FakeClock, Served, in_turn, served

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
    with served(in_turn(*[fault] * 6)) as it:
        (page,) = it.read()
    assert len(page.rows) == 4
    assert len(it.fake.requests) == 7
    assert all(0 <= slept <= 2**number for number, slept in enumerate(it.clock.slept))
    assert warnings(caplog)


def test_timeout_is_retried() -> None:
    with served(in_turn(Fault(delay=5)), request_timeout=0.5) as it:
        assert len(it.read()) == 1
    assert it.clock.slept


def test_no_request_is_counted_or_waited_for_once_the_run_stops(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with served(requests_per_minute=1) as it:
        it.read()
        it.clock.set()
        for _ in range(3):
            with pytest.raises(Stopped):
                it.read()
    assert (it.client.sent, len(it.fake.requests), it.clock.slept, caplog.messages) == (1, 1, [], [])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=429, headers={"Retry-After": "5", "X-RateLimit-Limit": "60, 1200;window=60, 60;window=60"}),
    ],
)
def test_requests_under_way_are_at_most_max_concurrency_and_waiting_takes_no_place(fault: Fault) -> None:
    refused, others_done = threading.Event(), threading.Event()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        refused.set()
        return fault if number == 0 else Fault(delay=0.01)

    class Waiting(FakeClock):
        def wait(self, timeout: float | None = None) -> bool:
            assert not timeout or others_done.wait(10)
            return super().wait(timeout)

    with FakeApi(organisation(1), faults=faults) as fake, ThreadPoolExecutor(9) as pool:
        it = Served(fake, Waiting(), max_concurrency=2)
        waiting = pool.submit(it.read)
        assert refused.wait(10)
        assert all(pool.map(lambda _: it.read(USERS), range(8)))
        others_done.set()
        assert waiting.result(10)
    assert fake.most_at_once == 2


def test_connection_refused_from_the_start_is_retried_for_half_a_minute() -> None:
    with served() as it:
        pass
    with pytest.raises(NoConnection, match=r"GET /v1/severities: no connection to http.*refused.*30 s, and nothing"):
        it.read()
    assert it.clock.now == pytest.approx(30, abs=0.01)


def test_retries_end_after_ten_minutes() -> None:
    with served(in_turn(Fault(), then=Fault(status=503))) as it:
        it.read()
        with pytest.raises(PassingFault, match=r"status 503.*It has lasted for 10 minutes$"):
            it.read()
    assert it.clock.now == pytest.approx(RETRY_SECONDS, abs=0.01)
    assert len(it.fake.requests) > 10


@pytest.mark.parametrize(("status", "body"), [(401, "<html>No</html>"), (403, '{"message": "Forbidden"}'), (404, "")])
def test_gateway_error_that_lasts_says_that_the_api_did_not_answer(status: int, body: str) -> None:
    said = rf"status {status}: a gateway or proxy answered, not the API.* 30 s, "
    with served(always(Fault(status=status, body=body))) as it, pytest.raises(PassingFault, match=said):
        it.read()
    assert it.clock.now == pytest.approx(30, abs=0.01)


OWN_ERROR = {"type": "internal_error", "request_id": "req-9", "errors": [{"code": "broken", "message": "Sorry."}]}
UNUSABLE = {
    "NaN is not a JSON number": '{"severities": [NaN]}',
    "internal_error, broken: Sorry, request_id req-9: an error in the place of the data": json.dumps(OWN_ERROR),
}


@pytest.mark.parametrize("said", UNUSABLE)
def test_complete_answer_that_cant_be_used_ends_the_stream_after_three_tries(said: str) -> None:
    with (
        served(always(Fault(status=200, body=UNUSABLE[said]))) as it,
        pytest.raises(BadData, match=rf"^severities: GET /v1/severities: .*{said}$"),
    ):
        it.read()
    assert len(it.fake.requests) == 3
    assert it.clock.now < 10


@pytest.mark.parametrize("status", [400, 409, 418, 422, 301, 302])
def test_4xx_and_redirect_are_not_retried(status: int) -> None:
    fault = Fault(status=status, headers={"Location": "https://[no address/"})
    kind = BadEndpoint if status < 400 else Rejected
    with served(always(fault)) as it, pytest.raises(kind, match=f"status {status}"):
        it.read()
    assert len(it.fake.requests) == 1


def test_429_waits_exactly_as_long_as_retry_after() -> None:
    with served(in_turn(*(Fault(status=429, headers={"Retry-After": seconds}) for seconds in ("7", "2")))) as it:
        it.read()
    assert it.clock.slept == [7, 2]


def test_rate_limit_from_the_headers_is_kept() -> None:
    limits = {"X-RateLimit-Limit": "10, 10;window=60", "X-RateLimit-Remaining": "9"}
    with served(in_turn(Fault(headers=limits))) as it:
        assert it.seconds(20) == pytest.approx(60, abs=10)


def test_429s_for_requests_in_flight_at_the_same_time_lower_the_rate_once_and_other_answers_raise_it() -> None:
    in_flight, limits = threading.Barrier(8), {"X-RateLimit-Limit": "60, 60;window=60"}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault:
        if number >= 8:
            return Fault(headers=limits)
        in_flight.wait(10)
        return Fault(status=429, headers={"Retry-After": "1", **limits})

    with served(faults) as it, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: it.read(), range(8)))
        assert 20 < it.seconds(20) < 20 / 0.6
        it.seconds(100)
        assert it.seconds(20) == pytest.approx(20)


def test_api_key_is_sent_as_bearer_token_and_netrc_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with served() as it:
        assert it.read()
    assert all(request.authorization_ok for request in it.fake.requests)


@pytest.mark.parametrize("ahead", [-3600, 0, 3600])
def test_run_start_is_by_the_clock_that_is_behind(ahead: int) -> None:
    minute = timedelta(minutes=1)
    with FakeApi(organisation(1), clock_ahead=ahead) as fake:
        it, here = Served(fake), datetime.now(timezone.utc)
        assert abs(here - timedelta(days=1) - instant(it.client.began)[0]) < minute
        it.read()
        began = it.client.began
        fake.clock_ahead += 7200
        it.read()
    assert it.client.began == began
    assert abs(here + timedelta(seconds=min(0, ahead)) - instant(began)[0]) < minute
