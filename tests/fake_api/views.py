"""What a request gets to see of a list, and the way from a cursor to its row; kept while the list stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from .endpoint import Endpoint, Query
from .making import Row, instant
from .organisation import Organisation
from .times import between

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
        self._lock = Lock()
        self._kept: dict[tuple[str, object], tuple[list[Row], tuple[int, int], Any]] = {}

    @property
    def now(self) -> datetime:
        """The organisation's present."""
        return self._org.now

    def rows(self, path: str) -> list[Row]:
        """All rows of a path, seen or not."""
        return self._org.rows.setdefault(path, [])

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
        for param in endpoint.params:
            if param.field and param.name in query:
                return self._build(endpoint, query, self.by(endpoint.path, param.field, query[param.name][0]))
        filters = tuple(
            sorted((name, tuple(sorted(values))) for name, values in query.items() if name not in NOT_FILTERS)
        )
        view: View = self._once(endpoint.path, filters, lambda: self._build(endpoint, query, self.rows(endpoint.path)))
        return view

    def _build(self, endpoint: Endpoint, query: Query, rows: Sequence[Row]) -> View:
        shows = endpoint.shows
        seen = [row for row in rows if shows is None or shows(row, query, self._org.modes)]
        for param in endpoint.params:
            if param.field and param.name in query:
                seen = [row for row in seen if row.get(param.field) == query[param.name][0]]
        seen = between(seen, endpoint.params, query)
        keys = [_sort_key(name) for name in endpoint.order]
        if keys:
            seen.sort(key=lambda row: [key(row) for key in keys])
        if endpoint.oldest_first and query.get(endpoint.oldest_first[0]) != (endpoint.oldest_first[1],):
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
