"""The second look: what an incremental step may have missed because a parent changed.

The API shows an action only to a request with the mode of its incident. When an incident changes its mode, its actions
move from one list to another, or become visible, without a change of their own. So after the lists of an incremental
step, the parents that changed are listed once more, and their children are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tap_incident.api.answers import Page, Row
from tap_incident.api.children import child_params
from tap_incident.protocol.state import Tally
from tap_incident.sync.plan import Node, pages_for
from tap_incident.sync.reading import Batch, PageEnd, Source
from tap_incident.sync.rows import as_messages, readable
from tap_incident.sync.shared import Shared
from tap_incident.timestamps import instant, is_timestamp

_WORTH_IT = 4
"""Whole lists are read instead of those of each parent if they take so many times fewer requests."""


@dataclass(frozen=True)
class SecondLook:
    """Which parents to read again, and which of their children."""

    key: str
    """Property that holds the time of the last change, of parents and children."""
    began: str
    """Start of the run. Parents that changed since then are read again with all their children."""
    since: str | None
    """Parents that changed since then are read again too, but only with the children that did not change since then,
    or that changed during the run. The lists of the step bring the others."""

    def is_due(self, parent: Row) -> bool:
        """True if the children of this parent may have been missed."""
        if self._changed(parent, self.key, self.began):
            return True
        # Children of a parent that was created since then are newer than that too.
        return self._changed(parent, self.key, self.since) and not self._changed(parent, "created_at", self.since)

    def missed(self, child: Row, parent: Row) -> bool:
        """True if the lists of the step may not have brought this child."""
        if self.since is None or self._changed(parent, self.key, self.began):
            return True
        if self._changed(child, self.key, self.since):
            # What changed during the run may have changed after its list was read.
            return self._changed(child, self.key, self.began)
        # The lists of the step bring rows without a timestamp in any case.
        return bool(child.get(self.key))

    @staticmethod
    def _changed(row: Row, key: str, since: str | None) -> bool:
        value = row.get(key)
        return since is not None and is_timestamp(value) and instant(value) >= instant(since)


def looked_at(shared: Shared, source: Source, parents: Iterator[Page]) -> Iterator[Batch | PageEnd]:
    """The messages of the children to write again. Raises what `parents` raises."""
    start, child = source.start, source.node.children[0]
    key, parent_id = str(source.node.stream.replication_key), child.stream.parent.id_param
    look = SecondLook(key, start.known.started or shared.client.began, start.since)
    for page in parents:
        due = {str(row.get("id")): row for row in page.rows if look.is_due(row)}
        read = _listed(shared, child, len(due)) or _of_each(shared, child, due)
        for each in read:
            below = [(row, due.get(str(row.get(parent_id)))) for row in each.rows]
            missed = [row for row, parent in below if parent and look.missed(row, parent)]
            messages = as_messages(shared, child, iter([replace(each, rows=missed)]))
            yield from (message for message in messages if isinstance(message, Batch))
        yield PageEnd(source, page.after, Tally())


def _listed(shared: Shared, child: Node, parents: int) -> Iterator[Page] | None:
    """The children from the lists of the whole organisation; None if these take too many requests."""
    lists = child.stream.list_params(shared.config.incident_modes)
    if parents < _WORTH_IT * len(lists):
        return None
    opened = [shared.ahead(shared.pages(child.stream, params)) for params in lists]
    first = [next(pages) for pages in opened]
    if sum(pages_for(page.total or 0, child.stream) for page in first) * _WORTH_IT > parents:
        return None
    return (page for each, pages in zip(first, opened, strict=True) for page in (each, *pages))


def _of_each(shared: Shared, child: Node, due: Mapping[str, Row]) -> Iterator[Page]:
    opened = []
    for row in due.values():
        if shared.problems.is_wanted(child):
            params = child_params(child.stream, row, shared.span, shared.seen.first)
            opened.append((row, [shared.ahead(shared.pages(child.stream, each)) for each in params]))
    for parent, lists in opened:
        yield from readable(shared, child, parent, lists)
