"""The second look: what an incremental step may have missed because a parent changed.

The API shows an action only to a request with the mode of its incident. When an incident changes its mode, its actions
move from one list to another, or become visible, without a change of their own. So after the lists of an incremental
step, the parents that changed are listed once more, and their children are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tap_incident.api.answers import Page, Row
from tap_incident.sync.child_requests import child_params
from tap_incident.sync.plan import Node, pages_for
from tap_incident.sync.rows import readable
from tap_incident.sync.shared import Shared
from tap_incident.timestamps import instant, is_timestamp

_WORTH_IT = 4
"""Whole lists are read instead of those of each parent if they take so many times fewer requests."""


@dataclass(frozen=True)
class SecondLook:
    """Which parents to read again, and which of their children."""

    node: Node
    """The parents, with one child."""
    began: str
    """Start of the run. Parents that changed since then are read again with all their children."""
    since: str | None
    """Parents that changed since then are read again too, but only with the children that did not change since then.
    The lists of the step bring the others."""

    @property
    def child(self) -> Node:
        """The node that is read again."""
        return self.node.children[0]

    @property
    def key(self) -> str:
        """Property that holds the time of the last change, of parents and children."""
        return self.node.stream.replication_key or ""

    def is_due(self, parent: Row) -> bool:
        """True if the children of this parent may have been missed."""
        since = self.since
        # Children of a parent that was created since then are newer than that too.
        return self._changed(parent, self.key, self.began) or bool(
            since and self._changed(parent, self.key, since) and not self._changed(parent, "created_at", since)
        )

    def missed(self, child: Row, parent: Row) -> bool:
        """True if the lists of the step may not have brought this child."""
        if self.since is None or self._changed(parent, self.key, self.began):
            return True
        # The lists of the step bring rows without a timestamp in any case.
        return bool(child.get(self.key)) and not self._changed(child, self.key, self.since)

    @staticmethod
    def _changed(row: Row, key: str, timestamp: str) -> bool:
        value = row.get(key)
        return is_timestamp(value) and instant(value) >= instant(timestamp)


def looked_at(shared: Shared, look: SecondLook, parents: Iterator[Page]) -> Iterator[tuple[Page, list[Page]]]:
    """Each page of parents, with pages of the children to write again. Raises what `parents` raises."""
    for page in parents:
        due = {str(row.get("id")): row for row in page.rows if look.is_due(row)}
        read = _listed(shared, look, due) or _of_each(shared, look, list(due.values()))
        yield page, [replace(each, rows=rows) for each, rows in read]


_Read = Iterator[tuple[Page, list[Row]]]


def _listed(shared: Shared, look: SecondLook, due: dict[str, Row]) -> _Read | None:
    """The children from the lists of the whole organisation; None if these take too many requests."""
    stream = look.child.stream
    lists = stream.list_params(shared.config.incident_modes)
    if len(due) < _WORTH_IT * len(lists):
        return None
    opened = [shared.ahead(shared.pages(stream, params)) for params in lists]
    first = [next(pages) for pages in opened]
    if sum(pages_for(page.total or 0, stream) for page in first) * _WORTH_IT > len(due):
        return None
    key = stream.parent.id_param
    every = (page for each, pages in zip(first, opened, strict=True) for page in (each, *pages))
    return (
        (page, [row for row in page.rows if (parent := due.get(str(row.get(key)))) and look.missed(row, parent)])
        for page in every
    )


def _of_each(shared: Shared, look: SecondLook, due: Sequence[Row]) -> _Read:
    stream = look.child.stream
    opened = []
    for row in due:
        if shared.problems.is_wanted(look.child):
            params = child_params(stream, row, shared.span, shared.seen.first)
            opened.append((row, [shared.ahead(shared.pages(stream, each)) for each in params]))
    for parent, lists in opened:
        for page in readable(shared, look.child, parent, lists):
            yield page, [row for row in page.rows if look.missed(row, parent)]
