"""The begin and the end of a step: its version, SCHEMA of empty streams, ACTIVATE_VERSION and STATE."""

from __future__ import annotations

from collections.abc import Sequence

from tap_incident.protocol import state as states
from tap_incident.sync.bookmarks import state_after_page, state_at_end
from tap_incident.sync.context import RunContext
from tap_incident.sync.replication import ResumePoint, nested_nodes
from tap_incident.sync.windows import Window


def begin_step(run: RunContext, point: ResumePoint) -> None:
    """Before the first list of a step: its version, and what the interrupted run knew."""
    if run.config.activate_version:
        # No version for streams with a window: rows outside the window still exist.
        emitted = (each for each in point.step.emitted() if not each.replication_key and not each.stream.window)
        full = [selected.stream.name for selected in emitted]
        run.writer.versions |= dict.fromkeys(full, run.version)
    if point.newest:
        run.newest[point.step.name] = point.newest


def close_step(run: RunContext, point: ResumePoint) -> None:
    """After the last list of a step: SCHEMA of empty streams, ACTIVATE_VERSION, and the bookmark."""
    problems = run.problems
    emitted = [selected for selected in point.step.emitted() if selected.stream.name not in problems.denied]
    for selected in emitted:
        run.writer.schema(selected)
        # After a resume, nobody knows which version the first rows have by now: another run may have come between.
        if not point.is_resumed and not problems.may_be_incomplete(selected.stream.name):
            run.writer.activate(selected.stream.name)
    run.ended.add(point)
    if emitted:
        _write_last_state(run, point)


def _write_last_state(run: RunContext, point: ResumePoint) -> None:
    problems, name = run.problems, point.step.name
    if any(root.stream.name in problems.failed for root, _ in point.step.lists):
        if name in run.advanced:
            run.stuck.add(name)
        return
    state = state_at_end(
        point,
        run.state,
        newest=run.newest.get(name),
        began=run.began(point),
        lacks=_lacking(run, point) & _of_bookmark(point),
        denied={part: run.refused_ids.get(each, "") for part, each in _denied(run, point)},
    )
    for selected in point.step.emitted():
        # Rows that the bookmark covers may have been deleted, for example those of other modes.
        if selected.stream.name in run.writer.activated and states.bookmark(state, selected.stream.name):
            state = states.drop_bookmark(state, selected.stream.name)
    run.write_state(state)


def _denied(run: RunContext, point: ResumePoint) -> list[tuple[str, str]]:
    """(property, stream) of the nested parts that the key may not read."""
    nested = ((part, node.stream.name) for part, node in nested_nodes(point.step).items())
    return [(part, name) for part, name in nested if name in run.problems.denied]


def _of_bookmark(point: ResumePoint) -> set[str]:
    """The streams whose rows the bookmark of a step covers: others are read completely by the next run too."""
    return {point.step.lists[0][0].stream.name, *(node.stream.name for node in nested_nodes(point.step).values())}


def _lacking(run: RunContext, point: ResumePoint) -> set[str]:
    """The streams of a step that could not be read for some rows, which a resumed run would not read again."""
    problems, step = run.problems, point.step
    names = {node.stream.name for root, _ in step.lists for node in root.tree()}
    nested = {node.stream.name for node in nested_nodes(step).values()}
    lacking = (names & problems.incomplete) | {name for name in nested if problems.may_lack_rows(name)}
    return lacking - problems.denied


def write_page_state(run: RunContext, point: ResumePoint, list_index: int, left: Sequence[Window]) -> None:
    """Write STATE once all rows of one list are written, except those in `left`, unless the stream has failed."""
    name = point.step.name
    if any(root.stream.name in run.problems.failed for root, _ in point.step.lists):
        return
    run.advanced.add(name)
    state = state_after_page(
        point,
        run.state,
        list_index=list_index,
        left=left,
        newest=run.newest.get(name),
        began=run.began(point),
        lacks=_lacking(run, point),
        denied=[part for part, _ in _denied(run, point)],
    )
    run.write_state(state)
