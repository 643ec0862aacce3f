"""Pagination: the pages of a list, one after the other, and in smaller pages if the API is too slow for whole ones.

Source: API documents, section "Pagination".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from tap_incident.api.answers import Page, PageTooLarge, page
from tap_incident.errors import BadData, SlowAnswer
from tap_incident.streams import Params, Stream
from tap_incident.timestamps import rfc3339_exact

LOGGER = logging.getLogger(__name__)

_PAGES_WITHOUT_NEWS = 20
"""After this number of pages in a row with only rows of earlier pages, the list ends with an error."""
_WINDOWS_WITHOUT_NEWS = 1000
"""The same for pages by time: many may be empty, or have only a shift that lasts for years."""
_SMALLEST_PAGE = 10
_TRIES_IF_SLOW = 3
"""After this number of slow answers in a row, a page is requested again with half of its rows."""


class Get(Protocol):
    """`Client.get`."""

    def __call__(self, path: str, params: Params, name: str, tries_if_slow: int | None) -> dict[str, Any]: ...


def read_pages(
    get: Get,
    stream: Stream,
    params: Params,
    after: str | None,
    page_sizes: dict[str, int],
    *,
    now: Callable[[], datetime],
) -> Iterator[Page]:
    """Pages of the list of `stream` with `params`, starting at the cursor `after`. Each is requested when needed.

    Each page has the time `now` at which its answer came. `page_sizes` has the sizes of those streams whose pages were
    too large in this run, and is kept up to date.
    Raises BadData for an answer without the list, and for a list that would never end: a cursor comes a second time, or
    many pages in a row bring no new row. Otherwise raises what `get` raises.
    """
    requested = partial(_page, get, stream, page_sizes, now)
    seen: set[str | int | None] = {after}
    limit = _PAGES_WITHOUT_NEWS if stream.window is None else _WINDOWS_WITHOUT_NEWS
    stale = 0
    earlier, before = params, None
    params = _from(after, params, stream) if after else params
    while True:
        found = requested(params)
        is_end = not found.rows and found.after is None and stream.window is None
        if is_end and after and (before is None or before.rows) and (again := requested(earlier)).after != after:
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


def _page(get: Get, stream: Stream, page_sizes: dict[str, int], now: Callable[[], datetime], params: Params) -> Page:
    answer = _get_page(get, stream, params, page_sizes)
    extracted = rfc3339_exact(now())
    return replace(page(answer, stream), extracted=extracted)


def _get_page(get: Get, stream: Stream, params: Params, page_sizes: dict[str, int]) -> dict[str, Any]:
    """One page: in smaller and smaller ones if the answers are slow or the API rejects the size."""
    if stream.page_size is None:
        return get(stream.path, params, stream.name, None)
    while True:
        size = page_sizes.get(stream.name, stream.page_size)
        tries = _TRIES_IF_SLOW if size > _SMALLEST_PAGE else None
        try:
            return get(stream.path, (*params, ("page_size", str(size))), stream.name, tries)
        except (SlowAnswer, PageTooLarge) as fault:
            if tries is None:
                raise
            smaller = max(_SMALLEST_PAGE, size // 2)
            if stream.name not in page_sizes:
                why = f" It was slow {tries} times:" * isinstance(fault, SlowAnswer)
                LOGGER.warning("%s.%s requesting smaller pages from now on", fault, why)
            page_sizes[stream.name] = min(smaller, page_sizes.get(stream.name, smaller))


def _from(after: str, params: Params, stream: Stream) -> Params:
    """`params` for the page at the cursor `after`."""
    return (*(pair for pair in params if pair[0] != stream.cursor_param), (stream.cursor_param, after))
