"""Progress of a long run at INFO, one line for all lists: how far, how fast, how long it will take."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tap_incident.logs import duration

LOGGER = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0
"""In the first minute."""
SECONDS_BETWEEN_LATER_LINES = 30.0
SECONDS_BETWEEN_REWRITES = 0.5
_FIRST = 55.0
"""A line in the first minute is at most this old."""


@dataclass
class _Expected:
    """What is known of a list whose number of rows the API gives."""

    rows: int
    requests: int
    """Requests for its pages and for the children of its rows."""
    written: int = 0

    @property
    def left(self) -> float:
        """Requests for the rows that are not written yet."""
        return self.requests * max(0, self.rows - self.written) / max(1, self.rows)


@dataclass
class Progress:
    """Counts the rows of all lists.

    `requests` returns the number of all requests so far, and `seconds_for` the time (seconds) that the rate limit takes
    for this number of further requests.
    """

    requests: Callable[[], int]
    seconds_for: Callable[[float], float]
    clock: Callable[[], float] = time.monotonic
    rewritten: bool = False
    """True if each line takes the place of the one before."""
    rows: int = 0
    _expected: dict[str, _Expected] = field(default_factory=dict)
    _logged: tuple[float, int] = field(init=False)
    _began: float = field(init=False)
    _speed: float = 0.0

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._logged = (self._began, self.requests())

    def expect(self, name: str, rows: int, requests: int) -> None:
        """The list `name` has `rows` rows. With the children of its rows, it takes `requests` requests."""
        self._expected.setdefault(name, _Expected(rows, requests))

    def row(self, name: str) -> None:
        """Count one row of a list that is out, and log a line if it is time for one."""
        self.rows += 1
        if name in self._expected:
            self._expected[name].written += 1
        now = self.clock()
        if now - self._logged[0] < self._pause():
            return
        sent = self.requests()
        speed = (sent - self._logged[1]) / (now - self._logged[0])
        if self.rewritten and self._speed:
            # A speed of half a second would jump.
            speed = 0.9 * self._speed + 0.1 * speed
        left = self._left()
        LOGGER.info(
            "%s, %.1f requests per second%s",
            self._share(sent),
            speed,
            self._time_left(speed),
            extra={"progress": sent / (sent + left) if left else None},
        )
        self._logged, self._speed = (now, sent), speed

    def _pause(self) -> float:
        """Seconds between two lines."""
        if self.rewritten:
            return SECONDS_BETWEEN_REWRITES
        return SECONDS_BETWEEN_LINES if self._logged[0] - self._began < _FIRST else SECONDS_BETWEEN_LATER_LINES

    def _left(self) -> float:
        return sum(each.left for each in self._expected.values())

    def _share(self, sent: int) -> str:
        rows, left = f"{self.rows:,} rows", self._left()
        return f"{rows}, {100 * sent / (sent + left):.0f} % of about {sent + left:,.0f} requests" if left else rows

    def _time_left(self, speed: float) -> str:
        left = self._left()
        if not left or not speed:
            return ""
        # In the first minute, the burst that the API allows decides the speed. Later, the rate limit decides.
        seconds = max(left / speed, self.seconds_for(left))
        return f", about {duration(seconds)} left"
