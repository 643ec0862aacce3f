"""Clients whose clock and sleep are injected, so that ten minutes of retries take no time."""

from __future__ import annotations

import threading

from tap_incident.api.client import Client
from tap_incident.config import Config


def client_without_waits(config: Config) -> tuple[Client, list[float]]:
    """The client, and its clock: each sleep moves it by at least half a minute, so few retries fill the ten minutes."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += 20 * seconds + 30

    return Client(config, stop=threading.Event(), clock=lambda: clock[0], sleep=sleep), clock
