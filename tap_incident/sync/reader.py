"""Reads one source from its first page to its last, in a thread of its own, and hands what it reads to the writer."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tap_incident.api.answers import Page, Row
from tap_incident.errors import BadData, Forbidden, Gone, Rejected, Stopped, Unreadable
from tap_incident.protocol.records import shown_id
from tap_incident.protocol.state import Tally
from tap_incident.sync.plan import Node
from tap_incident.sync.problems import Unwanted
from tap_incident.sync.reading import Batch, Failed, Fatal, Gift, Item, PageEnd, Source
from tap_incident.sync.rows import as_messages
from tap_incident.sync.second_look import looked_at
from tap_incident.sync.shared import SAMPLE_ROWS, Shared
from tap_incident.sync.spool import Spool
from tap_incident.sync.windows import Chain, belongs, is_ignored, window_filter
from tap_incident.timestamps import instant, is_timestamp

LOGGER = logging.getLogger(__name__)

_GIFTS_PER_PAGE = 3
"""So one chain does not take all windows of a list before the others know what is left of theirs."""


@dataclass(frozen=True)
class _Due(Page):
    """A page with only the rows that this run has to read."""

    tally: Tally = field(default_factory=Tally)


def read(shared: Shared, source: Source) -> None:
    """Read a source to its end. It never raises."""
    try:
        items = looked_at if source.start.is_second_look(source.left) else _due_items
        for item in items(shared, source, _accepted(shared, source)):
            shared.put(item)
    except Unreadable as error:
        _put(shared, Failed(source, error))
    except Stopped:
        return
    except BaseException as error:
        _put(shared, Fatal(error))
    finally:
        source.room.free()


def _put(shared: Shared, item: Item) -> None:
    with suppress(Stopped):
        shared.put(item)


def _due_items(shared: Shared, source: Source, pages: Iterator[Page]) -> Iterator[Item]:
    for item in as_messages(shared, source.node, _due(shared, source, pages)):
        if isinstance(item, Batch):
            yield item
        elif isinstance(page := item.page, _Due):
            changed = [row.get(source.start.key_of(source.node) or "") for row in item.gone]
            again = min(filter(None, changed), key=instant, default=None)
            lacks = Tally(again=again, refused=tuple(sorted(item.refused)), lacks=item.lacks)
            yield PageEnd(source, page.after, page.tally + lacks, page.total)


def _pages(shared: Shared, source: Source) -> Iterator[Page]:
    if source.pages is not None:
        return source.pages
    stream, left = source.node.stream, source.left
    most = 1 if source.node.children else SAMPLE_ROWS
    return shared.pages(stream, (*source.params, *window_filter(left, stream)), left.after, most=most)


def _accepted(shared: Shared, source: Source) -> Iterator[Page]:
    """The pages; from the first one if the API no longer accepts the cursor of the state."""
    pages = _pages(shared, source)
    try:
        first = next(pages)
    except (Rejected, Gone, Forbidden) as error:
        if source.left.after is None or isinstance(error, Forbidden):
            yield from _unfiltered(shared, source, error)
            return
        name = source.start.step.name
        LOGGER.warning("%s: the API does not accept the cursor of the state: starting over. (%s)", name, error)
        yield from _pages(shared, replace(source, left=replace(source.left, after=None)))
        return
    yield first
    yield from pages


def _unfiltered(shared: Shared, source: Source, error: Unreadable) -> Iterator[Page]:
    """All parents, if the API refuses the filter by whether they have children. Raises `error` for another list."""
    child = next(iter(source.node.children), source.node)
    only_if = child.stream.parent.only_if
    if child.asked_by != "own id" or source.left.after is not None:
        raise error
    text = "%s: the API refuses the filter by %s: asking for each parent. (%s)"
    LOGGER.warning(text, child.name, only_if[0][0], error)
    return _pages(shared, replace(source, params=tuple(each for each in source.params if each not in only_if)))


def _due(shared: Shared, source: Source, pages: Iterator[Page]) -> Iterator[_Due]:
    """The rows of the source's window that changed. Gives away what another chain can read meanwhile."""
    start, node = source.start, source.node
    chain, key = Chain(source.left, node.stream, shared.client.began), start.key_of(node)
    is_cut = node.stream.filters_created_at and not shared.sample
    is_over = False
    while not is_over:
        if not shared.problems.is_wanted(node):
            raise Unwanted("not wanted")
        if (page := next(pages, None)) is None:
            return
        shared.problems.answered(node)
        chain.add(page)
        if is_cut and page.after:
            _give(shared, source, chain)
        try:
            rows = [row for row in page.rows if belongs(row, chain.left)]
            rows, newest = _changed(rows, key, start.since) if key else (rows, None)
        except BadData as error:
            raise BadData(f"{node.name}: {error}") from None
        is_over = page.after is None or (is_cut and chain.is_over())
        yield _Due(rows, None if is_over else page.after, page.total, page.extracted, Tally(len(rows), newest))


def _changed(rows: Sequence[Row], key: str, since: str | None) -> tuple[list[Row], str | None]:
    """The rows that changed since then, or that do not say when, and the latest change among them."""
    changed, newest = [], None
    for row in rows:
        value = row.get(key)
        if value in (None, ""):
            changed.append(row)
        elif not is_timestamp(value):
            raise BadData(f"row {shown_id(row)}: {key} should be a timestamp, and can't be read as one")
        elif since is None or instant(value) >= instant(since):
            changed.append(row)
            newest = value if newest is None else max(newest, value, key=instant)
    return changed, newest


def _give(shared: Shared, source: Source, chain: Chain) -> None:
    """Give the far half of what is left to another chain, as often as that makes sense."""
    for _ in range(_GIFTS_PER_PAGE):
        far = chain.far_half()
        if far is None or not source.room.reserve():
            return
        to = replace(source, left=far, pages=None)
        if not source.room.is_tried:
            pages = _tried(shared, to)
            source.room.tried(works=pages is not None)
            if pages is None:
                source.room.free()
                return
            to = replace(to, pages=pages)
        chain.give(far)
        shared.put(Gift(source, to, chain.left.start, chain.left.end))


def _tried(shared: Shared, source: Source) -> Iterator[Page] | None:
    """The pages of the first window of a list; None if the API refuses or ignores the filter."""
    pages = _pages(shared, source)
    name = source.node.name
    try:
        first = next(pages)
    except Rejected as error:
        LOGGER.info("%s: it can't be read in windows of time (%s)", name, error)
        return None
    if is_ignored(first, source.left, source.node.stream):
        LOGGER.info("%s: it can't be read in windows of time: the API ignores the filter by created_at", name)
        return None
    return itertools.chain([first], pages)


def fill(shared: Shared, child: Node, spool: Spool) -> None:
    """Read the lists of one stream into its spool. It never raises."""
    stream, key = child.stream, child.stream.parent.id_param
    has_answered = False
    try:
        lists = [
            shared.ahead(shared.pages(stream, params)) for params in stream.list_params(shared.config.incident_modes)
        ]
        for page in itertools.chain.from_iterable(lists):
            has_answered = True
            if any(row.get(key) is None for row in page.rows):
                raise BadData(f"{stream.name}: a row came without its key property {key}")
            spool.add([(str(row[key]), row) for row in page.rows], page.extracted)
        shared.problems.answered(child)
    except Stopped:
        return
    except Unreadable as error:
        # After its first page, an error is not about one parent: nobody knows whose rows the rest of the list has.
        shared.problems.list_failed(child, error, has_rows=has_answered)
    except BaseException as error:
        _put(shared, Fatal(error))
    finally:
        spool.full.set()
