"""What a request gets to see of a list, and the way from a cursor to its row; kept while the list stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any, NamedTuple

from .facts import Endpoint
from .making import Row, instant
from .organisation import Organisation
from .query import compared, passes, spans
from .traps import HAS_NOTES, SHOWS
from .wire import Query

NOT_FILTERS = ("after", "page_size")


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
            for row in self._rows(path):
                found = row.get(field) or ""
                for key in found if isinstance(found, list) else [found]:
                    groups.setdefault(key, []).append(row)
            return groups

        found: dict[str, list[Row]] = self._once(path, ("by", field), index)
        return found.get(value, [])

    def view(self, endpoint: Endpoint, query: Query) -> View:
        """What `query` gets to see of `endpoint`."""
        wanted = compared(endpoint, query)
        single = next((name for name, values in wanted.items() if len(values) == 1 and name.endswith("id")), None)
        if single:
            return self._build(endpoint, query, self.by(endpoint.path, single, wanted[single][0]))
        # Where another list decides, what is kept would not notice its changes.
        if HAS_NOTES in query:
            return self._build(endpoint, query, self._rows(endpoint.path))
        filters = tuple(sorted((name, *sorted(query[name])) for name in query if name not in NOT_FILTERS))
        rows = self._rows(endpoint.path)
        view: View = self._once(endpoint.path, filters, lambda: self._build(endpoint, query, rows))
        return view

    def _build(self, endpoint: Endpoint, query: Query, rows: Sequence[Row]) -> View:
        shows, wanted, times = SHOWS[endpoint.trap.shows], compared(endpoint, query), spans(endpoint, query)
        seen = [row for row in rows if passes(row, wanted, times, days=endpoint.trap.days) and shows(row, query, self)]
        if "sort_by" in endpoint.parameters:
            newest_first = query.get("sort_by") != ("created_at_oldest_first",)
            seen.sort(key=lambda row: (instant(row["created_at"]), row["id"]), reverse=newest_first)
        elif endpoint.trap.by_id:
            seen.sort(key=lambda row: str(row["id"]))
        return View(seen, {str(row.get("id")): place for place, row in enumerate(seen)})

    def _rows(self, path: str) -> list[Row]:
        rows: list[Row] = self.org.rows.setdefault(path, [])
        return rows

    def _once(self, path: str, name: object, make: Callable[[], Any]) -> Any:
        rows = self._rows(path)
        size = (len(rows), len(self.org.modes))
        with self._lock:
            kept = self._kept.get((path, name))
            if kept is None or kept[0] is not rows or kept[1] != size:
                kept = self._kept[(path, name)] = (rows, size, make())
            return kept[2]
