"""How long a path may fail, and what follows: that path is given up, or the run ends because nothing answers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tap_incident.api.client import RETRY_SECONDS
from tap_incident.api.rate import Gate
from tap_incident.api.retries import FIRST_SECONDS, Request, Retries
from tap_incident.errors import NoConnection, PassingFault, Unanswered
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import at
from tests.unit.api.served import SEVERITIES, USERS, FakeClock, Served, served

IDENTITY, REPLICAS = "/v1/identity", "/v2/schedules/{schedule_id}/replicas"
DEAD = Fault(status=500)


def asked(it: Served, path: str) -> int:
    return sum(request.path == path for request in it.fake.requests)


@pytest.mark.parametrize("fault", [DEAD, Fault(status=503), Fault(reset=True), Fault(status=404, body="<html>")])
def test_path_that_is_dead_while_the_api_answers_is_unanswered(fault: Fault) -> None:
    with served(at(SEVERITIES.path, fault)) as it:
        assert it.client.identity()["name"]
        with pytest.raises(Unanswered, match=r"severities: GET /v1/severities: .* It has lasted for 10 minutes$"):
            it.read()
        assert it.clock.now == pytest.approx(RETRY_SECONDS)
        assert asked(it, IDENTITY) == 2
        assert it.read(USERS)


@pytest.mark.parametrize(("others_answer", "kind"), [(True, Unanswered), (False, PassingFault)])
def test_run_ends_only_if_neither_others_nor_the_identity_are_answered(
    others_answer: bool, kind: type[Exception]
) -> None:
    class Clock(FakeClock):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout and others_answer:
                it.read(USERS)
            return super().wait(timeout)

    dead = (SEVERITIES.path, IDENTITY)
    with FakeApi(organisation(1), faults=lambda _, path, __: DEAD if path in dead else None) as fake:
        it = Served(fake, Clock())
        it.read(USERS)
        with pytest.raises(kind, match="10 minutes") as caught:
            it.read()
    assert type(caught.value) is kind
    assert asked(it, IDENTITY) == (0 if others_answer else 1)


@pytest.mark.parametrize(("fault", "requests"), [(DEAD, 2), (Fault(status=503), 1)])
def test_identity_is_asked_for_at_most_twice(fault: Fault, requests: int) -> None:
    with served(at(IDENTITY, fault)) as it, pytest.raises(PassingFault):
        it.client.identity()
    assert asked(it, IDENTITY) == requests


def can_read(it: Served, parent: int) -> bool:
    """Whether the rows of this parent can be read."""
    try:
        it.client.get(REPLICAS, (("schedule_id", str(parent)),), "schedule_replicas")
    except Unanswered:
        return False
    return True


def test_hundred_parents_of_a_dead_path_take_no_longer_than_one() -> None:
    with served(at(REPLICAS, DEAD)) as it:
        it.read(USERS)
        assert not any(can_read(it, number) for number in range(100))
        assert it.clock.now == pytest.approx(RETRY_SECONDS)
        assert [request.path for request in it.fake.requests[-99:]] == [
            REPLICAS.format(schedule_id=number) for number in range(1, 100)
        ]
        assert asked(it, IDENTITY) == 1


def test_parents_that_can_be_read_are_read_beside_some_that_cant() -> None:
    bad = {3, 4, 8}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path != REPLICAS:
            return None
        return DEAD if int(params["schedule_id"]) in bad else Fault(status=200, body="{}")

    with served(faults) as it:
        assert {number for number in range(10) if not can_read(it, number)} == bad
        assert it.clock.now == pytest.approx(RETRY_SECONDS + FIRST_SECONDS)


def test_wait_for_a_connection_ends_with_the_first_answer_to_another_request() -> None:
    clock = FakeClock()

    def asleep(seconds: float) -> None:
        clock.wait(seconds)
        retries.answered("/v2/users")

    retries = Retries(600, Gate(None, {}, clock=clock.clock), clock.clock, asleep, lambda: True)
    for fault, is_cut in ((NoConnection("no connection"), True), (PassingFault("status 500"), False)):
        request = Request("users: GET /v2/users", "/v2/users", "/v2/users", ())
        clock.slept.clear()
        for _ in range(10):
            retries.wait(request, fault)
        assert (len(clock.slept) <= 10 and max(clock.slept) <= 0.5) == is_cut
