"""The writer's side of a run: what is out, what is left, and the STATE that says so. Only in the main thread.

Source: Singer spec, sections "Output" and "State".
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tap_incident.errors import Forbidden, MissingPermission, Rejected, Unanswered, Unreadable
from tap_incident.protocol.messages import Writer
from tap_incident.protocol.state import Bookmark, Left, State, Tally, bookmark, with_bookmark
from tap_incident.streams import BY_NAME
from tap_incident.sync.plan import Node
from tap_incident.sync.problems import Problems, Status
from tap_incident.sync.progress import Progress
from tap_incident.sync.reading import Batch, Failed, Fatal, Gift, Item, PageEnd, Source
from tap_incident.sync.resume import Start, final
from tap_incident.sync.summary import of
from tap_incident.sync.windows import Room

LOGGER = logging.getLogger(__name__)


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

    def cursor(self, began: str, problems: Problems) -> Bookmark:
        """Where the next run resumes. This run began at `began`."""
        known, step = self.start.known, self.start.step
        is_incremental = bool(step.replication_key)
        # Of an incremental step, `tally` says which parts its rows lack.
        parts = [part.name for part in step.parts.values() if not is_incremental]
        return replace(
            known,
            organisation=self.start.organisation,
            walk=self.start.walk,
            left=tuple(self.left.values()),
            started=(known.started or began) if is_incremental else None,
            tally=self.tally if is_incremental else replace(self.tally, refused=()),
            gone=problems.only_gone(step.root),
            incomplete=problems.lacking_rows((*(each.stream.name for each in step.emitted()), *parts)),
        )


@dataclass
class StateWriter:
    """Writes what the readers hand over, and keeps the state."""

    state: State
    writer: Writer
    problems: Problems
    progress: Progress
    began: str
    """Start of the run (RFC 3339)."""
    versions: Mapping[str, int]
    """Table versions of the streams that are read completely."""
    _courses: dict[str, Course] = field(default_factory=dict)
    _stuck: set[str] = field(default_factory=set)
    """Steps whose cursor stays, because they failed after a STATE had it."""
    _at_state: int | None = None
    """Records before the last STATE; None before the first one."""

    @property
    def is_done(self) -> bool:
        """True once all steps have ended."""
        return not self._courses

    def begin(self, start: Start, most_windows: int) -> list[Source]:
        """A step begins. Returns the sources to read."""
        course = Course(start, start.known.tally, looked_again=any(map(start.is_second_look, start.left)))
        self._courses[start.step.name] = course
        self.problems.resume(start.known.gone, start.known.incomplete)
        opened = Counter(left.list for left in start.left)
        rooms = {number: Room(most_windows, count) for number, count in opened.items()}
        return [self._opened(course, left, rooms[left.list]) for left in start.left]

    def _opened(self, course: Course, left: Left, room: Room) -> Source:
        node, params = course.start.listing(left, self.began)
        source = Source(course.start, left, node, params, room)
        course.left[source] = left
        return source

    def take(self, item: Item) -> list[Source]:
        """Write what a reader hands over. Returns sources to read from now on. Raises an error that ends the run."""
        if isinstance(item, Batch):
            self.writer.records_of(item.selected, item.lines)
            return []
        if isinstance(item, Fatal):
            raise item.error
        course = self._courses[item.source.start.step.name]
        if isinstance(item, Gift):
            course.left[item.source] = replace(course.left[item.source], start=item.start, end=item.end)
            course.left[item.to] = item.to.left
            return [item.to]
        if isinstance(item, Failed):
            self._failed(course, item.source, item.error)
        else:
            self._page(course, item)
        return self._next(course) if not course.left else []

    def _page(self, course: Course, page: PageEnd) -> None:
        source = page.source
        course.tally += page.tally
        total = None if page.total is None else page.total - course.start.known.tally.rows
        self.progress.page_out((course.start.step.name, str(source.params)), page.tally.rows, total, source.node)
        if page.after is None:
            del course.left[source]
        else:
            course.left[source] = replace(course.left[source], after=page.after)
        if course.left:
            self._write_cursor(course)

    def _failed(self, course: Course, source: Source, error: Unreadable) -> None:
        step, left = course.start.step, course.left.pop(source)
        is_second_look = course.start.is_second_look(left)
        if is_second_look and isinstance(error, MissingPermission | Forbidden):
            text = "%s: the key may not list incidents, so rows that a change of mode made visible may be missing. (%s)"
            LOGGER.warning(text, step.name, error)
            return
        if isinstance(error, MissingPermission | Forbidden) and left == source.left:
            course.refusals[left.list] = (source.node, error)
            return
        self.problems.list_failed(step.root if is_second_look else source.node, error, has_rows=left != source.left)
        if isinstance(error, Rejected) and left.asked != (None, None):
            course.has_cursor = False  # The next run would ask for the same window, and get the same answer.
        elif isinstance(error, Unanswered):
            self._stuck.add(step.name)

    def _next(self, course: Course) -> list[Source]:
        """What follows once all lists of a step have ended: the second look, or the end of the step."""
        step = course.start.step
        for node, error in course.refusals.values():
            self.problems.list_failed(node, error, has_rows=course.is_read_elsewhere(node))
        course.refusals.clear()
        if step.changed_parents and not course.looked_again and not self._is_frozen(course):
            course.looked_again = True
            source = self._opened(course, Left(len(step.lists)), Room(1, 1))
            self._write_cursor(course)
            return [source]
        del self._courses[step.name]
        self._close(course)
        return []

    def _is_frozen(self, course: Course) -> bool:
        """True if its state must not move on: rows of the step itself are missing, or a part of all further rows."""
        step, problems = course.start.step, self.problems
        if course.refusals or any(problems.status(root.name) for root, _ in step.lists):
            return True
        parts = [part.name for part in step.parts.values()] if step.replication_key else []
        return any(problems.status(part) is Status.ENDED or problems.parents[part].all_gone for part in parts)

    def _write_cursor(self, course: Course) -> None:
        if not self._is_frozen(course):
            course.has_cursor = True
            step = course.start.step
            self._write_state(with_bookmark(self.state, step.name, course.cursor(self.began, self.problems)))

    def _close(self, course: Course) -> None:
        """SCHEMA of empty streams, ACTIVATE_VERSION, and the bookmark."""
        start, problems = course.start, self.problems
        emitted = [each for each in start.step.emitted() if problems.status(each.stream.name) is not Status.SKIPPED]
        for selected in emitted:
            self.writer.schema(selected)
            # After a resume, nobody knows which version the first rows have by now: another run may have come between.
            name = selected.stream.name
            if name in self.versions and not start.is_resumed and not problems.may_be_incomplete(name):
                self._activate(name)
        self._log(course)
        if emitted and not self._is_frozen(course):
            self._write_state(with_bookmark(self.state, start.step.name, self._final(course)))
        elif emitted and course.has_cursor:
            self._stuck.add(start.step.name)

    def _activate(self, name: str) -> None:
        """Write ACTIVATE_VERSION. First forget the bookmark of incremental runs: the target deletes rows of theirs."""
        mark = bookmark(self.state, name)
        if mark.updated_at:
            kept = replace(mark, updated_at=None, scope=None, parts=None, denied=(), lacking={})
            self._write_state(with_bookmark(self.state, name, kept if mark.walk else Bookmark()))
        self.writer.activate(name, self.versions[name])

    def _final(self, course: Course) -> Bookmark:
        start, known = course.start, course.start.known
        if start.step.replication_key:
            return final(start, began=self.began, tally=course.tally)
        gone = any(self.problems.parents[part.name].all_gone for part in start.step.parts.values())
        # Rows that the bookmark of an earlier incremental run covers may lack a part by now.
        if not known.updated_at or course.tally.refused or course.tally.lacks or gone:
            return Bookmark()
        # It has read these parts of all rows.
        parts = None if known.parts is None else tuple(dict.fromkeys((*known.parts, *start.step.parts)))
        denied = tuple(part for part in known.denied if part not in start.step.parts)
        mark = bookmark(self.state, start.step.name).lasting()
        return replace(mark, parts=parts, denied=denied, lacking={}) if mark.updated_at else mark

    def _log(self, course: Course) -> None:
        name, records = course.start.step.name, self.writer.records
        names = [each.stream.name for each in course.start.step.emitted() if each.stream.name in records]
        counts = [f"{records[each]:,} {each}" if each != name else of(records[each], "row") for each in names]
        if counts:
            LOGGER.info("%s: %s", name, ", ".join(counts))
        for part, count in course.start.known.lacking.items() if course.start.step.replication_key else ():
            text = "%s: %s of %s could not be read in an earlier run: null, until the stream is read whole"
            LOGGER.warning(text, name, part, of(count, "row"))

    def _write_state(self, state: State) -> None:
        self.state = state
        self.writer.state(state)
        self._at_state = sum(self.writer.records.values())

    def finish(self) -> None:
        """After the last step: drop the cursors of streams that are no longer selected."""
        self.writer.flush()
        old: State = {**self.state, "bookmarks": self.state.get("bookmarks") or {}}
        state = {key: value for key, value in old.items() if key != "currently_syncing"}
        for name in old["bookmarks"].keys() & BY_NAME.keys() - self._stuck:
            mark = bookmark(self.state, name)
            if mark.walk is not None:
                # A later run would start in the middle.
                state = with_bookmark(state, name, mark.lasting())
        if state != old or self._at_state is None:
            self._write_state(state)
        self.repeat_state()

    def repeat_state(self) -> None:
        """Write the last STATE once more: some targets forget it at the next RECORD."""
        if self._at_state is not None and self._at_state < sum(self.writer.records.values()):
            self.writer.state(self.state)
