"""The stand-in as a server on loopback."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .answers import Answers
from .facts import documented
from .organisation import Organisation
from .wire import Answer, Fault, Limits, Logged

KEY = "secret-key"
# In: the number of the request from 0, its path as in the document, its parameters (the last of each name), those in
# the path too. Out: what to get wrong.
Faults = Callable[[int, str, Mapping[str, str]], Fault | None]


class FakeApi(ThreadingHTTPServer):
    """Serves `org` from entering to leaving the context, or from `start()` to `stop()`.

    In: the key to accept, the scopes that it lacks, the rates (None: unlimited), seconds that each answer takes, what
    to get wrong, the port (0: any free one), the TLS that it speaks (None: none), seconds by which its clock is ahead
    of this machine's, and whether answers have a Date. Out: `url`, the `requests` so far, and the `most_at_once` under
    way. An error inside the stand-in itself is answered with 400 and raised on leaving.
    """

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        org: Organisation,
        *,
        key: str = KEY,
        denied: Collection[str] = (),
        rate_per_minute: float | None = None,
        incidents_per_minute: float | None = None,
        latency: float = 0.0,
        faults: Faults | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        clock_ahead: float = 0.0,
        dated: bool = True,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self.requests: list[Logged] = []
        self.most_at_once = 0
        self.crashes: list[BaseException] = []
        self.clock_ahead, self.dated = clock_ahead, dated
        self._answers = Answers(org, denied, Limits(rate_per_minute, incidents_per_minute))
        self._authorization, self._latency, self._faults, self._tls = f"Bearer {key}", latency, faults, tls
        self._lock = Condition()
        self._arrived = self._under_way = 0
        self._stopping = Event()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def start(self) -> FakeApi:
        """Begins to serve, in a thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops at once: what waits is answered early. A connection that a client keeps ends at its next request."""
        self._stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            self._lock.wait_for(lambda: not self._under_way, timeout=2.0)

    def __enter__(self) -> FakeApi:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None and self.crashes:
            raise self.crashes[0]

    def get_request(self) -> tuple[Any, Any]:
        """The next connection. Its handshake waits for the thread that reads it: here it would keep out the others."""
        connection, address = super().get_request()
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps an error. A client may go whenever it likes; anything else is a fault of the stand-in."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError | ssl.SSLError):
            self.crashes.append(error)

    def handle(self, method: str, target: str, headers: Message[str, str]) -> Answer:
        """The answer to one request, after the time that it is to take; logs it."""
        at = time.monotonic()
        if self._stopping.is_set():
            return Answer(0)
        with self._lock:
            number = self._arrived
            self._arrived += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            parts = urlsplit(target)
            params = tuple(parse_qsl(parts.query, keep_blank_values=True))
            authorized = headers.get("Authorization") == self._authorization
            call = Logged(number, method, parts.path, params, at, headers.get("User-Agent", ""), authorized)
            path, in_path = documented(call.path)
            fault = self._faults(number, path, {**in_path, **dict(params)}) if self._faults else None
            self._stopping.wait(self._latency + (fault.delay if fault else 0.0))
            answer = self._answers.answer(call, fault)
            with self._lock:
                self.requests.append(replace(call, status=answer.status))
            return answer
        finally:
            # Before the answer goes out: a client that asks one by one must never be counted twice.
            with self._lock:
                self._under_way -= 1
                self._lock.notify_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: FakeApi

    def do_GET(self) -> None:
        try:
            answer = self.server.handle(self.command, self.path, self.headers)
        except Exception as error:
            self.server.crashes.append(error)
            # No client requests again what was answered so. It would for minutes if the connection was closed.
            answer = Answer(400, repr(error).encode())
        # The body of a request is never read, so nothing can follow it on this connection.
        if self.command != "GET" or not answer.status or answer.sent is not None:
            self.close_connection = True
        if answer.status:
            self.send_response_only(answer.status)
            if self.server.dated:
                self.send_header("Date", formatdate(time.time() + self.server.clock_ahead, usegmt=True))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.body[: answer.sent])

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server looks for these names

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: stderr belongs to the program under test."""
