"""What a problem means for its stream, for those below it, for deletes, for bookmarks, and for the exit code.

A list of its own: a missing permission skips the stream, anything else ends it. One parent of a child list: its rows
are missing, and the others are read, whichever comes first; only if the first ten all fail, the stream ends.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tap_incident.errors import BadData, Forbidden, Gone, MissingPermission, TapError, Unreadable
from tap_incident.streams import BY_NAME, PERMISSIONS
from tap_incident.sync.plan import Node

LOGGER = logging.getLogger(__name__)

_ALL_ALIKE = 10
"""If the first parents all fail, this number of them, the others are not asked for."""
_ENOUGH_GONE = 3
"""If this number of parents or more all get a 404, the path is missing. Fewer may all be deleted."""
_MOST_NAMED = 5


class Unwanted(Unreadable):
    """Nothing that a list is read for is wanted any more."""


class Status(Enum):
    """What became of a stream that had a problem of its own."""

    SKIPPED = "skipped"
    """The key may not read it."""
    ENDED = "ended"
    """It gets no more requests."""
    BROKEN = "broken"
    """A row of it fits no record: none is written any more. Its lists are still read for their children."""


@dataclass
class Parents:
    """The parents that a child stream was requested for, or the rows whose details were."""

    asked: int = 0
    answered: int = 0
    gone: int = 0
    failed: list[str] = field(default_factory=list)
    """Ids of the first ones whose rows are missing."""
    missing: int = 0
    """Number of those whose rows are missing."""
    error: TapError | None = None
    """The first of their errors."""

    @property
    def all_gone(self) -> bool:
        """True if the API seems to have given up the path."""
        return _ENOUGH_GONE <= self.gone == self.asked


class Problems:
    """The problems of one run, by stream. Thread-safe. Its attributes are complete once all lists have ended."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._status: dict[str, Status] = {}
        self.errors: dict[str, TapError] = {}
        """The first error of each stream that ended early."""
        self.parents: defaultdict[str, Parents] = defaultdict(Parents)
        self._incomplete: set[str] = set()
        self.explicit: list[str] = []
        """Skipped streams that the catalog selects explicitly."""
        self.unread_before: set[str] = set()
        """Streams of which the interrupted run left out rows."""
        self.has_read = False
        """True if the API has answered a request for rows."""

    def status(self, name: str) -> Status | None:
        """What became of the stream; None if it has no problem of its own."""
        return self._status.get(name)

    def names(self, status: Status) -> set[str]:
        """The streams with this status."""
        with self._lock:
            return {name for name, each in self._status.items() if each is status}

    def is_wanted(self, node: Node) -> bool:
        """True if requests for this node still make sense."""
        with self._lock:
            if self._status.get(node.name) in (Status.SKIPPED, Status.ENDED):
                return False
            return node.nested or any(each.selected and each.name not in self._status for each in node.tree())

    def answered(self, node: Node, *, parent: bool = False) -> None:
        """A list of this node was read, or its first page."""
        with self._lock:
            self.has_read = True
            if parent:
                self.parents[node.name].asked += 1
                self.parents[node.name].answered += 1

    def list_failed(self, node: Node, error: Unreadable, *, has_rows: bool = False) -> None:
        """A list of its own can't be read. `has_rows`: some of its rows were, or another list of its stream was."""
        if isinstance(error, Unwanted):
            self.nothing_known_below(node)
        elif isinstance(error, MissingPermission | Forbidden) and not has_rows:
            self._skip(node, error)
        else:
            self._end(node, error)

    def parent_failed(self, node: Node, parent: str, error: Unreadable) -> None:
        """The rows of one parent can't be read."""
        with self._lock:
            if isinstance(error, MissingPermission) and error.scope in ("", node.stream.scope):
                self._skip(node, error)
                return
            known = self.parents[node.name]
            known.asked += 1
            if isinstance(error, Gone):
                known.gone += 1
                return
            known.missing += 1
            known.error = known.error or error
            known.failed += [parent] if len(known.failed) < _MOST_NAMED else []
            self._incomplete.update(below.name for below in node.tree())
            if known.missing == 1:
                what = "the rows of one parent" if node.stream.parent.stream else "the details of one row"
                LOGGER.warning("%s: %s can't be read; the others are read. (%s)", node.name, what, error)
            if known.missing == _ALL_ALIKE and not known.answered:
                self._end(node, known.error)

    def row_failed(self, node: Node, error: BadData) -> None:
        """A row of this node fits no record. The lists are still read for the streams below it."""
        with self._lock:
            if node.name not in self._status:
                self._status[node.name] = Status.BROKEN
                self._note(node, error)
            self._incomplete.add(node.name)

    def nothing_known_below(self, node: Node) -> None:
        """The rows of the streams below this one are not known."""
        with self._lock:
            below = [each for each in node.tree() if each.selected and each.name not in self._status]
            names = sorted({each.name for each in below})
            self._incomplete.update(names)
            if self._status.get(node.name) is Status.SKIPPED and names:
                self._status.update(dict.fromkeys(names, Status.SKIPPED))
                self.explicit += [each.name for each in below if each.explicit]
                LOGGER.warning("%s: skipped, because the key may not read %s", " and ".join(names), node.name)

    def may_be_incomplete(self, name: str) -> bool:
        """True if rows of the stream may exist though they were not read, so that nothing may be deleted."""
        above: str | None = name
        while above and above not in self._incomplete:
            known = self.parents[above]
            if 0 < known.asked == known.gone:
                return True
            above = BY_NAME[above].parent.stream
        return name in self._incomplete

    def only_gone(self, node: Node) -> dict[str, int]:
        """The child streams below `node` for which all requests were answered with 404, and the number of them."""
        known = {below.name: self.parents[below.name] for below in node.tree()}
        return {name: each.gone for name, each in known.items() if 0 < each.gone == each.asked}

    def lacking_rows(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the streams of which rows were skipped, or could not be read."""
        with self._lock:
            return tuple(name for name in names if name in self._incomplete or self._status.get(name) is Status.SKIPPED)

    def resume(self, gone: Mapping[str, int], incomplete: Iterable[str]) -> None:
        """What `only_gone` and `lacking_rows` found in the interrupted run."""
        for name in gone.keys() & BY_NAME.keys():
            self.parents[name].asked += gone[name]
            self.parents[name].gone += gone[name]
        known = BY_NAME.keys() & {*incomplete}
        self.unread_before.update(known)
        self._incomplete.update(known)

    def _skip(self, node: Node, error: MissingPermission | Forbidden) -> None:
        with self._lock:
            if self._status.get(node.name) is Status.SKIPPED:
                self.nothing_known_below(node)
                return
            skipped = [below for below in node.tree() if self._status.get(below.name) is not Status.SKIPPED]
            self._status.update(dict.fromkeys((below.name for below in skipped), Status.SKIPPED))
            self.explicit += [below.name for below in skipped if below.explicit]
        names = " and ".join(below.name for below in skipped)
        null = f" (null in {node.stream.parent.stream}.{node.part})" if node.nested else ""
        if isinstance(error, Forbidden):
            LOGGER.warning("%s: skipped%s: the API refuses it. (%s)", names, null, error)
            return
        lacks = f"the key lacks the permission {permission(error.scope or node.stream.scope)}"
        deselect = "the stream" if node.label == node.name else node.label
        LOGGER.warning(
            "%s: skipped%s: %s. Use a key that has it, or deselect %s. (%s)", names, null, lacks, deselect, error
        )

    def _end(self, node: Node, error: TapError) -> None:
        with self._lock:
            if self._status.get(node.name) in (Status.SKIPPED, Status.ENDED):
                self.nothing_known_below(node)
                return
            for below in node.tree():
                if self._status.get(below.name) is not Status.SKIPPED:
                    self._status[below.name] = Status.ENDED
                    self._incomplete.add(below.name)
            self._note(node, error)

    def _note(self, node: Node, error: TapError) -> None:
        if node.name not in self.errors:
            self.errors[node.name] = error
            LOGGER.error("%s. The stream ends here; the others are still read", error)

    def log_deleted_parents(self) -> None:
        """Log how many parents were deleted before their children were requested."""
        for name, known in list(self.parents.items()):
            if known.gone and not known.all_gone:
                text = "%s: %s deleted during the run, so there are no rows of %s"
                were = ("1 parent was", "it") if known.gone == 1 else (f"{known.gone:,} parents were", "them")
                LOGGER.info(text, name, *were)

    def incomplete(self) -> set[str]:
        """Streams without a status of their own of which rows are missing."""
        return self._incomplete - self._status.keys()


def permission(scope: str) -> str:
    """A permission for a message: its name, and what the dashboard calls it."""
    return f'{scope} (in the dashboard: "{PERMISSIONS[scope]}")' if scope in PERMISSIONS else scope or "for it"
