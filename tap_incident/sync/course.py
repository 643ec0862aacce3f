"""How far a step is, and the cursor that says so in the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tap_incident.errors import Unreadable
from tap_incident.protocol.state import Bookmark, Left, Tally
from tap_incident.sync.plan import Node
from tap_incident.sync.reading import Source
from tap_incident.sync.resume import Start


@dataclass
class Course:
    """How far a step is."""

    start: Start
    tally: Tally
    """The rows that are out, also those of an interrupted run."""
    left: dict[Source, Left] = field(default_factory=dict)
    """What is left of it, by the source that reads it."""
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

    def cursor(self, began: str, gone: Mapping[str, int]) -> Bookmark:
        """Where the next run resumes. This run began at `began`, and `gone` is what `Problems.only_gone` says."""
        known, is_incremental = self.start.known, self.start.step.replication_key is not None
        return replace(
            known,
            organisation=self.start.organisation,
            walk=self.start.walk,
            left=tuple(self.left.values()),
            started=(known.started or began) if is_incremental else None,
            tally=self.tally if is_incremental else replace(self.tally, refused=()),
            gone=gone,
        )
