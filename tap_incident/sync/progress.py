"""Progress of a long run at INFO, one line for all lists: how far, how fast, how long it will take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

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
    """Counts the rows of all lists."""

    requests: Callable[[], int]
    """The number of all requests so far."""
    seconds_for: Callable[[float], float]
    """The time (seconds) that the rate limit takes for this number of further requests."""
    clock: Callable[[], float]
    rows: int = 0

    def __post_init__(self) -> None:
        self._expected: dict[tuple[str, str], _Expected] = {}
        self._began = self.clock()
        self._logged = (self._began, self.requests())

    def page_out(self, lists: tuple[str, str], rows: int, total: int | None, node: Node) -> None:
        """Count rows that are out, and log a line if it is time for one.

        They belong to one of some `lists` (step, parameters) that have `total` rows together, each with the children of
        `node`; None if the API does not say it.
        """
        self.rows += rows
        if total is not None:
            self._expected.setdefault(lists, _Expected(total, requests_for(node, total)))
        if lists in self._expected:
            self._expected[lists].out += rows
        now, (logged_at, sent_before) = self.clock(), self._logged
        is_early = logged_at - self._began < _FIRST
        if now - logged_at < (_SECONDS_BETWEEN_LINES if is_early else _SECONDS_BETWEEN_LATER_LINES):
            return
        sent = self.requests()
        speed = (sent - sent_before) / (now - logged_at)
        left = sum(each.left for each in self._expected.values())
        share = f", {100 * sent / (sent + left):.0f} % of about {sent + left:,.0f} requests" if left else ""
        LOGGER.info("%s rows%s, %.1f requests per second%s", f"{self.rows:,}", share, speed, self._time(left, speed))
        self._logged = (now, sent)

    def _time(self, left: float, speed: float) -> str:
        if not left or speed < _STALLED:
            return ""
        # In the first minute, the burst that the API allows decides the speed. Later, the rate limit decides.
        return f", about {duration(max(left / speed, self.seconds_for(left)))} left"
