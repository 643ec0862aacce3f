"""Between the tap and the stand-in: servers that tests make, a relay that cuts connections off, and a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, create_connection, create_server, socket
from threading import Thread


@contextmanager
def listening(serve: Callable[[socket], None]) -> Iterator[int]:
    """A port on loopback whose connections are given to `serve`, each in a thread of its own."""

    def handle(client: socket) -> None:
        with client, suppress(OSError):
            serve(client)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                Thread(target=handle, args=(client,), daemon=True).start()

    with create_server(("127.0.0.1", 0)) as server:
        Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            # Closing it would not wake up the thread that accepts.
            server.shutdown(SHUT_RDWR)


def join(client: socket, port: int, most: int = 10**9, instead: bytes = b"") -> None:
    """Connect the client with a port of loopback. After `most` bytes it gets `instead` of the rest, and is cut off."""
    with create_connection(("127.0.0.1", port)) as server:
        Thread(target=_pump, args=(client, server, 10**9, b""), daemon=True).start()
        _pump(server, client, most, instead)


def _pump(source: socket, sink: socket, most: int, instead: bytes) -> None:
    left = most
    with suppress(OSError):
        while left and (piece := source.recv(min(left, 65536))):
            sink.sendall(piece)
            left -= len(piece)
        sink.sendall(b"" if left else instead)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(SHUT_RDWR)


class Proxy:
    """A proxy for https, by CONNECT. With a `refusal`, it answers so. `heads` are the requests it got."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.heads: list[str] = []

    def __call__(self, client: socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n") and (piece := client.recv(4096)):
            head += piece
        self.heads.append(head.decode())
        if self.refusal:
            client.sendall(f"HTTP/1.1 {self.refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        elif head.startswith(b"CONNECT "):
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            join(client, int(head.split()[1].rpartition(b":")[2]))
