"""The organisations that the stand-in serves (the tests' own, and a sample that looks real), and what a request gets to
see of their lists."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from threading import RLock
from typing import Any, NamedTuple

from . import awkward, relations, sample
from .facts import Endpoint
from .making import DAY, NOW, Row, World, instant
from .query import Filter, filters
from .rows import Maker
from .traps import HAS_NOTES, SHOWN_MODES, SHOWS
from .wire import Query


@dataclass
class Organisation:
    """What there is, for a test to change at will, also while it is served.

    `rows` holds the rows of each path; `modes` the mode of each incident (none: standard), and `stream` for work
    streams; `now` its present; `awkward` whether lists end in ways that only a careless server would choose;
    `rows_per_page` how many a page has at most, whatever the request says, so that few rows are many pages. Rows share
    the objects they embed (a severity, say), so change a copy. Adding and removing rows is noticed; a row put in the
    place of another one is not, nor is a change of what an old row is filtered or sorted by.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW
    awkward: bool = True
    rows_per_page: int | None = None

    def change(self, count: int, at: datetime) -> None:
        """Changes the newest `count` incidents that a request sees unasked, at that moment."""
        rows = self.rows["/v2/incidents"]
        shown = [row["id"] for row in rows if row["mode"] in SHOWN_MODES]
        changed = set(shown[max(0, len(shown) - count) :])
        stamp = at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
        values = {"updated_at": stamp, "summary": f"Changed at {stamp}"}
        self.rows["/v2/incidents"] = [{**row, **values} if row["id"] in changed else row for row in rows]


def organisation(
    incidents: int = 20, *, seed: int = 7, now: datetime = NOW, rows_per_page: int | None = None
) -> Organisation:
    """The tests' organisation, with values of every awkward kind; the same one for the same arguments."""
    org: Organisation = pickle.loads(_packed(incidents, seed, now))  # noqa: S301 - our own bytes
    org.rows_per_page = rows_per_page
    return org


@cache
def _packed(incidents: int, seed: int, now: datetime) -> bytes:
    """To unpack an organisation takes a tenth of the time of making it."""
    world = World(incidents, seed, now, awkward=True)
    Maker(world, awkward.RECIPES, awkward.HINTS).make_all()
    return pickle.dumps(Organisation(world.rows, world.modes, now))


def sample_organisation(incidents: int = 200, *, now: datetime) -> Organisation:
    """An organisation that looks real, with incidents in the year before the day of `now`.

    It is always the same one, also the next day: only all its times are a day later then.
    """
    days = (now.astimezone(timezone.utc) - sample.LAST_DAY).days
    world = World(incidents, incidents, sample.LAST_DAY, awkward=False, later=days * DAY)
    Maker(world, sample.RECIPES, relations.HINTS).make_all()
    modes = {row["id"]: row["mode"] for row in world.rows["/v2/incidents"]}
    return Organisation(world.rows, modes, now, awkward=False)


class View(NamedTuple):
    """The rows of one filtered list in order, and the place of each id among them."""

    rows: Sequence[Row]
    places: Mapping[str, int]


class Views:
    """The views of one organisation.

    Looked up under a lock by the path, the filters, and the identity and length of the list, so that added or removed
    rows make a new view. Lists asked for by parent come from an index of that parent instead.
    """

    def __init__(self, org: Organisation) -> None:
        self.org: Organisation = org
        self._lock = RLock()
        self._kept: dict[tuple[str, object], tuple[list[Row], tuple[int, int], Any]] = {}

    def by(self, path: str, field: str, value: str) -> Sequence[Row]:
        """The rows of a path whose `field` is `value`, or a list that has it."""

        def index() -> dict[str, list[Row]]:
            groups: dict[str, list[Row]] = {}
            for row in self.org.rows[path]:
                found = row.get(field) or ""
                for key in found if isinstance(found, list) else [found]:
                    groups.setdefault(key, []).append(row)
            return groups

        found: dict[str, list[Row]] = self._once(path, ("by", field), index)
        return found.get(value, [])

    def view(self, endpoint: Endpoint, query: Query) -> View:
        """What `query` gets to see of `endpoint`."""
        picks = [*filters(endpoint, query)]
        single = next((pick for pick in picks if len(pick.values) == 1 and pick.field.endswith("id")), None)
        if single:
            return self._build(endpoint, query, picks, self.by(endpoint.path, single.field, single.values[0]))
        rows = self.org.rows[endpoint.path]
        # Where another list decides, what is kept would not notice its changes.
        if HAS_NOTES in query:
            return self._build(endpoint, query, picks, rows)
        name = tuple(sorted((name, *sorted(query[name])) for name in query if name not in ("after", "page_size")))
        view: View = self._once(endpoint.path, name, lambda: self._build(endpoint, query, picks, rows))
        return view

    def _build(self, endpoint: Endpoint, query: Query, picks: Sequence[Filter], rows: Sequence[Row]) -> View:
        shows = SHOWS[endpoint.shows]
        seen = [row for row in rows if all(pick.passes(row) for pick in picks) and shows(row, query, self)]
        if "sort_by" in endpoint.parameters:
            newest_first = query.get("sort_by") != ("created_at_oldest_first",)
            seen.sort(key=lambda row: (instant(row["created_at"]), row["id"]), reverse=newest_first)
        elif endpoint.by_id:
            seen.sort(key=lambda row: str(row["id"]))
        return View(seen, {str(row.get("id")): place for place, row in enumerate(seen)})

    def _once(self, path: str, name: object, make: Callable[[], Any]) -> Any:
        rows = self.org.rows[path]
        size = (len(rows), len(self.org.modes))
        with self._lock:
            kept = self._kept.get((path, name))
            if kept is None or kept[0] is not rows or kept[1] != size:
                kept = self._kept[(path, name)] = (rows, size, make())
            return kept[2]
