"""The organisation that the stand-in serves."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from .endpoints import ENDPOINTS
from .making import NOW, Row, World

_SMALL = 1000


@dataclass
class Organisation:
    """What there is, for a test to change at will, also while it is served.

    `rows` holds the rows of each path; `modes` the mode of each incident (none: standard), and `stream` for work
    streams; `now` its present. Rows share the objects they embed (a severity, say), so change a copy. Adding and
    removing rows is noticed; a row put in the place of another one is not, nor is a change of what an old row is
    filtered or sorted by.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW


def organisation(incidents: int = 20, *, seed: int = 7, now: datetime = NOW) -> Organisation:
    """A new organisation with so many incidents; the same one for the same arguments."""
    if incidents > _SMALL:
        return _made(incidents, seed, now)
    # Most tests want one of a few: to copy it takes a tenth of the time that it takes to make it.
    copy: Organisation = pickle.loads(_packed(incidents, seed, now))  # noqa: S301 - our own bytes
    return copy


@cache
def _packed(incidents: int, seed: int, now: datetime) -> bytes:
    return pickle.dumps(_made(incidents, seed, now), pickle.HIGHEST_PROTOCOL)


def _made(incidents: int, seed: int, now: datetime) -> Organisation:
    world = World(incidents, seed, now)
    for endpoint in ENDPOINTS:
        world.rows[endpoint.path] = endpoint.make(world)
    return Organisation(world.rows, world.modes, now)
