"""What a run knows: its tools, and what it has seen so far. Everything that is logged at the end comes from here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tap_incident.api.client import Client
from tap_incident.config import Config
from tap_incident.log_lines import progress_is_rewritten
from tap_incident.logs import masked, shortened
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.records import Shaper, shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State
from tap_incident.streams import Params
from tap_incident.sync.child_requests import TimeSpan
from tap_incident.sync.fanout import Prefetched, Tasks, Workers
from tap_incident.sync.metrics import Metrics
from tap_incident.sync.problems import Problems
from tap_incident.sync.progress import Progress
from tap_incident.sync.replication import ResumePoint
from tap_incident.sync.spool import Seen, Spool
from tap_incident.sync.summary import EndedLists
from tap_incident.timestamps import instant

LOGGER = logging.getLogger(__name__)

_MOST_UNKNOWN = 1_000
_SHOWN_UNKNOWN = 20
_LONGEST_PATH = 200


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
    """Rows of children that are read before their parents, by stream."""
    early: dict[tuple[str, Params, str | None], Prefetched] = field(default_factory=dict)
    """Pages that were requested before the plan was made, by step, parameters and cursor. Two steps can ask for the
    same page: each needs its own."""
    problems: Problems = field(default_factory=Problems)
    newest: dict[str, str] = field(default_factory=dict)
    """Latest change among the rows read, by step."""
    first_newest: dict[str, str] = field(default_factory=dict)
    """Latest change among the rows of the first page, by step."""
    advanced: set[str] = field(default_factory=set)
    """Steps for which this run has written a cursor."""
    stuck: set[str] = field(default_factory=set)
    """Steps that failed after that, so that they keep their cursor."""
    refused_ids: dict[str, str] = field(default_factory=dict)
    """Id of a row whose nested part was refused, by the nested stream."""
    recent: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By step: id and time of the last change of the parents that changed during the run and were read since."""
    version: int = field(default_factory=lambda: int(time.time() * 1000))
    """Table version of the streams that this run reads from scratch and completely."""
    records_at_state: int = 0
    """Number of records that were out at the last STATE."""
    unknown: dict[str, set[str]] = field(default_factory=dict)
    """Paths of properties that are not in the schemas, by stream: at most `_MOST_UNKNOWN`, and none of them is long."""
    clock: Callable[[], float] = time.monotonic
    tasks: Tasks = field(init=False)
    progress: Progress = field(init=False)
    metrics: Metrics = field(init=False)
    ended: EndedLists = field(init=False)
    started_at: float = field(init=False)
    """Start of the run, by the clock."""

    def __post_init__(self) -> None:
        self.tasks = Tasks(self.config.max_concurrency, self.workers.wait)
        self.progress = Progress(lambda: self.client.sent, self.client.seconds_for, self.clock, progress_is_rewritten())
        self.metrics = Metrics(self.writer.records, self.clock)
        self.ended = EndedLists(self.writer.records, self.clock)
        self.started_at = self.clock()

    @property
    def modes(self) -> tuple[str, ...]:
        """The incident modes to read."""
        return self.config.incident_modes

    def shaper(self, selected: Selected) -> Shaper:
        """The function from a row of the stream to its record."""
        name = selected.stream.name
        if name not in self.shapers:
            self.shapers[name] = shaper(selected, schema(selected.stream), self._collector(name))
        return self.shapers[name]

    def began(self, point: ResumePoint) -> str:
        """The time (RFC 3339) from which on changes may be missing in what the step reads."""
        began = self.client.began
        if point.started:
            return point.started
        # This machine's clock may be ahead. A row on the first page had changed by the time of that answer.
        return min(began, self.first_newest.get(point.step.name, began), key=instant)

    def write_state(self, state: State) -> None:
        """Write STATE, which covers all records so far."""
        self.state = state
        self.writer.state(state)
        self.records_at_state = sum(self.writer.records.values())

    def tick(self) -> None:
        """Log what is due by now. It is called after each row."""
        self.metrics.tick()
        self.ended.tick()

    def _collector(self, name: str) -> Callable[[str], None]:
        """A function that keeps the path of an unknown property of the stream `name`."""
        paths = self.unknown.setdefault(name, set())
        key = self.config.api_key

        def collect(path: str) -> None:
            if len(paths) < _MOST_UNKNOWN:
                paths.add(path if len(path) <= _LONGEST_PATH else shortened(masked(path, key), _LONGEST_PATH))

        return collect

    def log_unknown_properties(self) -> None:
        """Log the properties of the API that are not in the schemas, but only the first of many."""
        paths = [f"{name}.{path}" for name, paths in sorted(self.unknown.items()) for path in sorted(paths)]
        more = len(paths[_SHOWN_UNKNOWN:])
        at_least = "at least " * any(len(paths) == _MOST_UNKNOWN for paths in self.unknown.values())
        if paths:
            LOGGER.warning(
                "The API sends properties that this version does not know; they are left out: %s%s",
                ", ".join(paths[:_SHOWN_UNKNOWN]),
                f", and {at_least}{more:,} others" if more else "",
            )
