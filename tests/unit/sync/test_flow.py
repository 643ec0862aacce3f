"""Threads: the bounded queue, the stop, fewer threads than readers, and pages that are requested ahead."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import Rejected, Stopped, TapError
from tap_incident.sync.flow import Flow
from tap_incident.sync.reading import Fatal, Item
from tests.unit.sync.hand_made import node, sharing

ITEMS: list[Item] = [Fatal(ValueError(str(number))) for number in range(40)]


def threads(most: int, started: list[threading.Thread]) -> Callable[..., threading.Thread]:
    """A system with at most so many threads at once."""

    class Thread(threading.Thread):
        def start(self) -> None:
            if sum(thread.is_alive() for thread in started) >= most:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    return Thread


def test_items_come_in_order_through_a_queue_that_is_bounded() -> None:
    flow, put = Flow(threading.Event()), []

    def read() -> None:
        for item in ITEMS:
            flow.put(item)
            put.append(item)

    flow.start(read)
    first = flow.get()
    assert len(put) < 20 < len(ITEMS)
    assert [first, *(flow.get() for _ in ITEMS[1:])] == ITEMS


@pytest.mark.parametrize("full", [True, False])
def test_everybody_who_waits_is_stopped(full: bool) -> None:
    stop = threading.Event()
    flow, ended = Flow(stop), threading.Event()

    def read() -> None:
        with pytest.raises(Stopped, match="while the target was busy"):
            for item in ITEMS:
                flow.put(item)
        ended.set()

    if full:
        flow.start(read)
    stop.set()
    with pytest.raises(Stopped, match="while waiting for an answer"):
        flow.get()
    assert not full or ended.wait(10)


@pytest.mark.parametrize("most", [1, 3, 40])
def test_readers_share_the_threads_that_the_system_allows(most: int) -> None:
    started: list[threading.Thread] = []
    flow = Flow(threading.Event(), threads(most, started))
    for item in ITEMS[:10]:
        flow.start(lambda item=item: flow.put(item))  # type: ignore[misc]
    found = [flow.get() for _ in range(10)]
    assert {id(item) for item in found} == {id(item) for item in ITEMS[:10]}
    assert started


def test_system_without_threads_is_an_error() -> None:
    flow = Flow(threading.Event(), threads(0, []))
    with pytest.raises(TapError, match="No thread can be started") as caught:
        flow.start(lambda: None)
    assert caught.value.advice == "Allow more processes"


def test_next_page_is_requested_while_the_caller_works_on_one() -> None:
    asked = threading.Semaphore(0)

    def answers(name: str, params: Any, after: str | None) -> Page:
        asked.release()
        number = int(after or 0)
        if number == 3:
            raise Rejected("409")
        return Page([{"id": str(number)}], str(number + 1))

    with sharing(answers) as (shared, _):
        pages = shared.ahead(shared.pages(node("users").stream, ()))
        assert next(pages).rows == [{"id": "0"}]
        assert asked.acquire(timeout=10)
        assert asked.acquire(timeout=10)
        assert [next(pages).rows[0]["id"] for _ in range(2)] == ["1", "2"]
        with pytest.raises(Rejected):
            next(pages)
