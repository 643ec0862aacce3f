"""How long a path may fail, and what follows: that path is given up, or the run ends because nothing answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_incident import config as configs
from tap_incident.api.client import RETRY_SECONDS, Client
from tap_incident.api.retries import FIRST_SECONDS, Retries
from tap_incident.errors import NoConnection, PassingFault, Unanswered
from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import KEY
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.test_client import client_of

SEVERITIES, USERS = BY_NAME["severities"], BY_NAME["users"]
IDENTITY, REPLICAS = "/v1/identity", "/v2/schedules/{schedule_id}/replicas"
DEAD = Fault(status=500)


def failing(*paths: str, fault: Fault = DEAD) -> Callable[[int, str, Mapping[str, str]], Fault | None]:
    """Faults for these paths only."""
    return lambda _, path, __: fault if path in paths else None


def asked(fake: FakeApi, path: str) -> int:
    return sum(request.path == path for request in fake.requests)


@pytest.mark.parametrize("fault", [DEAD, Fault(status=503), Fault(reset=True), Fault(status=404, body="<html>")])
def test_path_that_is_dead_while_the_api_answers_is_unanswered(fault: Fault) -> None:
    clock = FakeClock()
    with FakeApi(organisation(1), faults=failing(SEVERITIES.path, fault=fault)) as fake:
        client = client_of(fake.url, clock)
        assert client.identity()["name"]
        with pytest.raises(Unanswered, match=r"severities: GET /v1/severities: .* It has lasted for 10 minutes$"):
            list(client.pages(SEVERITIES, ()))
        assert clock.now == pytest.approx(RETRY_SECONDS)
        assert asked(fake, IDENTITY) == 2
        assert list(client.pages(USERS, ()))


def test_run_whose_api_stops_answering_ends() -> None:
    clock = FakeClock()
    with FakeApi(organisation(1), faults=failing(SEVERITIES.path, IDENTITY)) as fake:
        client = client_of(fake.url, clock)
        list(client.pages(USERS, ()))
        with pytest.raises(PassingFault, match="10 minutes") as caught:
            list(client.pages(SEVERITIES, ()))
    assert type(caught.value) is PassingFault
    assert asked(fake, IDENTITY) == 1


def can_read(client: Client, parent: int) -> bool:
    """Whether the rows of this parent can be read."""
    try:
        client.get(REPLICAS, (("schedule_id", str(parent)),), "schedule_replicas")
    except Unanswered:
        return False
    return True


def test_hundred_parents_of_a_dead_path_take_no_longer_than_one() -> None:
    clock = FakeClock()
    with FakeApi(organisation(1), faults=failing(REPLICAS)) as fake:
        client = client_of(fake.url, clock)
        list(client.pages(USERS, ()))
        assert not any(can_read(client, number) for number in range(100))
        assert clock.now == pytest.approx(RETRY_SECONDS)
        assert [request.path for request in fake.requests[-99:]] == [
            REPLICAS.format(schedule_id=number) for number in range(1, 100)
        ]
        assert asked(fake, IDENTITY) == 1


def test_parents_that_can_be_read_are_read_beside_some_that_cant() -> None:
    bad = {3, 4, 8}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path != REPLICAS:
            return None
        return DEAD if int(params["schedule_id"]) in bad else Fault(status=200, body="{}")

    clock = FakeClock()
    with FakeApi(organisation(1), faults=faults) as fake:
        client = client_of(fake.url, clock)
        assert {number for number in range(10) if not can_read(client, number)} == bad
        assert clock.now == pytest.approx(RETRY_SECONDS + FIRST_SECONDS)


def test_wait_for_a_connection_ends_with_the_first_answer_to_another_request() -> None:
    now = [0.0]

    def asleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] == 2:
            retries.answered("/v2/users")

    retries = Retries(600, clock=lambda: now[0], sleep=asleep, api_answers=lambda: True)
    retries.nap(NoConnection("no connection"), 9)
    assert now[0] == 2
    retries.nap(PassingFault("status 500"), 9)
    assert now[0] == 11


def test_requests_under_way_are_at_most_max_concurrency_and_waiting_takes_no_place() -> None:
    refused = threading.Event()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == SEVERITIES.path and not refused.is_set():
            refused.set()
            return Fault(status=500)
        return Fault(delay=0.01)

    with FakeApi(organisation(1), faults=faults) as fake:
        environ = {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url, "TAP_INCIDENT_MAX_CONCURRENCY": "2"}
        config = configs.load([], environ)
        others_done = threading.Event()

        def asleep(seconds: float) -> None:
            assert others_done.wait(10)

        client = Client(config, stop=threading.Event(), sleep=asleep)
        with ThreadPoolExecutor(9) as pool:
            waiting = pool.submit(lambda: list(client.pages(SEVERITIES, ())))
            assert refused.wait(10)
            assert all(pool.map(lambda _: list(client.pages(USERS, ())), range(8)))
            others_done.set()
            assert waiting.result(10)
    assert fake.most_at_once == 2
