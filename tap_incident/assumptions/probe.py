"""Asks the API for what the checks look at: read-only, each page once, within a number of requests and a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.api.pages import page
from tap_incident.errors import PassingFault, Unreadable
from tap_incident.streams import Params, Stream

MOST_REQUESTS, MOST_SECONDS = 80, 120
_SPARE_REQUESTS, _SPARE_SECONDS = 4, 30
"""What the last request may take if it is repeated."""


class Untold(Exception):
    """It can't be told here: there are no such rows, or no more requests."""


class Finding(NamedTuple):
    """What a check has found, in words of the check: nothing of it comes from the API."""

    holds: bool
    if_not: str = ""
    """What it has found if it does not hold."""
    seen: str = ""
    """What it has found in any case."""


class Probe:
    """Answers of the API."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._clock, self._until = clock, clock() + MOST_SECONDS - _SPARE_SECONDS
        self._known: dict[tuple[str, Params], Page | Unreadable] = {}

    def page(self, stream: Stream, *more: tuple[str, str], size: int | None = None, plain: bool = False) -> Page:
        """The first page as the tap requests it, with `more` parameters; `plain`: without the tap's usual ones.

        Raises Untold if there is no answer, Unreadable if the API refuses it, or what ends a run.
        """
        rows = size or stream.page_size
        params = (*(() if plain else stream.params), *more, *((("page_size", str(rows)),) if rows else ()))
        key = stream.path, params
        if key not in self._known:
            if self.client.sent >= MOST_REQUESTS - _SPARE_REQUESTS or self._clock() > self._until:
                raise Untold
            try:
                self._known[key] = page(self.client.get(stream.path, params, stream.name), stream)
            except Unreadable as error:
                self._known[key] = error
            except PassingFault:
                raise Untold from None
        found = self._known[key]
        if isinstance(found, Unreadable):
            raise found
        return found


Check = Callable[[Probe, Stream], Finding]
"""Raises Untold, LookupError or ValueError if the rows that are there can't tell (none, for example), and Unreadable if
they can't be read."""
