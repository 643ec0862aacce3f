"""Assumptions: each has what the page needs, and their checks stop in time."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tap_incident.api.client import Client
from tap_incident.assumptions import contents, paging
from tap_incident.assumptions.probe import MOST_REQUESTS, MOST_SECONDS, Probe, Untold
from tap_incident.assumptions.table import assumptions
from tap_incident.errors import PassingFault
from tap_incident.streams import BY_NAME
from tools.assumptions import SOURCES, page

USERS = BY_NAME["users"]


class Answering:
    """A client that answers with an empty list, or with an error."""

    def __init__(self, error: PassingFault | None = None) -> None:
        self.sent, self.error = 0, error

    def get(self, path: str, params: object, name: str) -> dict[str, Any]:
        """The answer."""
        self.sent += 1
        if self.error:
            raise self.error
        return {name: []}


def test_each_assumption_has_a_check_and_a_place_on_the_page() -> None:
    every = assumptions()
    assert sorted(each.id for each in every) == sorted({*paging.CHECKS, *contents.CHECKS})
    assert {each.source for each in every} == SOURCES.keys()
    assert all(f"| `{each.id}` | {each.source} | {each.belief} | {each.if_wrong} |" in page() for each in every)


def test_same_page_is_requested_once() -> None:
    client = Answering()
    probe = Probe(cast(Client, client))
    assert probe.page(USERS) is probe.page(USERS)
    assert probe.page(USERS, plain=True) is not probe.page(USERS)
    assert client.sent == 2


def test_fault_that_lasts_tells_nothing() -> None:
    with pytest.raises(Untold):
        Probe(cast(Client, Answering(PassingFault("later")))).page(USERS)


def test_requests_and_time_are_bounded() -> None:
    client, seconds = Answering(), [0.0]
    probe = Probe(cast(Client, client), lambda: seconds[0])
    with pytest.raises(Untold):
        for number in range(2 * MOST_REQUESTS):
            probe.page(USERS, ("after", str(number)))
    assert MOST_REQUESTS - 10 < client.sent <= MOST_REQUESTS
    seconds[0], client.sent = MOST_SECONDS - 20, 0
    with pytest.raises(Untold):
        probe.page(USERS, ("after", "late"))
    assert client.sent == 0
