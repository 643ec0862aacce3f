"""The second look: what a step may have missed because a parent changed.

The API shows an action only to a request with the mode of its incident. When an incident changes its mode, its actions
move from one list to another, or become visible, without a change of their own. So after the lists of a step, the
parents that changed are listed once more, and their children are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tap_incident.api.answers import Page, Row
from tap_incident.timestamps import instant, is_timestamp


@dataclass(frozen=True)
class SecondLook:
    """Which parents to read again, and which of their children."""

    key: str
    """Property that holds the time of the last change, of parents and children."""
    began: str
    """Start of the run. Parents that changed since then are read again with all their children."""
    since: str | None = None
    """For an incremental step: parents that changed since then are read again too, but only with the children that did
    not change since then. The lists of the step bring the others."""

    def parents(self, rows: list[Row], read: Mapping[str, Any]) -> list[Row]:
        """The parents to read again.

        `read` maps ids to the time of the last change, for the parents that were read since they changed.
        """
        return [row for row in rows if self._is_due(row, read)]

    def _is_due(self, row: Row, read: Mapping[str, Any]) -> bool:
        if changed_since(row, self.key, self.began):
            return bool(read.get(str(row.get("id"))) != row[self.key])
        # Children of a parent that was created since then are newer than that too.
        since = self.since
        return since is not None and changed_since(row, self.key, since) and not changed_since(row, "created_at", since)

    def children(self, pages: Iterator[Page], parent: Row) -> Iterator[Page]:
        """The pages with only the children of `parent` to read again."""
        if self.since is None or changed_since(parent, self.key, self.began):
            return pages
        return self._unchanged(pages, self.since)

    def _unchanged(self, pages: Iterator[Page], since: str) -> Iterator[Page]:
        for page in pages:
            # The lists of the step bring rows without a timestamp in any case.
            rows = [row for row in page.rows if row.get(self.key) and not changed_since(row, self.key, since)]
            yield replace(page, rows=rows)


def changed_since(row: Row, key: str, timestamp: str) -> bool:
    """True if the timestamp under `key` is `timestamp` or later; False if it can't be read."""
    value = row.get(key)
    return is_timestamp(value) and instant(value) >= instant(timestamp)
