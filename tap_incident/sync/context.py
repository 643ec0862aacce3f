"""What a run knows: its tools, and what it has seen so far. Everything that is logged at the end comes from here."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from singer import metrics

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.errors import MissingPermission
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.records import Shaper, shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State
from tap_incident.streams import BY_NAME, PERMISSIONS
from tap_incident.sync.child_requests import TimeSpan
from tap_incident.sync.fanout import Workers
from tap_incident.sync.plan import Node
from tap_incident.sync.spool import Seen, Spool

LOGGER = logging.getLogger(__name__)


@dataclass
class RunContext:
    """The state of one run. Only the main thread uses it."""

    config: Config
    client: Client
    workers: Workers
    writer: Writer
    state: State
    window: TimeSpan
    seen: Seen = field(default_factory=Seen)
    """Ids already requested through `also_by`, because several parents can share one."""
    shapers: dict[str, Shaper] = field(default_factory=dict)
    spools: dict[str, Spool] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    """Streams that the key may not read."""
    partial: set[str] = field(default_factory=set)
    """Streams that the interrupted run skipped in the part that it read."""
    missed: list[str] = field(default_factory=list)
    """Denied streams that the catalog selects explicitly."""
    newest: dict[str, str] = field(default_factory=dict)
    """Latest change among the rows read, by step."""
    requested: Counter[str] = field(default_factory=Counter)
    """Number of child lists requested, by the child's stream."""
    gone: Counter[str] = field(default_factory=Counter)
    """How many of them were answered with 404."""
    unknown: set[tuple[str, str]] = field(default_factory=set)
    """(stream, path) of properties that are not in the schemas."""
    logged: set[tuple[str, str]] = field(default_factory=set)
    """Those of `unknown` that were logged."""

    def shaper(self, selected: Selected) -> Shaper:
        """The function from a row of the stream to its record."""
        name = selected.stream.name
        if name not in self.shapers:
            add = self.unknown.add
            self.shapers[name] = shaper(selected, schema(selected.stream), lambda path: add((name, path)))
        return self.shapers[name]

    def deny(self, node: Node, error: MissingPermission) -> None:
        """Skip a stream that the key may not read, and all below it."""
        skipped = [below for below in node.tree() if below.stream.name not in self.denied]
        if not skipped:
            return  # Answers that were in flight when the first 403 came.
        self.denied.update(below.stream.name for below in skipped)
        self.missed += [below.stream.name for below in skipped if below.explicit]
        parent = node.stream.parent
        scope = error.scope or node.stream.scope
        LOGGER.warning(
            "%s: skipped%s: the key lacks the permission %s%s. Use a key that has it, or deselect the stream. (%s)",
            " and ".join(below.stream.name for below in skipped),
            f" (null in {parent.stream}.{parent.nested_as})" if node.nested else "",
            scope or "for it",
            f' (in the dashboard: "{PERMISSIONS[scope]}")' if scope in PERMISSIONS else "",
            error,
        )

    def log_timers(self) -> None:
        """Log the duration of the requests that have ended since the last call."""
        for point in self.client.timers():
            metrics.log(LOGGER, point)

    def log_record_counts(self) -> None:
        """Log the number of records per stream."""
        # Not metrics.Counter: each one sets up the logging of the process anew.
        for name, count in self.writer.records.items():
            metrics.log(LOGGER, metrics.Point("counter", metrics.Metric.record_count, count, {"endpoint": name}))

    def log_unknown_properties(self) -> None:
        """Log the properties of the API that are not in the schemas, each once."""
        fresh = sorted(self.unknown - self.logged)
        self.logged.update(fresh)
        for name, paths in groupby(fresh, key=itemgetter(0)):
            LOGGER.warning(
                "%s: the API sends properties that this version does not know; they are left out: %s",
                name,
                ", ".join(" ".join(path.split()) for _, path in paths),
            )

    def log_missing_parents(self) -> None:
        """Log how many parents were deleted before their children were requested."""
        for name, count in self.gone.items():
            LOGGER.info("%s: %d parents were deleted during the run, so they have no rows here", name, count)
            if count == self.requested[name] > 1:
                LOGGER.warning(
                    "%s: every one of %d requests was answered with 404: the API may no longer have %s",
                    name,
                    count,
                    BY_NAME[name].path,
                )
