"""A list in windows, while threads look at it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tap_incident.streams import BY_NAME
from tap_incident.sync.lists import OpenList
from tap_incident.sync.windows import Window


def test_window_can_be_looked_at_as_soon_as_its_first_page_is_requested() -> None:
    opened = OpenList(cast(Any, None), 0, cast(Any, SimpleNamespace(stream=BY_NAME["alerts"])), (), may_be_cut=False)
    seen: list[int] = []

    def prefetch(pages: Any, *, ahead: int) -> Any:
        # What a thread does that is faster than the one that requests: it counts the pages that wait.
        seen.append(opened.arrived())
        return SimpleNamespace(has_arrived=True)

    run = SimpleNamespace(
        early={}, client=SimpleNamespace(pages=lambda *_: iter(())), workers=SimpleNamespace(prefetch=prefetch)
    )
    for number in range(3):
        opened.request(cast(Any, run), number, Window())
    assert seen == [0, 1, 2]
    assert list(opened.left) == [0, 1, 2]
