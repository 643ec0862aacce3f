"""Between the tap and the stand-in: a relay that changes what it passes on, and a proxy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import urlsplit

Send = Callable[[socket, bytes], None]
"""Sends on one piece of what the server says; an OSError cuts both connections."""


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def listening(serve: Callable[[socket], None]) -> Iterator[int]:
    """A port on loopback whose connections are given to `serve`, each in a thread of its own."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                serve(self.request)

    with _Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def join(client: socket, port: int, send: Send = socket.sendall, first: bytes = b"") -> None:
    """Connect the client with a port of loopback, which gets `first`, until one side closes the connection."""
    with create_connection(("127.0.0.1", port)) as server:
        server.sendall(first)
        Thread(target=_pump, args=(client, server, socket.sendall), daemon=True).start()
        _pump(server, client, send)


def _pump(source: socket, sink: socket, send: Send) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            send(sink, piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)


class Torn:
    """Sends the first `after` bytes, pauses, sends `instead` of the rest, and closes the connection."""

    def __init__(self, after: int, instead: bytes = b"", *, pause: float = 0) -> None:
        self.left = after
        self.instead = instead
        self.pause = pause

    def __call__(self, sink: socket, piece: bytes) -> None:
        sink.sendall(piece[: self.left])
        self.left -= len(piece)
        if self.left < 0:
            time.sleep(self.pause)
            sink.sendall(self.instead)
            raise ConnectionAbortedError


class Proxy:
    """A proxy for http and, by CONNECT, for https; with `refusal`, it refuses all. `heads` are the requests it got."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.refusal = refusal
        self.heads: list[str] = []

    def __call__(self, client: socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        self.heads.append(head.decode())
        method, target, _ = head.decode().split(" ", 2)
        if self.refusal:
            client.sendall(self.refusal)
        elif method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            join(client, _port(f"//{target}"))
        else:
            join(client, _port(target), first=head)
