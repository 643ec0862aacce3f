"""The organisations that the stand-in serves: the tests' own, and a sample that looks real."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from . import awkward, sample
from .facts import ENDPOINTS
from .making import NOW, Row, World
from .rows import Maker

_SMALL = 1000


@dataclass
class Organisation:
    """What there is, for a test to change at will, also while it is served.

    `rows` holds the rows of each path; `modes` the mode of each incident (none: standard), and `stream` for work
    streams; `now` its present; `awkward` whether lists end in ways that only a careless server would choose. Rows share
    the objects they embed (a severity, say), so change a copy. Adding and removing rows is noticed; a row put in the
    place of another one is not, nor is a change of what an old row is filtered or sorted by.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW
    awkward: bool = True


def organisation(incidents: int = 20, *, seed: int = 7, now: datetime = NOW) -> Organisation:
    """The tests' organisation, with values of every awkward kind; the same one for the same arguments."""
    if incidents > _SMALL:
        return _made(incidents, seed, now)
    # Most tests want one of a few: to copy it takes a tenth of the time that it takes to make it.
    copy: Organisation = pickle.loads(_packed(incidents, seed, now))  # noqa: S301 - our own bytes
    return copy


@cache
def _packed(incidents: int, seed: int, now: datetime) -> bytes:
    return pickle.dumps(_made(incidents, seed, now), pickle.HIGHEST_PROTOCOL)


def _made(incidents: int, seed: int, now: datetime) -> Organisation:
    world = World(incidents, seed, now, awkward=True)
    return Organisation(*_filled(world, Maker(world, awkward.RECIPES, awkward.HINTS)), now)


def _filled(world: World, maker: Maker) -> tuple[dict[str, list[Row]], dict[str, str]]:
    for endpoint in ENDPOINTS:
        maker.rows(endpoint.path)
    return world.rows, world.modes


def sample_organisation(incidents: int = 200, *, now: datetime) -> Organisation:
    """An organisation that looks real, with incidents in the year before `now`; the same one for the same arguments."""
    world = World(incidents, incidents, now, awkward=False)
    return Organisation(*_filled(world, Maker(world, sample.RECIPES, sample.HINTS)), now, awkward=False)
