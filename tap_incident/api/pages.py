"""Pagination: the page in an answer, and the pages of a list, in smaller ones if the API is too slow for whole ones.

Source: API documents, section "Pagination".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tap_incident.api.answers import Page, PageTooLarge, Row
from tap_incident.api.transport import is_unicode
from tap_incident.errors import BadData, SlowAnswer
from tap_incident.streams import Params, Stream

LOGGER = logging.getLogger(__name__)

_PAGES_WITHOUT_NEWS = 20
"""After this number of pages in a row with only rows of earlier pages, the list ends with an error."""
_WINDOWS_WITHOUT_NEWS = 1000
"""The same for pages by time: many may be empty, or have only a shift that lasts for years."""
_SMALLEST_PAGE = 10
_TRIES_IF_SLOW = 3
"""After this number of slow answers in a row, a page is requested again with half of its rows."""

Get = Callable[[Stream, Params, int | None], Page]
"""`Client.page`."""


def page(body: Row, stream: Stream) -> Page:
    """The page of `stream` in the body of a 200. Raises BadData if it has no list of rows at the expected place."""
    only = stream.answer.one_row_with
    if only is not None:
        if only not in body:
            raise BadData(f'{stream.name}: the answer of {stream.path} has no "{only}"')
        return Page([body])
    key = stream.answer.key or stream.name
    rows = _rows(body, key, stream) if stream.answer.list_column is None else _rows_of_lists(body, key, stream)
    meta = body.get("pagination_meta") or {}
    if not isinstance(meta, dict):
        raise BadData(f"{stream.name}: {stream.path}: pagination_meta is not an object")
    after, total = meta.get("after"), meta.get("total_record_count")
    if not isinstance(after, str | None):
        raise BadData(f"{stream.name}: {stream.path}: the cursor of the next page is not a string")
    if not is_unicode(after or ""):
        raise BadData(f"{stream.name}: {stream.path}: the cursor of the next page is not valid Unicode")
    return Page(rows, after or None, total if type(total) is int else None)


def _rows(body: Row, key: str, stream: Stream) -> list[Row]:
    # A Go server writes an empty list as null. A missing key is an error.
    rows = [] if key in body and body[key] is None else body.get(key)
    if not isinstance(rows, list):
        raise BadData(f'{stream.name}: the answer of {stream.path} has no list "{key}"')
    for number, row in enumerate(rows):
        if type(row) is not dict:
            raise BadData(f'{stream.name}: {stream.path}: entry {number} of "{key}" is not an object')
    return rows


def _rows_of_lists(body: Row, key: str, stream: Stream) -> list[Row]:
    """The rows of all lists in the object under `key`, each with the name of its list in a column."""
    found = body.get(key)
    lists = found if isinstance(found, dict) else {}
    names = sorted(name for name, rows in lists.items() if isinstance(rows, list | None))
    if not names:
        raise BadData(f'{stream.name}: the answer of {stream.path} has no lists in "{key}"')
    return [{**row, str(stream.answer.list_column): name} for name in names for row in _rows(lists, name, stream)]


def read_pages(
    get: Get, stream: Stream, params: Params, after: str | None, page_sizes: dict[str, int]
) -> Iterator[Page]:
    """Pages of the list of `stream` with `params`, starting at the cursor `after`. Each is requested when needed.

    `page_sizes` has the sizes of those streams whose pages were too large in this run, and is kept up to date.
    Raises BadData for an answer without the list, and for a list that would never end: a cursor comes a second time, or
    many pages in a row bring no new row. Otherwise raises what `get` raises.
    """
    seen: set[str | int | None] = {after}
    limit = _PAGES_WITHOUT_NEWS if stream.window is None else _WINDOWS_WITHOUT_NEWS
    stale = 0
    earlier, before = params, None
    params = _from(after, params, stream) if after else params
    while True:
        found = _page(get, stream, params, page_sizes)
        is_end = not found.rows and found.after is None and stream.window is None
        if is_end and after and (before is None or before.rows):
            again = _page(get, stream, earlier, page_sizes)
            if again.after != after:
                # The row of the cursor was deleted, and the API can't find its place.
                LOGGER.info("%s: nothing comes after a cursor: requesting the page before it again", stream.name)
                params, found = earlier, _unread(again, before)
                seen = seen if before else set()
        # A hash per page, because the ids of a long list would take too much memory.
        rows = hash(repr(_ids(found)))
        stale = stale + 1 if not found.rows or rows in seen else 0
        if found.after is not None and (found.after in seen or stale >= limit):
            what = "the same cursor twice" if found.after in seen else f"{stale} pages without a new row"
            raise BadData(f"{stream.name}: {stream.path} returned {what}: the list would never end")
        yield found
        if found.after is None:
            return
        after, earlier, before = found.after, params, found
        seen |= {after, rows}
        params = _from(after, params, stream)


def _ids(page: Page) -> list[Any]:
    return [row.get("id") or row for row in page.rows]


def _unread(again: Page, before: Page | None) -> Page:
    """What a page has that it did not have before."""
    known = _ids(before) if before else []
    return replace(again, rows=[row for row in again.rows if (row.get("id") or row) not in known])


def _page(get: Get, stream: Stream, params: Params, page_sizes: dict[str, int]) -> Page:
    """One page: in smaller and smaller ones if the answers are slow or the API rejects the size."""
    if stream.page_size is None:
        return get(stream, params, None)
    while True:
        size = page_sizes.get(stream.name, stream.page_size)
        tries = _TRIES_IF_SLOW if size > _SMALLEST_PAGE else None
        try:
            return get(stream, (*params, ("page_size", str(size))), tries)
        except (SlowAnswer, PageTooLarge) as fault:
            if tries is None:
                raise
            smaller = max(_SMALLEST_PAGE, size // 2)
            if stream.name not in page_sizes:
                why = f" It was slow {tries} times:" if isinstance(fault, SlowAnswer) else ""
                LOGGER.warning("%s.%s requesting smaller pages from now on", fault, why)
            page_sizes[stream.name] = min(smaller, page_sizes.get(stream.name, smaller))


def _from(after: str, params: Params, stream: Stream) -> Params:
    """`params` for the page at the cursor `after`."""
    return (*(pair for pair in params if pair[0] != stream.cursor_param), (stream.cursor_param, after))
