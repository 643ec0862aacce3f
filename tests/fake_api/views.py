"""What a request gets to see of a list, and the way from a cursor to its row; kept while the list stays the same."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

from .facts import Endpoint
from .making import Row, instant
from .organisation import Organisation
from .query import Place, between, compared, passes, place, spans
from .wire import Query

NOT_FILTERS = ("after", "page_size")


@dataclass(frozen=True)
class View:
    """The rows of one filtered list in order, and the place of each id among them."""

    rows: Sequence[Row]
    places: Mapping[str, int]


def _sort_key(name: str) -> Callable[[Row], Any]:
    return (lambda row: instant(row[name])) if name.endswith("_at") else (lambda row: row[name])


class Views:
    """The views of one organisation.

    Looked up under a lock by the path, the filters, and the identity and length of the list, so that added or removed
    rows make a new view. Lists asked for by parent come from an index of that parent instead.
    """

    def __init__(self, org: Organisation) -> None:
        self._org = org
        self._lock = RLock()
        self._kept: dict[tuple[str, object], tuple[list[Row], tuple[int, int], Any]] = {}

    @property
    def now(self) -> datetime:
        """The organisation's present."""
        return self._org.now

    def rows(self, path: str) -> list[Row]:
        """All rows of a path, seen or not."""
        rows: list[Row] = self._org.rows.setdefault(path, [])
        return rows

    def by(self, path: str, field: str, value: str) -> Sequence[Row]:
        """The rows of a path whose `field` is `value`, or a list that has it."""

        def index() -> dict[str, list[Row]]:
            groups: dict[str, list[Row]] = {}
            for row in self.rows(path):
                found = row.get(field) or ""
                for key in found if isinstance(found, list) else [found]:
                    groups.setdefault(key, []).append(row)
            return groups

        found: dict[str, list[Row]] = self._once(path, ("by", field), index)
        return found.get(value, [])

    def view(self, endpoint: Endpoint, query: Query) -> View:
        """What `query` gets to see of `endpoint`."""
        wanted = compared(endpoint, query)
        single = next((field for field, values in wanted.items() if len(values) == 1 and field.endswith("_id")), None)
        if single:
            return self._build(endpoint, query, wanted, self.by(endpoint.path, single, wanted[single][0]))
        filters = tuple(
            sorted((name, tuple(sorted(values))) for name, values in query.items() if name not in NOT_FILTERS)
        )

        def build() -> View:
            return self._build(endpoint, query, wanted, self._about(endpoint, query))

        view: View = self._once(endpoint.path, filters, build)
        return view

    def _about(self, endpoint: Endpoint, query: Query) -> Sequence[Row]:
        """The rows that the first filter by time lets through, and a few more: found by an index."""
        rows, days = self.rows(endpoint.path), endpoint.trap.days
        for field, start, end in spans(endpoint, query):

            def index(field: str = field) -> tuple[list[Place], list[int]]:
                placed = sorted((place(row[field], days), number) for number, row in enumerate(rows) if row.get(field))
                return [at for at, _ in placed], [number for _, number in placed]

            places, numbers = self._once(endpoint.path, ("at", field), index)
            first = 0 if start is None else bisect_left(places, start)
            last = len(places) if end is None else bisect_right(places, end)
            return [rows[number] for number in sorted(numbers[first:last])]
        return rows

    def _build(
        self, endpoint: Endpoint, query: Query, wanted: Mapping[str, tuple[str, ...]], rows: Sequence[Row]
    ) -> View:
        shows = endpoint.trap.shows
        seen = [row for row in rows if shows is None or shows(row, query, self._org.modes, self.now)]
        if wanted:
            seen = [row for row in seen if passes(row, wanted)]
        for name, (path, field) in endpoint.trap.has.items():
            if name in query:
                found = {row.get(field) for row in self.rows(path)}
                seen = [row for row in seen if (row["id"] in found) == (query[name] == ("true",))]
        seen = between(endpoint, seen, query)
        newest_first = "sort_by" in endpoint.parameters
        keys = [_sort_key(name) for name in (("created_at", "id") if newest_first else endpoint.trap.order)]
        if keys:
            seen.sort(key=lambda row: [key(row) for key in keys])
        if newest_first and query.get("sort_by") != ("created_at_oldest_first",):
            seen.reverse()
        return View(seen, {str(row.get("id")): place for place, row in enumerate(seen)})

    def _once(self, path: str, name: object, make: Callable[[], Any]) -> Any:
        rows = self.rows(path)
        size = (len(rows), len(self._org.modes))
        with self._lock:
            kept = self._kept.get((path, name))
            if kept is None or kept[0] is not rows or kept[1] != size:
                kept = self._kept[(path, name)] = (rows, size, make())
            return kept[2]
