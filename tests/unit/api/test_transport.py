"""The transport: ids in a path, servers that break the rules of HTTP, CA bundles and certificates."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from socket import socket
from urllib.parse import unquote, urlsplit

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tap_incident import config as configs
from tap_incident.api.transport import Transport, bad_certificate, check_bundle, filled
from tap_incident.errors import BadData, BadEndpoint, PassingFault
from tests.support.relay import listening
from tests.support.runs import KEY

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
        yield Transport(configs.load([], {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": f"http://127.0.0.1:{port}"}))


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


def test_body_may_take_longer_than_the_timeout_of_a_part() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
    with transport(saying(lambda: iter([body, *repeat(b"x", 8)]), pause=0.1)) as subject:
        _, _, content = subject.get("users: GET /v2/users", "/v2/users", (), timeout=0.5, total=20)
    assert content == b"xxxxxxxx"


ODD_HEADS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}": "headers that contradict each other",
    b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n": "can't be read as HTTP (LineTooLong)",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}": "the answer was cut off",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}": "the answer was cut off",
    b"": "no connection to http://127.0.0.1",
}


@pytest.mark.parametrize("answer", ODD_HEADS, ids=[*ODD_HEADS.values()])
def test_answer_that_is_no_http_is_a_passing_fault_in_plain_words(answer: bytes) -> None:
    text = fault_of(saying(lambda: iter([answer]), pause=0))
    assert ODD_HEADS[answer] in text
    assert "REQUESTS_CA_BUNDLE" not in text


PATH = "/v2/schedules/{schedule_id}/replicas"
REQUEST = f"schedule_replicas: GET {PATH}"


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..") and text.isprintable()))
def test_any_id_arrives_as_it_was(text: str) -> None:
    path, _ = filled(REQUEST, PATH, (("schedule_id", text),))
    sent = requests.Request("GET", f"http://127.0.0.1{path}").prepare().url
    start, version, schedules, found, end = urlsplit(str(sent)).path.split("/")
    assert (start, version, schedules, end) == ("", "v2", "schedules", "replicas")
    assert unquote(found) == text


@pytest.mark.parametrize("value", ["", ".", "..", None, "\ud800", "a\udfffb"])
def test_id_that_cant_be_sent_or_would_lead_to_another_path_is_bad_data(value: str | None) -> None:
    params = () if value is None else (("schedule_id", value),)
    with pytest.raises(BadData, match=r"^schedule_replicas: GET .*: an id from the API .* so it can't be sent$"):
        filled(REQUEST, PATH, params)


PEM = trustme.CA().cert_pem.bytes()
BUNDLES: dict[str, tuple[bytes, str]] = {
    "DER": (ssl.PEM_cert_to_DER_cert(PEM.decode()), "openssl x509"),
    "a half one after a whole one": (
        PEM + PEM[: len(PEM) // 2],
        "text with one or more whole certificates in PEM form",
    ),
}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("case", BUNDLES)
def test_bundle_that_cant_be_used_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, variable: str
) -> None:
    content, said = BUNDLES[case]
    file = tmp_path / "bundle"
    file.write_bytes(content)
    monkeypatch.setenv(variable, str(file))
    with pytest.raises(BadEndpoint, match=f"^{variable} names {file}, .*{said}"):
        check_bundle()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (85, "breaks a rule that Python 3.13 and newer check"),  # Missing Authority Key Identifier
        (10, "check the clock"),
        (62, "check endpoint"),  # The certificate is another host's.
        (20, "set REQUESTS_CA_BUNDLE"),
    ],
)
def test_certificate_that_cant_be_verified_is_explained_by_its_code(code: int, said: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    assert said in bad_certificate(error)
