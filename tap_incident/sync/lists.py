"""One list of a step, from its first row to its last: windows, cursors, the rows that are due."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from tap_incident.api.answers import Page
from tap_incident.errors import MissingPermission, Rejected, Unreadable
from tap_incident.sync.context import RunContext
from tap_incident.sync.due import due_rows
from tap_incident.sync.fanout import Future, Task
from tap_incident.sync.open_list import OpenList
from tap_incident.sync.plan import requests_for
from tap_incident.sync.steps import write_page_state
from tap_incident.sync.walk import walk
from tap_incident.sync.windows import CutPage, Window

LOGGER = logging.getLogger(__name__)


def read_list(run: RunContext, opened: OpenList) -> Task:
    """Write one list with all its children."""
    if not opened.pages or not run.problems.is_wanted(opened.node):
        if not opened.is_second_look:
            run.problems.skip_below(opened.node)
        return
    first, *others = opened.pages
    opened.running = 1
    for number in others:
        _read_beside(run, opened, number)
    yield from _read_window(run, opened, first)
    if not opened.ended.done():
        yield opened.ended
    if not opened.failed and opened.list_index + 1 < opened.point.list_count:
        write_page_state(run, opened.point, opened.list_index + 1, [Window()])


def _read_beside(run: RunContext, opened: OpenList, number: int) -> None:
    opened.running += 1
    run.tasks.join(_read_window(run, opened, number))


def _read_window(run: RunContext, opened: OpenList, number: int) -> Task:
    """Read one window to its end, and handle what keeps the list from being read."""
    try:
        while number in opened.left and not opened.failed:
            cut = yield from _read_until_cut(run, opened, number)
            if cut is not None:
                yield from _continue_in_windows(run, opened, number, cut)
    except MissingPermission as error:
        opened.failed = True
        _refused(run, opened, error)
    except Unreadable as error:
        opened.failed = True
        run.problems.end(opened.node, error)
    opened.running -= 1
    if not opened.running:
        opened.ended.set_result(None)


def _read_until_cut(
    run: RunContext, opened: OpenList, number: int
) -> Generator[Future[Any] | None, None, CutPage | None]:
    """Read one window. Returns the page after which the rest of it was cut, if it was."""
    yield from _accepted(run, opened, number)
    window, name = opened.left.get(number), opened.point.step.name
    if window is None:
        return None
    _expect(run, opened, opened.pages[number].peek())
    read = walk(
        run,
        opened.node,
        opened.pages[number],
        lambda page: due_rows(run, opened.point, opened.node, window, page),
        lambda: run.progress.row(name),
    )
    for step in read:
        if isinstance(step, Future):
            yield step
            continue
        if number not in opened.left or opened.failed:
            return None
        after = step.next_page if isinstance(step, CutPage) else step.after
        if after is None:
            del opened.left[number]
        else:
            opened.left[number] = replace(window, after=after)
        if opened.left:
            write_page_state(run, opened.point, opened.list_index, list(opened.left.values()))
        if isinstance(step, CutPage):
            return step
        yield None
    return None


def _expect(run: RunContext, opened: OpenList, first: Page | None) -> None:
    """Give the progress what is known. Of a resumed list, nobody knows how much of it is left."""
    if first is not None and first.total is not None and not opened.is_second_look and not opened.point.is_resumed:
        run.progress.expect(opened.point.step.name, first.total, requests_for(opened.node, first.total))


def _accepted(run: RunContext, opened: OpenList, number: int) -> Iterator[Future[Any]]:
    """Wait for the first page. If the API no longer accepts what the state says, start the window or the list over."""
    pages = opened.pages[number]
    while pending := pages.pending:
        yield pending
    window = opened.left.get(number)
    if window is None:
        return  # Meanwhile, another window started the list over.
    try:
        pages.peek()
    except Unreadable as error:
        resumed = {replace(source, after=None) for source in opened.point.sources(opened.list_index)}
        again = replace(window, after=None)
        if again not in resumed or window == Window():
            raise
        if not opened.started_over:
            name = opened.point.step.name
            LOGGER.warning("%s: the API does not accept the cursor of the state: starting over. (%s)", name, error)
        opened.started_over = True
        if window == again:  # It has no cursor, so the API refuses the filter: no window can be read.
            opened.left.clear()
            opened.may_be_cut = False
            again = Window()
        opened.request(run, number, again)
        yield from _accepted(run, opened, number)


def _continue_in_windows(run: RunContext, opened: OpenList, number: int, cut: CutPage) -> Iterator[Future[Any]]:
    """Request the windows of the rest. If the API refuses the first of a list, the list is continued as before."""
    first, *others = [(window, opened.requested(run, window)) for window in cut.rest]
    chain = opened.left[number]
    if chain.is_whole:
        while pending := first[1].pending:
            yield pending
        try:
            first[1].peek()
        except Rejected as error:
            LOGGER.info("%s: it can't be read in windows of time (%s)", opened.node.stream.name, error)
            opened.may_be_cut = False
            opened.request(run, number, chain)
            return
    # From here on without a pause: a STATE with one of them needs all others.
    opened.add(number, *first)
    for window, pages in others:
        # A number that was used before may still belong to a task that is about to end.
        other = next(opened.numbers)
        opened.add(other, window, pages)
        _read_beside(run, opened, other)


def _refused(run: RunContext, opened: OpenList, error: MissingPermission) -> None:
    """Handle a 403 for a list itself."""
    node = opened.node
    if opened.point.step.replication_key and opened.is_second_look:
        LOGGER.warning(
            "%s: the key may not list incidents, so rows that a change of mode made visible may be missing. (%s)",
            opened.point.step.name,
            error,
        )
    elif node.stream.name in run.problems.answered:
        run.problems.end(node, error)
    else:
        run.problems.deny(node, error)
