"""Fan-out: order of the rows, number of requests in advance, errors and stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import Rejected, Stopped
from tap_incident.sync.fanout import Workers, in_order


def pages(*sizes: int) -> Iterator[Page]:
    """Pages of these sizes. Their rows are numbered from 0."""
    number = 0
    for at, size in enumerate(sizes, 1):
        rows = [{"id": str(number + place)} for place in range(size)]
        number += size
        yield Page(rows, f"after {number}" if at < len(sizes) else None)


def test_rows_are_in_order_and_each_page_ends_once() -> None:
    found = list(in_order(pages(2, 0, 3, 0), lambda row: int(row["id"]), -1, look_ahead=2))
    assert [(turn.row or {}).get("id") for turn in found] == ["0", "1", None, "2", "3", "4", None]
    assert [turn.last_of.after for turn in found if turn.last_of] == ["after 2", "after 2", "after 5", None]
    assert [turn.children for turn in found] == [0, 1, -1, 2, 3, 4, -1]


@pytest.mark.parametrize("window", [0, 1, 5])
def test_look_ahead_limits_the_requests_for_children(window: int) -> None:
    requested: list[str] = []
    ahead = 0
    for number, _ in enumerate(in_order(pages(10, 10), lambda row: requested.append(row["id"]), None, window)):
        ahead = max(ahead, len(requested) - number)
    assert ahead == window + 1


def test_prefetch_requests_the_next_page_while_one_is_used() -> None:
    fetched = threading.Semaphore(0)

    def source() -> Iterator[Page]:
        for page in pages(1, 1, 1):
            fetched.release()
            yield page

    with Workers(2, threading.Event()) as workers:
        chain = workers.prefetch(source())
        assert fetched.acquire(timeout=5), "the first page was not requested in advance"
        next(chain)
        assert fetched.acquire(timeout=5), "the second page was not requested while the first was used"
        assert not fetched.acquire(timeout=0.05), "the third page was requested too early"
        assert len(list(chain)) == 2


def test_prefetch_stops_after_the_last_page() -> None:
    requested = []

    def source() -> Iterator[Page]:
        requested.append(1)
        yield Page([])
        requested.append(2)

    with Workers(1, threading.Event()) as workers:
        assert len(list(workers.prefetch(source()))) == 1
    assert requested == [1]


def test_error_is_raised_in_place_of_its_page_and_cancels_the_rest() -> None:
    started = []
    gate = threading.Event()

    def source(number: int) -> Iterator[Page]:
        started.append(number)
        if number == 1:
            raise Rejected("no")
        if number == 2:
            gate.wait(5)
        yield Page([{"id": str(number)}])

    stop = threading.Event()
    with pytest.raises(Rejected, match="no"), Workers(1, stop) as workers:
        chains = [workers.prefetch(source(number)) for number in range(50)]
        for number, chain in enumerate(chains):
            assert [row["id"] for page in chain for row in page.rows] == [str(number)]
    gate.set()
    assert stop.is_set()
    assert len(started) <= 3


def test_stop_ends_the_wait_for_an_answer() -> None:
    stop, never = threading.Event(), threading.Event()

    def source() -> Iterator[Page]:
        never.wait(10)
        yield Page([])

    begin = time.monotonic()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Stopped), Workers(1, stop) as workers:
        list(workers.prefetch(source()))
    assert time.monotonic() - begin < 2
    never.set()


def test_slow_child_does_not_delay_the_requests_of_others() -> None:
    slow = threading.Event()
    done = []

    def source(number: int) -> Iterator[Page]:
        if number == 0:
            slow.wait(5)
        done.append(number)
        if len(done) == 4:
            slow.set()
        yield Page([{"id": str(number)}])

    with Workers(2, threading.Event()) as workers:
        none: Iterator[Page] = iter(())
        found = in_order(pages(6), lambda row: workers.prefetch(source(int(row["id"]))), none, look_ahead=10)
        order = [row["id"] for turn in found for page in turn.children for row in page.rows]
    assert order == ["0", "1", "2", "3", "4", "5"]
    assert done.index(0) >= 4
