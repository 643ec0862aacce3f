"""What could not be read, and what that means for the exit code, for deletes and for bookmarks."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from tap_incident.errors import Gone, MissingPermission, TapError
from tap_incident.streams import BY_NAME, PERMISSIONS, UNKNOWN_SCOPE
from tap_incident.sync.plan import Node

LOGGER = logging.getLogger(__name__)

_ENOUGH_PARENTS = 3
"""If the requests for this number of parents or more all get a 404, the path is missing. Fewer may all be deleted."""


@dataclass
class Problems:
    """The problems of one run, by stream. Only the main thread uses it."""

    denied: set[str] = field(default_factory=set)
    """Streams that the key may not read. They are skipped."""
    missed: list[str] = field(default_factory=list)
    """Streams in `denied` that the catalog selects explicitly."""
    failed: dict[str, TapError] = field(default_factory=dict)
    """Streams that ended early, with the first error of each."""
    ended: set[str] = field(default_factory=set)
    """Streams in `failed` that get no more requests. The lists of the others are still read for their children."""
    incomplete: set[str] = field(default_factory=set)
    """Streams whose rows may exist though they were not read."""
    answered: set[str] = field(default_factory=set)
    """Streams that the API has answered at least one request for."""
    requested: Counter[str] = field(default_factory=Counter)
    """Number of child lists requested, by the child's stream."""
    gone: Counter[str] = field(default_factory=Counter)
    """How many of them were answered with 404."""
    refused: Counter[str] = field(default_factory=Counter)
    """How many of them were answered with 403 though others were answered with rows."""

    def is_wanted(self, node: Node) -> bool:
        """True if requests for this node still make sense."""
        if node.stream.name in self.denied or node.stream.name in self.ended:
            return False
        below = (each for each in node.tree() if each.stream.name not in self.denied)
        return node.nested or any(each.selected and each.stream.name not in self.failed for each in below)

    def deny(self, node: Node, error: MissingPermission) -> None:
        """Skip a stream that the key may not read, and all below it.

        Once the API has answered a request for it, a 403 only concerns one parent: it is counted.
        """
        name = node.stream.name
        if name in self.answered:
            self.refused[name] += 1
            self.incomplete.update(below.stream.name for below in node.tree())
            if self.refused[name] == 1:
                LOGGER.warning("%s: the rows of one parent are refused; the others are read. (%s)", name, error)
            return
        skipped = [below for below in node.tree() if below.stream.name not in self.denied]
        if not skipped:
            return  # Answers that were in flight when the first 403 came.
        self.denied.update(below.stream.name for below in skipped)
        self.missed += [below.stream.name for below in skipped if below.explicit]
        parent = node.stream.parent
        scope = error.scope or node.stream.scope.replace(UNKNOWN_SCOPE, "")
        LOGGER.warning(
            "%s: skipped%s: the key lacks the permission %s%s. Use a key that has it, or deselect %s. (%s)",
            " and ".join(below.stream.name for below in skipped),
            f" (null in {parent.stream}.{parent.nested_as})" if node.nested else "",
            scope or "for it",
            f' (in the dashboard: "{PERMISSIONS[scope]}")' if scope in PERMISSIONS else "",
            f"{parent.stream}.{parent.nested_as}" if node.nested and node.selected is None else "the stream",
            error,
        )

    def skip_below(self, node: Node) -> None:
        """Skip the streams below one that can't be listed: nothing is known of their rows."""
        below = [
            each for each in node.tree() if each.selected and each.stream.name not in self.denied | self.failed.keys()
        ]
        names = {each.stream.name for each in below}
        self.incomplete |= names
        if node.stream.name not in self.denied or not names:
            return
        self.denied |= names
        self.missed += [each.stream.name for each in below if each.explicit]
        LOGGER.warning("%s: skipped, because the key may not read %s", " and ".join(sorted(names)), node.stream.name)

    def fail(self, node: Node, error: TapError) -> None:
        """Write no more rows of this stream. The lists are still read for the streams below it."""
        name = node.stream.name
        self.incomplete.add(name)
        if name not in self.failed:
            self.failed[name] = error
            LOGGER.error("%s. The stream ends here; the others are still read", error)

    def end(self, node: Node, error: TapError) -> None:
        """Request no more of this stream, nor of those below it."""
        names = {below.stream.name for below in node.tree()}
        self.ended |= names
        self.incomplete |= names
        self.fail(node, error)

    def counts(self, node: Node) -> tuple[int, int, bool]:
        """A value that changes with each problem of a node: compare it to learn whether a list was read completely."""
        name = node.stream.name
        return self.gone[name], self.refused[name], self.is_wanted(node)

    def log_missing_parents(self) -> None:
        """Log how many parents were deleted before their children were requested."""
        for name, count in self.gone.items():
            if not self._is_withdrawn(name):
                LOGGER.info("%s: %d parents were deleted during the run, so they have no rows here", name, count)

    def may_be_incomplete(self, name: str) -> bool:
        """True if rows of the stream may exist though they were not read, so that nothing may be deleted."""
        return name in self.incomplete or 0 < self.requested[name] == self.gone[name]

    def may_lack_rows(self, name: str) -> bool:
        """True if the rows of one parent or more could not be read."""
        return name in self.incomplete or self.gone[name] > 0

    def raise_failures(self, selected: Collection[str]) -> None:
        """Raise TapError if something that was asked for could not be read. `selected` are the selected streams."""
        failures = [*self.failed.values(), *self._refusals(), *self._withdrawn()]
        if self.missed:
            failures.append(
                TapError(
                    f"The key may not read all that is selected: {', '.join(self.missed)} (see the warnings above)",
                    advice="Use a key with these permissions, or deselect them",
                )
            )
        elif not failures and selected and self.denied.issuperset(selected):
            failures.append(
                TapError(
                    "Nothing could be read: the key lacks the permissions for all selected streams "
                    "(see the warnings above)",
                    advice="Use a key with these permissions",
                )
            )
        if not failures:
            return
        rest = "Everything else was read" if self.answered else "Nothing was read"
        first, *others = failures
        also = f". {len(others)} more problems are in the lines above" if others else ""
        raise TapError(f"{first}{also}. {rest}", advice=first.advice)

    def _refusals(self) -> list[TapError]:
        return [
            TapError(
                f"{name}: {count} of {self.requested[name]} requests were refused (status 403) though others were "
                "answered: their rows are missing",
                advice="Use a key that may read private incidents, or deselect the stream",
            )
            for name, count in self.refused.items()
        ]

    def _is_withdrawn(self, name: str) -> bool:
        """True if the API seems to have given up the path of a child stream."""
        return _ENOUGH_PARENTS <= self.requested[name] == self.gone[name]

    def _withdrawn(self) -> list[TapError]:
        return [
            Gone(f"{name}: every one of {count} requests to {BY_NAME[name].path} was answered with 404")
            for name, count in self.gone.items()
            if self._is_withdrawn(name)
        ]
