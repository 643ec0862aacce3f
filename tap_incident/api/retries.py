"""How long a request is repeated, how long each wait is, and what follows when the time is over.

Source: API documents, section "Making requests".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import backoff

from tap_incident.api.answers import RateLimited, Unusable
from tap_incident.api.rate import Gate, Limits
from tap_incident.errors import NoConnection, PassingFault, SlowAnswer, TapError, Unanswered
from tap_incident.streams import Params

LOGGER = logging.getLogger(__name__)

FIRST_SECONDS = 30
"""A run that never had an answer gives up after this time: its endpoint or the network is probably wrong."""
_LONGEST_PAUSE = 60
_LONGEST_PAUSE_WITHOUT_CONNECTION = 10
_NAP = 0.5
"""A wait for "no connection" looks after this time if another request got an answer."""
_MOMENT = 1e-3
"""Seconds that count as none: differences of floats are not exact."""
_RECENTLY = 60
_TRIES_IF_UNUSABLE = 3
_TRIES_IF_SHORT = 2
_SECONDS_BETWEEN_WARNINGS = 5.0


@dataclass
class Request:
    """One request, which may be sent several times, and its faults so far."""

    name: str
    """Stream, method and path, for log lines and errors."""
    path: str
    """Unfilled: limits, timings and faults are known by it."""
    target: str
    """The filled path."""
    query: Params
    tries_if_slow: int | None = None
    """After this number of slow answers in a row, it is not repeated."""
    is_short: bool = False
    """True if it never gets more than `FIRST_SECONDS`, and two tries if only this path may be at fault."""
    sent: float = 0.0
    """When it was sent last."""
    limits: Limits = field(default_factory=Limits)
    """Those in its last answer."""
    since: float = inf
    """When it failed first."""
    faults: int = 0
    slow: int = 0
    unusable: int = 0

    def count(self, fault: PassingFault | Unusable) -> None:
        """Count a fault. Raises it if there were enough tries, whatever time is left."""
        self.faults += 1
        self.slow = self.slow + 1 if isinstance(fault, SlowAnswer) else 0
        self.unusable += isinstance(fault, Unusable)
        is_about_path = not isinstance(fault, NoConnection | RateLimited)
        if (
            self.slow == self.tries_if_slow
            or self.unusable == _TRIES_IF_UNUSABLE
            or (self.is_short and is_about_path and self.faults >= _TRIES_IF_SHORT)
        ):
            raise fault


@dataclass
class Retries:
    """What all requests of a run know of each other's faults. Thread-safe."""

    seconds: float
    """Time for which a path may fail."""
    gate: Gate
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    api_answers: Callable[[], bool]
    """Asks the API once whether it answers at all."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _answered_at: float = -inf
    _patience: dict[str, float] = field(default_factory=dict)
    """Seconds that a path may fail after it was given up: none, and a few if it has answered again since."""
    _quiet_until: float = -inf
    _suppressed: int = 0

    def answered(self, path: str | None) -> None:
        """The API answered a request to this path (None: with a 429): those that wait for a connection try again."""
        self._answered_at = self.clock()
        if path in self._patience:
            self._patience[path] = FIRST_SECONDS

    def wait(self, request: Request, fault: PassingFault | Unusable) -> None:
        """Wait before the request is sent again. Raises what it ends with if it is not sent again."""
        request.count(fault)
        seconds = self._pause(request, fault)
        if isinstance(fault, RateLimited):
            # The gate pauses every thread that the limit concerns, including this one: one warning for all of them.
            if self.gate.pause(request.path, seconds, request.limits, request.sent):
                LOGGER.warning("%s. Waiting %.1f s", fault, seconds)
            return
        self._warn(f"{fault}. Retrying in {seconds:.1f} s")
        if not isinstance(fault, NoConnection):
            self.sleep(seconds)
            return
        answered_at, end = self._answered_at, self.clock() + seconds
        while self._answered_at == answered_at and (left := end - self.clock()) > _MOMENT:
            self.sleep(min(left, _NAP))

    def _pause(self, request: Request, fault: PassingFault | Unusable) -> float:
        """Seconds to wait. Raises what the request ends with if its time is over."""
        now = self.clock()
        request.since = min(request.since, now)
        most = self._most(request, fault)
        left = request.since + most - now
        wanted = (fault.retry_after or 0) if isinstance(fault, RateLimited) else 0
        if wanted > most:
            said = f"{fault}. The API asks to wait {wanted:,.0f} s, but the tap waits for at most {_duration(most)}"
            raise self._end(request, fault, said, "Run again after that, with the last state")
        if left < max(_MOMENT, wanted):
            lasted = f"It has lasted for {_duration(most)}" if most else "This path gave no proper answer before"
            lasted += ", and nothing has answered yet" if self._answered_at == -inf else ""
            raise self._end(request, fault, f"{fault}. {lasted}")
        longest = _LONGEST_PAUSE_WITHOUT_CONNECTION if isinstance(fault, NoConnection) else _LONGEST_PAUSE
        return wanted or min(left, backoff.full_jitter(min(longest, 2 ** (request.faults - 1))))

    def _most(self, request: Request, fault: PassingFault | Unusable) -> float:
        """Seconds that this request may fail in all."""
        if isinstance(fault, RateLimited):
            return self.seconds
        if request.is_short or self._answered_at == -inf:
            return min(FIRST_SECONDS, self.seconds)
        if isinstance(fault, NoConnection):
            return self.seconds  # It says nothing about the path.
        return min(self._patience.get(request.path, self.seconds), self.seconds)

    def _end(self, request: Request, fault: PassingFault | Unusable, text: str, advice: str = "") -> TapError:
        """The error that the request ends with: of this path only if others are answered, else of the run."""
        kind = NoConnection if isinstance(fault, NoConnection) else PassingFault
        if request.is_short:
            return kind(text, advice=advice)
        with self._asking:  # Many requests of one path fail at the same time, and ask only once.
            given_up = kind is not NoConnection and self._patience.get(request.path) == 0
            recently = max(request.since, self.clock() - _RECENTLY)
            if given_up or self._answered_at > recently or self.api_answers():
                self._patience[request.path] = 0
                return Unanswered(text, advice=advice)
        return kind(text, advice=advice)

    def _warn(self, text: str) -> None:
        """Log a WARNING, or only count it if one was logged just now: during an outage every thread retries."""
        with self._lock:
            now = self.clock()
            if now < self._quiet_until:
                self._suppressed += 1
                LOGGER.debug("%s", text)
                return
            more, self._suppressed, self._quiet_until = self._suppressed, 0, now + _SECONDS_BETWEEN_WARNINGS
        LOGGER.warning("%s%s", text, f" (and {more} more since the last such warning)" if more else "")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
