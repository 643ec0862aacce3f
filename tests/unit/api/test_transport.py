"""The transport against servers that break the rules of HTTP: they trickle, contradict themselves, or never answer."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from socket import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident import config as configs
from tap_incident.api.transport import Transport
from tap_incident.errors import PassingFault
from tests.support.relay import listening
from tests.support.runs import KEY

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
PAUSE = 0.02


def saying(pieces: Callable[[], Iterator[bytes]], pause: float = PAUSE) -> Callable[[socket], None]:
    """A server that reads a request and sends these pieces, with a pause after each, and hangs up."""

    def serve(client: socket) -> None:
        client.recv(65536)
        for piece in pieces():
            client.sendall(piece)
            time.sleep(pause)

    return serve


@contextmanager
def transport(serve: Callable[[socket], None]) -> Iterator[Transport]:
    """A transport whose endpoint is this server."""
    with listening(serve) as port:
        yield Transport(configs.load(None, {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": f"http://127.0.0.1:{port}"}))


def fault_of(serve: Callable[[socket], None], *, timeout: float = 5, total: float = 5) -> str:
    """The text of the fault that a request to this server ends in."""
    with transport(serve) as subject, pytest.raises(PassingFault) as caught:
        subject.get("users: GET /v2/users", "/v2/users", (), timeout=timeout, total=total)
    return str(caught.value)


def trickle(start: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    """The start, and then this piece again and again for a long time."""
    return lambda: iter([start, *repeat(piece, 500)])


ENDLESS = {
    "body": trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n", b"x" * 20_000),
    "chunks": trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "body without a length": trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 20_000),
}


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS.keys())
def test_answer_that_never_ends_is_given_up_at_the_deadline(pieces: Callable[[], Iterator[bytes]]) -> None:
    began = time.monotonic()
    text = fault_of(saying(pieces), total=0.4)
    assert text == "users: GET /v2/users: the answer was not complete after 0.4 s"
    assert 0.4 <= time.monotonic() - began < 10


def test_deadline_is_of_one_request_and_not_of_the_connection() -> None:
    def serve(client: socket) -> None:
        while client.recv(65536):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            time.sleep(0.2)
            client.sendall(b"{}")

    with transport(serve) as subject:
        for total in (0.6, 0.6, 5, 0.6, 0.6):
            found = subject.get("users: GET /v2/users", "/v2/users", (), timeout=5, total=total)
            assert found.content == b"{}"


def test_part_that_does_not_come_within_the_timeout_is_said_so() -> None:
    text = fault_of(saying(trickle(HEAD, b""), pause=0.1), timeout=0.2)
    assert text == "users: GET /v2/users: no answer within 0.2 s"


def test_body_may_take_longer_than_the_timeout_of_a_part() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
    with transport(saying(lambda: iter([body, *repeat(b"x", 8)]), pause=0.1)) as subject:
        found = subject.get("users: GET /v2/users", "/v2/users", (), timeout=0.5, total=20)
    assert found.content == b"xxxxxxxx"


BODY = bytes(range(256)) * 12_000
"""Three times as much as is read at once."""
FRAMED = {
    "plain": (b"Content-Length: %d\r\n\r\n" % len(BODY), BODY),
    "without a length": (b"\r\n", BODY),
    "chunked": (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n" % (len(BODY), BODY) + b"0\r\n\r\n"),
    "compressed": (b"Content-Encoding: gzip\r\n\r\n", gzip.compress(BODY)),
}


@pytest.mark.parametrize("framing", FRAMED)
def test_long_body_arrives_whole(framing: str) -> None:
    head, body = FRAMED[framing]
    with transport(saying(lambda: iter([b"HTTP/1.1 200 OK\r\n" + head, body]), pause=0)) as subject:
        assert subject.get("users: GET /v2/users", "/v2/users", (), timeout=5, total=20).content == BODY


ODD_HEADS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}": "headers that contradict each other",
    b"SSH-2.0-OpenSSH_9.6\r\n\r\n": "can't be read as HTTP (BadStatusLine)",
    b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n": "can't be read as HTTP (HTTPException)",
    b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n": "can't be read as HTTP (LineTooLong)",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}": "the answer was cut off",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": "the answer was cut off",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}": "the answer was cut off",
    b"": "no connection to http://127.0.0.1",
}


@pytest.mark.parametrize("answer", ODD_HEADS, ids=[*ODD_HEADS.values()])
def test_answer_that_is_no_http_is_a_passing_fault_in_plain_words(answer: bytes) -> None:
    text = fault_of(saying(lambda: iter([answer]), pause=0))
    assert ODD_HEADS[answer] in text
    assert "REQUESTS_CA_BUNDLE" not in text


@pytest.mark.parametrize("location", ["http://[", "//\xff", "http://a:b", "http://a:99999999", "", "http://a/"])
def test_redirect_is_an_answer_wherever_it_leads(location: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with transport(saying(lambda: iter([answer]), pause=0)) as subject:
        assert subject.get("users: GET /v2/users", "/v2/users", (), timeout=5, total=5).status == 302


NAMES = st.sampled_from(
    [
        *("Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Date", "Location"),
        *("Retry-After", "Set-Cookie", "X-RateLimit-Limit", "X-RateLimit-Remaining", "WWW-Authenticate"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(["", "2", "-1", "2, 2", "1e9", "gzip", "br", "chunked", "identity", "close", "http://[", "//\xff"]),
    st.text(st.characters(max_codepoint=255), max_size=20),
)


@given(st.sampled_from([200, 204, 302, 401, 404, 407, 429, 999]), st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_any_headers_give_an_answer_or_a_passing_fault(status: int, headers: list[tuple[str, str]]) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    answer = f"HTTP/1.1 {status} Odd\r\n{head}\r\n{{}}".encode("latin-1")
    with transport(saying(lambda: iter([answer]), pause=0)) as subject:
        try:
            found = subject.get("users: GET /v2/users", "/v2/users", (), timeout=5, total=5)
        except PassingFault as error:
            assert str(error).startswith("users: GET /v2/users: ")
        else:
            assert isinstance(found.content, bytes)
