"""Progress of a long walk, in words at INFO: how far, how fast, how long still."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LOGGER = logging.getLogger(__name__)

EVERY_SECONDS = 10.0


@dataclass
class Progress:
    """Counts the rows of one list; `requests` gives the number of all requests so far."""

    name: str
    requests: Callable[[], int]
    resumed: bool = False
    """Whether earlier rows came in an earlier run, so that no share of the whole can be told."""
    clock: Callable[[], float] = time.monotonic
    total: int | None = None
    """Rows in all, where the API says."""
    rows: int = 0
    _begun: tuple[float, int] = field(init=False)
    _told: tuple[float, int] = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self._told = (self.clock(), self.requests())

    def row(self) -> None:
        """Count one row that is out, and tell if it is time."""
        self.rows += 1
        now = self.clock()
        if now - self._told[0] < EVERY_SECONDS:
            return
        requests = self.requests()
        speed = (requests - self._told[1]) / (now - self._told[0])
        LOGGER.info("%s: %s, %.1f requests a second%s", self.name, self._share(), speed, self._left(now))
        self._told = (now, requests)

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
