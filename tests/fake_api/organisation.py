"""The organisations that the stand-in serves: the tests' own, and a sample that looks real."""

from __future__ import annotations

import pickle
from collections import UserDict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from random import Random
from threading import Lock
from typing import Any

from . import awkward, sample
from .facts import ENDPOINTS
from .making import DAY, NOW, Row, World, cycle, instant, odd_stamp
from .rows import Maker
from .traps import SHOWN_MODES


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

    def rename(self, name: str = "renamed") -> None:
        """Makes it another organisation, as the identity says: its key, and the address of its dashboard."""
        identity = {"name": f"{name} key", "dashboard_url": f"https://app.incident.io/{name}"}
        self.rows["/v1/identity"] = [{**row, **identity} for row in self.rows["/v1/identity"]]

    def change(self, count: int, at: datetime) -> list[str]:
        """Changes the newest `count` incidents that a request sees unasked, at that moment; gives their ids."""
        rows = self.rows["/v2/incidents"]
        shown = [row["id"] for row in rows if row["mode"] in SHOWN_MODES]
        changed = set(shown[max(0, len(shown) - count) :])
        stamp = at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
        values = {"updated_at": stamp, "summary": f"Changed at {stamp}"}
        self.rows["/v2/incidents"] = [{**row, **values} if row["id"] in changed else row for row in rows]
        return sorted(changed)

    def storm(self, path: str, count: int, *, seed: int = 7, newest_first: bool = False) -> None:
        """Gives a list `count` rows of the last 700 days instead of its own, a third of them within the same five."""
        rng, kinds, now = Random(seed), self.rows[path], int(self.now.timestamp())
        ages = [rng.uniform(350, 355) if number % 3 == 0 else rng.uniform(0, 700) for number in range(count)]
        stamps = sorted((odd_stamp(rng, now - int(age * DAY)) for age in ages), key=instant)
        rows = [
            {**cycle(kinds, number), "id": f"01STORM{number:019d}", "created_at": stamp, "updated_at": stamp}
            for number, stamp in enumerate(stamps)
        ]
        self.rows[path] = rows[::-1] if newest_first else rows


def organisation(
    incidents: int = 20, *, seed: int = 7, now: datetime = NOW, rows_per_page: int | None = None
) -> Organisation:
    """The tests' organisation, with values of every awkward kind; the same one for the same arguments."""
    packed, modes = _packed(incidents, seed, now)
    return Organisation(Lists(packed), dict(modes), now, rows_per_page=rows_per_page)


@cache
def _packed(incidents: int, seed: int, now: datetime) -> tuple[dict[str, bytes], dict[str, str]]:
    """Most tests look at few lists of an organisation: to unpack those takes a fraction of making them all."""
    world = World(incidents, seed, now, awkward=True)
    rows = _filled(world, Maker(world, awkward.RECIPES, awkward.HINTS))
    return {path: pickle.dumps(found, pickle.HIGHEST_PROTOCOL) for path, found in rows.items()}, world.modes


def _filled(world: World, maker: Maker) -> dict[str, list[Row]]:
    for endpoint in ENDPOINTS:
        maker.rows(endpoint.path)
    return world.rows


def sample_organisation(incidents: int = 200, *, now: datetime) -> Organisation:
    """An organisation that looks real, with incidents in the year before the day of `now`.

    It is always the same one, also the next day: only all its times are a day later then.
    """
    days = (now.astimezone(timezone.utc) - sample.LAST_DAY).days
    world = World(incidents, incidents, sample.LAST_DAY, awkward=False, later=days * DAY)
    rows = _filled(world, Maker(world, sample.RECIPES, sample.HINTS))
    return Organisation(Lists(rows), {row["id"]: row["mode"] for row in rows["/v2/incidents"]}, now, awkward=False)
