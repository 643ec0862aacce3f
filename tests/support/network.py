"""Runs of one stream through a relay between the tap and the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from socket import socket

from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.faults import port_of
from tests.support.relay import Send, join
from tests.support.runs import Run, check, key_of, only

USERS = only("users")


def is_whole(run: Run, org: Organisation) -> bool:
    """Whether a run of USERS read each of them once."""
    check(run)
    return run.code == 0 and [key_of("users", row) for row in org.rows["/v2/users"]] == list(run.keys("users"))


def through(fake: FakeApi, *sends: Send) -> Callable[[socket], None]:
    """A relay to the stand-in whose first connections use `sends`, and all others a plain send.

    The first request for rows is on the first or the second connection, because the tap asks for the identity too.
    """
    numbers = count()

    def serve(client: socket) -> None:
        number = next(numbers)
        join(client, port_of(fake), sends[number] if number < len(sends) else socket.sendall)

    return serve


def with_long_names() -> Organisation:
    """An organisation whose list of users is an answer of many thousand bytes."""
    org = organisation(3)
    org.rows["/v2/users"] = [row | {"name": "long " * 1000} for row in org.rows["/v2/users"]]
    return org
