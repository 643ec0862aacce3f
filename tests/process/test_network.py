"""What a network can do to a run: refusals, names, TLS, torn and slow answers. Proxies: test_proxies."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from itertools import count
from socket import socket
from typing import Any

import pytest
import trustme

from tap_incident import config as configs
from tap_incident.api.client import RETRY_SECONDS, Client
from tap_incident.errors import PassingFault
from tap_incident.streams import BY_NAME
from tests.conftest import Tap, tls
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.runs.permissions.test_permissions import critical
from tests.support.relay import Send, Torn, join, listening, port_of, trickling
from tests.support.runs import KEY, Run, check, key_of, only

USERS = only("users")


def is_whole(run: Run, org: Organisation) -> bool:
    """Whether the run of USERS gave all of them, once each."""
    check(run)
    return run.code == 0 and [key_of("users", row) for row in org.rows["/v2/users"]] == list(run.keys("users"))


def retries(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Texts of the warnings of another try."""
    return [record.getMessage() for record in caplog.records if "Retrying" in record.getMessage()]


def through(fake: FakeApi, *sends: Send) -> Callable[[socket], None]:
    """A relay to the stand-in that meddles with its first connections as these say, and with no other.

    The first request for rows is on the first or the second: beside it, the tap asks whose key it is.
    """
    numbers = count()

    def serve(client: socket) -> None:
        number = next(numbers)
        join(client, port_of(fake.url), sends[number] if number < len(sends) else socket.sendall)

    return serve


def test_a_server_that_comes_up_late_is_waited_for(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(3)
    with FakeApi(org) as gone:
        pass
    late: list[FakeApi] = []
    timer = threading.Timer(0.3, lambda: late.append(FakeApi(org, port=port_of(gone.url)).start()))
    timer.start()
    try:
        assert is_whole(tap(gone, catalog=USERS), org)
    finally:
        timer.join()
        late[0].stop()
    assert "refused" in retries(caplog)[0]


def test_a_name_that_nobody_knows_is_told_with_what_to_do() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        # Hours in few steps: a resolver may take its time for each.
        now[0] += 20 * seconds + 30

    settings = configs.load('{"endpoint": "https://api.incident.invalid"}', {"INCIDENT_API_KEY": KEY})
    client = Client(settings, stop=threading.Event(), clock=lambda: now[0], sleep=sleep)
    with pytest.raises(PassingFault, match=r"https://api\.incident\.invalid \(.*10 minutes") as caught:
        list(client.pages(BY_NAME["severities"], ()))
    assert "endpoint and the network" in caught.value.advice
    assert now[0] > RETRY_SECONDS / 2


def refused(tap: Tap, caplog: pytest.LogCaptureFixture, server: ssl.SSLContext) -> str:
    """The one line of a run that a certificate ends at once."""
    with FakeApi(organisation(1), tls=server) as fake:
        run = tap(fake, catalog=USERS)
    assert (run.code, run.messages, fake.requests) == (1, [], [])
    assert retries(caplog) == []
    assert "Traceback" not in caplog.text
    (line,) = critical(caplog)
    assert fake.url in line
    return line


def test_an_authority_that_is_not_trusted_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA
) -> None:
    line = refused(tap, caplog, tls(authority))
    assert "local issuer" in line
    assert "set REQUESTS_CA_BUNDLE to its bundle" in line


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA
) -> None:
    line = refused(tap, caplog, tls(authority, "127.0.0.2"))
    assert "not valid for '127.0.0.1'" in line
    assert "check endpoint" in line


@pytest.mark.usefixtures("trusted")
def test_a_bundle_that_knows_the_authority_makes_it_trusted(tap: Tap, authority: trustme.CA) -> None:
    org = organisation(3)
    with FakeApi(org, tls=tls(authority)) as fake:
        assert is_whole(tap(fake, catalog=USERS), org)


def wordy() -> Organisation:
    """An organisation whose users fill an answer of many thousand bytes."""
    org = organisation(3)
    org.rows["/v2/users"] = [row | {"name": "long " * 1000} for row in org.rows["/v2/users"]]
    return org


TEARS = {
    "before the first byte": (0, b""),
    "no TLS": (0, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "in the handshake": (100, b""),
    "in the body": (9000, b""),
    "garbage in the body": (9000, b"no record of TLS" * 4096),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tear", TEARS.values(), ids=TEARS.keys())
def test_a_torn_connection_is_made_again(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA, tear: tuple[int, bytes]
) -> None:
    org, tears = wordy(), [Torn(*tear), Torn(*tear)]
    with FakeApi(org, tls=tls(authority)) as fake, listening(through(fake, *tears)) as port:
        run = tap(fake, catalog=USERS, settings={"endpoint": f"https://127.0.0.1:{port}"})
    assert is_whole(run, org)
    assert any(torn.left < 0 for torn in tears)
    assert retries(caplog)


def test_an_answer_that_comes_too_late_is_asked_for_again(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    slow = count()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(delay=2) if path == "/v2/users" and next(slow) == 0 else None

    org = organisation(3)
    with FakeApi(org, faults=faults) as fake:
        assert is_whole(tap(fake, catalog=USERS, settings={"request_timeout": 0.3}), org)
    (line,) = retries(caplog)
    assert "GET /v2/users: no answer within 0.3 s" in line


def test_a_body_that_stops_coming_is_asked_for_again(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org, stops = wordy(), [Torn(9000, pause=2), Torn(9000, pause=2)]
    with FakeApi(org) as fake, listening(through(fake, *stops)) as port:
        endpoint: dict[str, Any] = {"endpoint": f"http://127.0.0.1:{port}", "request_timeout": 0.3}
        assert is_whole(tap(fake, catalog=USERS, settings=endpoint), org)
    (line, *_) = retries(caplog)
    assert "no answer within 0.3 s" in line


def test_a_body_may_take_longer_than_the_timeout_as_long_as_it_comes(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(3)
    with FakeApi(org) as fake, listening(through(fake, *[trickling(8, 0.15)] * 2)) as port:
        endpoint: dict[str, Any] = {"endpoint": f"http://127.0.0.1:{port}", "request_timeout": 1}
        assert is_whole(tap(fake, catalog=USERS, settings=endpoint), org)
    assert caplog.records[-1].levelno < logging.WARNING
    assert retries(caplog) == []
