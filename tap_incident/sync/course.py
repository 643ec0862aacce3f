"""How far a step is, and the cursor that says so in the state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tap_incident.errors import Unreadable
from tap_incident.protocol.state import Bookmark, Left
from tap_incident.sync.plan import Node
from tap_incident.sync.reading import PageEnd, Source
from tap_incident.sync.resume import Start
from tap_incident.timestamps import instant


@dataclass
class Course:
    """How far a step is. What it counts includes the rows of an interrupted run."""

    start: Start
    left: dict[Source, Left] = field(default_factory=dict)
    """What is left of it, by the source that reads it."""
    newest: str | None = None
    again: str | None = None
    """Earliest change among the rows that the next run has to read again."""
    rows: int = 0
    denied: dict[str, str] = field(default_factory=dict)
    lacks: Counter[str] = field(default_factory=Counter)
    refusals: dict[int, tuple[Node, Unreadable]] = field(default_factory=dict)
    """Lists that the key may not read, by number. What that means is known once all lists have ended."""
    looked_again: bool = False
    has_cursor: bool = False
    """True if the state says where this run is, or where it can be resumed later."""

    def is_read_elsewhere(self, node: Node) -> bool:
        """True if this run was allowed to read another list of this stream."""
        lists = self.start.step.lists
        tried = {left.list for left in self.start.left if left.list < len(lists)}
        return any(lists[number][0].stream is node.stream for number in tried - self.refusals.keys())

    def add(self, page: PageEnd) -> None:
        """The rows of a page are out."""
        self.newest = max(filter(None, (self.newest, page.newest)), key=instant, default=None)
        self.again = min(filter(None, (self.again, page.again)), key=instant, default=None)
        self.rows += page.rows
        self.denied = {**page.denied, **self.denied}
        self.lacks.update(page.lacks)

    def cursor(self, began: str, gone: Mapping[str, int]) -> Bookmark:
        """Where the next run resumes. This run began at `began`, and `gone` is what `Problems.only_gone` says."""
        known, is_incremental = self.start.known, self.start.step.replication_key is not None
        return replace(
            known,
            organisation=self.start.organisation,
            walk=self.start.walk,
            left=tuple(self.left.values()),
            started=(known.started or began) if is_incremental else None,
            newest=self.newest,
            again=self.again,
            rows=self.rows,
            gone=gone,
            refused=self.denied if is_incremental else {},
            lacks=dict(self.lacks),
        )
