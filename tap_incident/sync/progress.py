"""Progress of a long list at INFO: how far, how fast, how long it will take."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LOGGER = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0


@dataclass
class Progress:
    """Counts the rows of one list. `requests` returns the number of all requests so far."""

    name: str
    requests: Callable[[], int]
    resumed: bool = False
    """True if an earlier run read the first rows, so that no percentage is known."""
    clock: Callable[[], float] = time.monotonic
    total: int | None = None
    """Total number of rows, if the API gives it."""
    rows: int = 0
    _begun: tuple[float, int] = field(init=False)
    _logged: tuple[float, int] = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self._logged = (self.clock(), self.requests())

    def row(self) -> None:
        """Count one row that is out, and log a line if it is time for one."""
        self.rows += 1
        now = self.clock()
        if now - self._logged[0] < SECONDS_BETWEEN_LINES:
            return
        requests = self.requests()
        speed = (requests - self._logged[1]) / (now - self._logged[0])
        LOGGER.info("%s: %s, %.1f requests per second%s", self.name, self._share(), speed, self._left(now))
        self._logged = (now, requests)

    def _share(self) -> str:
        if self.resumed:
            return f"{self.rows:,} rows since the resume"
        if not self.total:
            return f"{self.rows:,} rows"
        return f"{self.rows:,} of {self.total:,} rows ({100 * self.rows // self.total} %)"

    def _left(self, now: float) -> str:
        if self.resumed or not self.total or self.rows > self.total:
            return ""
        seconds = (self.total - self.rows) * (now - self._begun[0]) / self.rows
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"
