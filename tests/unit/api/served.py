"""A stand-in and a client that reads it, with a clock that only moves when the client sleeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tap_incident import config as configs
from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.streams import BY_NAME, Params, Stream
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.server import Faults
from tests.support.runs import KEY

ALERTS, SEVERITIES, USERS = BY_NAME["alerts"], BY_NAME["severities"], BY_NAME["users"]


class FakeClock(threading.Event):
    """The event that stops a run, and seconds since the start of the test: waiting adds to them and takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds so far."""
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        """Move the clock. Fails if that could go on forever."""
        if timeout:
            assert self.now + timeout > self.now
            assert len(self.slept) < 10_000
            self.slept.append(timeout)
            self.now += timeout
        return self.is_set()


class Served:
    """A stand-in, and a client of it with these settings."""

    def __init__(self, fake: FakeApi, clock: FakeClock | None = None, **settings: Any) -> None:
        self.fake, self.clock = fake, clock or FakeClock()
        config = configs.load(
            [("config", json.dumps(settings))], {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url}
        )
        self.client = Client(config, stop=self.clock, clock=self.clock.clock)

    def read(self, stream: Stream = SEVERITIES, params: Params = (), after: str | None = None) -> list[Page]:
        """All pages of a list."""
        return list(self.client.pages(stream, params, after))

    def seconds(self, count: int) -> float:
        """Seconds that so many requests take."""
        began = self.clock.now
        for _ in range(count):
            self.read()
        return self.clock.now - began

    @property
    def page_sizes(self) -> list[str]:
        """What was asked for."""
        return [dict(request.params)["page_size"] for request in self.fake.requests]


@contextmanager
def served(faults: Faults | None = None, org: Organisation | None = None, **settings: Any) -> Iterator[Served]:
    """A stand-in that gets this wrong, and a client of it."""
    with FakeApi(org or organisation(3), faults=faults) as fake:
        yield Served(fake, **settings)


def in_turn(*faults: Fault, then: Fault | None = None) -> Faults:
    """The first answers have these faults, and the others `then`."""

    def fault_for(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return faults[number] if number < len(faults) else then

    return fault_for
