"""How long a request is repeated, how long each wait is, and what follows when the time is over.

Source: API documents, section "Making requests".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import backoff

from tap_incident.api.answers import RateLimited
from tap_incident.api.body import Unusable
from tap_incident.errors import NoConnection, PassingFault, SlowAnswer, TapError, Unanswered

LOGGER = logging.getLogger(__name__)

FIRST_SECONDS = 30
"""A run that never had an answer gives up after this time: its endpoint or the network is probably wrong."""
_LONGEST_PAUSE = 60
_LONGEST_PAUSE_WITHOUT_CONNECTION = 10
_NAP = 0.5
"""A wait for "no connection" looks after this time if another request got an answer."""
_MOMENT = 1e-3
"""Less is no time: differences of floats are not exact."""
_RECENTLY = 60
_TRIES_IF_UNUSABLE = 3
_TRIES_IF_SHORT = 2
_SECONDS_BETWEEN_WARNINGS = 5.0


@dataclass
class Attempts:
    """One request, which may be sent several times. `path` is unfilled."""

    path: str
    tries_if_slow: int | None = None
    """After this number of slow answers in a row, it is not repeated."""
    is_short: bool = False
    """True if it never gets more than `FIRST_SECONDS`, and two tries if only this path may be at fault."""
    since: float | None = None
    """When it failed first."""
    had_connection: bool = True
    """At its last fault."""
    faults: int = 0
    """Number of faults of that kind in a row: after an outage, the pauses are short again."""
    slow: int = 0
    unusable: int = 0


class Retries:
    """What all requests of a run know of each other's faults. Thread-safe."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        api_answers: Callable[[], bool],
    ) -> None:
        """A path may fail for `seconds`. Then `api_answers` asks the API once whether it answers at all."""
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._api_answers = api_answers
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._answered_at: float | None = None
        self._answers = 0
        self._patience: dict[str, float] = {}
        """Seconds that a path may fail after it was given up: none, and a few if it has answered again since."""
        self._quiet_until = clock()
        self._suppressed = 0

    def answered(self, path: str | None) -> None:
        """The API answered a request to this path (None: with a 429): those that wait for a connection try again."""
        with self._lock:
            self._answered_at = self._clock()
            self._answers += 1
            if path in self._patience:
                self._patience[path] = FIRST_SECONDS

    def pause(self, request: Attempts, fault: PassingFault | Unusable) -> float:
        """Seconds to wait before the request is sent again. Raises what it ends with if it is not sent again."""
        connected = not isinstance(fault, NoConnection)
        request.faults = request.faults + 1 if request.had_connection == connected else 1
        request.had_connection = connected
        request.slow = request.slow + 1 if isinstance(fault, SlowAnswer) else 0
        request.unusable += isinstance(fault, Unusable)
        if request.slow and request.slow == request.tries_if_slow:
            raise fault
        is_about_path = not isinstance(fault, NoConnection | RateLimited)
        if request.is_short and is_about_path and request.faults >= _TRIES_IF_SHORT:
            raise fault
        if isinstance(fault, Unusable) and request.unusable >= _TRIES_IF_UNUSABLE:
            raise fault
        now = self._clock()
        request.since = now if request.since is None else request.since
        most = self._most(request, fault)
        left = request.since + most - now
        wanted = fault.retry_after if isinstance(fault, RateLimited) else None
        if wanted is not None and wanted > most:
            said = f"{fault}. The API asks to wait {wanted:,.0f} s, but the tap waits for at most {_duration(most)}"
            raise self._end(request, fault, said, "Run again after that, with the last state")
        if left < _MOMENT or (wanted is not None and wanted > left):
            lasted = f"It has lasted for {_duration(most)}" if most else "This path gave no proper answer before"
            lasted += ", and nothing has answered yet" if self._answered_at is None else ""
            raise self._end(request, fault, f"{fault}. {lasted}")
        if wanted is not None:
            return wanted
        longest = _LONGEST_PAUSE if connected else _LONGEST_PAUSE_WITHOUT_CONNECTION
        return min(left, backoff.full_jitter(min(longest, 2 ** min(request.faults - 1, 10))))

    def nap(self, fault: PassingFault | Unusable, seconds: float) -> None:
        """Wait before a repeated request; without a connection, only until another request gets an answer."""
        self._warn(f"{fault}. Retrying in {seconds:.1f} s")
        if not isinstance(fault, NoConnection):
            self._sleep(seconds)
            return
        answers, end = self._answers, self._clock() + seconds
        while self._answers == answers and (left := end - self._clock()) > _MOMENT:
            self._sleep(min(left, _NAP))

    def _most(self, request: Attempts, fault: Exception) -> float:
        """Seconds that this request may fail in all."""
        if isinstance(fault, RateLimited):
            return self._seconds
        if request.is_short or self._answered_at is None:
            return min(FIRST_SECONDS, self._seconds)
        if isinstance(fault, NoConnection):
            return self._seconds  # It says nothing about the path.
        return min(self._patience.get(request.path, self._seconds), self._seconds)

    def _end(self, request: Attempts, fault: Exception, text: str, advice: str = "") -> TapError:
        """The error that the request ends with: of this path only if others are answered, else of the run."""
        with self._asking:  # Many requests of one path fail at the same time, and ask only once.
            given_up = self._patience.get(request.path) == 0 and not isinstance(fault, NoConnection)
            if not request.is_short and (given_up or self._others_answer(request)):
                with self._lock:
                    self._patience[request.path] = 0
                return Unanswered(text, advice=advice)
        return (NoConnection if isinstance(fault, NoConnection) else PassingFault)(text, advice=advice)

    def _others_answer(self, request: Attempts) -> bool:
        last = self._answered_at
        recent = max(request.since or 0, self._clock() - _RECENTLY)
        return (last is not None and last > recent) or self._api_answers()

    def _warn(self, text: str) -> None:
        """Log a WARNING, or only count it if one was logged just now: during an outage every thread retries."""
        with self._lock:
            now = self._clock()
            if now < self._quiet_until:
                self._suppressed += 1
                LOGGER.debug("%s", text)
                return
            more, self._suppressed, self._quiet_until = self._suppressed, 0, now + _SECONDS_BETWEEN_WARNINGS
        LOGGER.warning("%s%s", text, f" (and {more} more since the last such warning)" if more else "")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
