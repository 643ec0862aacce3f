"""The values that pass between the stand-in and a test: what to get wrong, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# A request's parameters by name; those that may be repeated have several values.
Query = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Fault:
    """What to answer instead.

    With a `status` or a `body`: that (a status alone gets an error body in JSON). With `reset`: nothing, the
    connection is closed. With `truncate`: the announced length, half the body, and the connection is closed. `delay`
    (seconds) goes first; alone, or with `truncate`, what follows is the real answer. `headers` come on top.
    """

    status: int | None = None
    body: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    truncate: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Call:
    """One request as it came; `number` counts from 0, `at` is time.monotonic() at its arrival."""

    number: int
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    at: float
    user_agent: str
    authorization: str


@dataclass(frozen=True)
class Logged(Call):
    """One request as it was answered; `status` is 0 if there was no answer."""

    status: int
    authorization_ok: bool


@dataclass(frozen=True)
class Answer:
    """What goes over the wire: of the body only the first `sent` bytes if that is given; nothing for status 0."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
