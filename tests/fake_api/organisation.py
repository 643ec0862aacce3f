"""The organisations that the stand-in serves: the tests' own, and a sample that looks real."""

from __future__ import annotations

import os
import pickle
from collections import UserDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from . import awkward, sample
from .facts import ENDPOINTS
from .making import NOW, Row, World
from .rows import Maker

_SMALL = 1000
KEPT = "ORGANISATIONS"
"""Variable with the folder in which processes that run side by side keep what they made. Without it, each makes all."""


class Lists(UserDict[str, Any]):
    """The list of rows of each path. A packed list (bytes) is unpacked when it is first looked at."""

    _unpacking = Lock()

    def __getitem__(self, path: str) -> list[Row]:
        with self._unpacking:
            if isinstance(self.data[path], bytes):
                self.data[path] = pickle.loads(self.data[path])  # noqa: S301 - our own bytes
            rows: list[Row] = self.data[path]
            return rows


@dataclass
class Organisation:
    """What there is, for a test to change at will, also while it is served.

    `rows` holds the rows of each path; `modes` the mode of each incident (none: standard), and `stream` for work
    streams; `now` its present; `awkward` whether lists end in ways that only a careless server would choose;
    `rows_per_page` how many a page has at most, whatever the request says, so that few rows are many pages. Rows share
    the objects they embed (a severity, say), so change a copy. Adding and removing rows is noticed; a row put in the
    place of another one is not, nor is a change of what an old row is filtered or sorted by.
    """

    rows: Lists = field(default_factory=Lists)
    modes: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW
    awkward: bool = True
    rows_per_page: int | None = None


def organisation(
    incidents: int = 20, *, seed: int = 7, now: datetime = NOW, rows_per_page: int | None = None
) -> Organisation:
    """The tests' organisation, with values of every awkward kind; the same one for the same arguments."""
    if incidents > _SMALL:
        return replace(_made(incidents, seed, now), rows_per_page=rows_per_page)
    # Most tests want one of a few, and look at few of its lists: to copy those takes a fraction of making them all.
    packed, modes = _packed(incidents, seed, now)
    return Organisation(Lists(packed), dict(modes), now, rows_per_page=rows_per_page)


Packed = tuple[dict[str, bytes], dict[str, str]]


@cache
def _packed(incidents: int, seed: int, now: datetime) -> Packed:
    if KEPT not in os.environ:
        return _pack(incidents, seed, now)
    kept = Path(os.environ[KEPT], f"{incidents}-{seed}-{now.timestamp()}")
    if not kept.exists():
        mine = kept.with_suffix(f".{os.getpid()}")
        mine.write_bytes(pickle.dumps(_pack(incidents, seed, now)))
        mine.replace(kept)
    found: Packed = pickle.loads(kept.read_bytes())  # noqa: S301 - our own bytes
    return found


def _pack(incidents: int, seed: int, now: datetime) -> Packed:
    made = _made(incidents, seed, now)
    return {path: pickle.dumps(rows, pickle.HIGHEST_PROTOCOL) for path, rows in made.rows.items()}, made.modes


def _made(incidents: int, seed: int, now: datetime) -> Organisation:
    world = World(incidents, seed, now, awkward=True)
    return Organisation(*_filled(world, Maker(world, awkward.RECIPES, awkward.HINTS)), now)


def _filled(world: World, maker: Maker) -> tuple[Lists, dict[str, str]]:
    for endpoint in ENDPOINTS:
        maker.rows(endpoint.path)
    return Lists(world.rows), world.modes


def sample_organisation(incidents: int = 200, *, now: datetime) -> Organisation:
    """An organisation that looks real, with incidents in the year before `now`; the same one for the same arguments."""
    world = World(incidents, incidents, now, awkward=False)
    return Organisation(*_filled(world, Maker(world, sample.RECIPES, sample.HINTS)), now, awkward=False)
