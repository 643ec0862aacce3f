"""Progress of a long run at INFO, one line for all lists: how far, how fast, how long it will take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from tap_incident.logs import duration
from tap_incident.sync.plan import Node, requests_for

LOGGER = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES, _SECONDS_BETWEEN_LATER_LINES = 10.0, 30.0
_FIRST = 55.0
"""A line in the first minute is at most this old."""
_STALLED = 0.2
"""With fewer requests per second, the API is down or the run waits: no time left can be worked out."""


@dataclass
class _Expected:
    """What is known of a list whose number of rows the API gives."""

    rows: int
    requests: int
    """Requests for its pages and for the children of its rows."""
    out: int = 0

    @property
    def left(self) -> float:
        """Requests for the rows that are not out yet."""
        return self.requests * max(0, self.rows - self.out) / max(1, self.rows)


@dataclass
class Progress:
    """Counts the rows of all lists.

    `requests` returns the number of all requests so far, and `seconds_for` the time (seconds) that the rate limit takes
    for this number of further requests.
    """

    requests: Callable[[], int]
    seconds_for: Callable[[float], float]
    clock: Callable[[], float]
    rows: int = 0
    _expected: dict[tuple[str, str], _Expected] = field(default_factory=dict)
    _logged: tuple[float, int] = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._logged = (self._began, self.requests())

    def expect(self, step: str, lists: str, rows: int, node: Node) -> None:
        """One of the `lists` of a step has `rows` rows left, each with the children of `node`."""
        self._expected.setdefault((step, lists), _Expected(rows, requests_for(node, rows)))

    def rows_out(self, step: str, lists: str, rows: int) -> None:
        """Count rows of a list that are out, and log a line if it is time for one."""
        self.rows += rows
        if (step, lists) in self._expected:
            self._expected[step, lists].out += rows
        now = self.clock()
        early = self._logged[0] - self._began < _FIRST
        if now - self._logged[0] < (_SECONDS_BETWEEN_LINES if early else _SECONDS_BETWEEN_LATER_LINES):
            return
        sent = self.requests()
        speed = (sent - self._logged[1]) / (now - self._logged[0])
        left = sum(each.left for each in self._expected.values())
        LOGGER.info(
            "%s rows%s, %.1f requests per second%s",
            f"{self.rows:,}",
            _share(sent, left),
            speed,
            self._time(left, speed),
        )
        self._logged = (now, sent)

    def _time(self, left: float, speed: float) -> str:
        if not left or speed < _STALLED:
            return ""
        # In the first minute, the burst that the API allows decides the speed. Later, the rate limit decides.
        return f", about {duration(max(left / speed, self.seconds_for(left)))} left"


def _share(sent: int, left: float) -> str:
    return f", {100 * sent / (sent + left):.0f} % of about {sent + left:,.0f} requests" if left else ""
