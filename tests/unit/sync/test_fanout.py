"""Fan-out: order of the rows, number of requests in advance, errors and stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import Rejected, Stopped, TapError
from tap_incident.sync.fanout import CHILD, Task, Tasks, Workers


def pages(*sizes: int) -> Iterator[Page]:
    """Pages of these sizes. Their rows are numbered from 0."""
    number = 0
    for at, size in enumerate(sizes, 1):
        rows = [{"id": str(number + place)} for place in range(size)]
        number += size
        yield Page(rows, f"after {number}" if at < len(sizes) else None)


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
    before = set(threading.enumerate())

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
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
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


def test_most_urgent_page_is_fetched_first() -> None:
    gate, order = threading.Event(), []

    def source(name: str) -> Iterator[Page]:
        if name == "first":
            gate.wait(5)
        order.append(name)
        yield Page([])

    with Workers(1, threading.Event()) as workers:
        found = [workers.prefetch(source("first"))]
        found += [workers.prefetch(source(f"child {number}"), CHILD) for number in range(3)]
        found += [workers.prefetch(source(f"list {number}")) for number in range(2)]
        gate.set()
        for pages in found:
            next(pages)
    assert order == ["first", "list 0", "list 1", "child 0", "child 1", "child 2"]


def test_page_is_only_requested_after_the_one_before_it_if_not_ahead() -> None:
    fetched = threading.Semaphore(0)

    def source() -> Iterator[Page]:
        for page in pages(1, 1):
            fetched.release()
            yield page

    with Workers(2, threading.Event()) as workers:
        chain = workers.prefetch(source(), ahead=lambda: 0)
        next(chain)
        assert fetched.acquire(timeout=5)
        assert not fetched.acquire(timeout=0.05), "the second page was requested too early"
        assert chain.pending or chain.has_arrived
        assert fetched.acquire(timeout=5)
        assert len(list(chain)) == 1


def test_pages_arrive_without_being_taken_as_far_as_ahead_allows() -> None:
    fetched = threading.Semaphore(0)

    def source() -> Iterator[Page]:
        for page in pages(1, 1, 1, 1, 1):
            fetched.release()
            yield page

    with Workers(2, threading.Event()) as workers:
        chain = workers.prefetch(source(), ahead=lambda: 3)
        for _ in range(3):
            assert fetched.acquire(timeout=5), "a page was not requested before another was taken"
        assert not fetched.acquire(timeout=0.05), "the fourth page was requested too early"
        next(chain)
        assert fetched.acquire(timeout=5), "the fourth page was not requested when the first was taken"
        assert len(list(chain)) == 4


def test_pages_before_an_error_are_taken_first_and_nothing_is_requested_after_it() -> None:
    resumed = []

    def source() -> Iterator[Page]:
        for page in (Page([{"id": "1"}], "2"), Page([{"id": "2"}], "3")):
            yield page
            resumed.append(page.after)
        raise Rejected("no such page")

    with Workers(2, threading.Event()) as workers:
        chain = workers.prefetch(source(), ahead=lambda: 8)
        assert [next(chain).rows[0]["id"], next(chain).rows[0]["id"]] == ["1", "2"]
        for _ in range(2):
            with pytest.raises(Rejected):
                chain.peek()
    assert resumed == ["2", "3"]


def test_rows_that_wait_are_packed_and_come_out_unchanged_once() -> None:
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    awkward = {"id": "1", "deep": deep, "half": "\ud83d", "nul": "\0", "int": 10**30, "float": 0.1, "none": None}
    source = [awkward, dict(awkward)]
    with Workers(1, threading.Event()) as workers:
        chain = workers.prefetch(iter([Page(source)]))
        while pending := chain.pending:
            workers.wait([pending])
        assert source == [], "the rows wait as objects"
        assert chain.peek() == Page([awkward, awkward])
        assert [page.rows for page in chain] == [[awkward, awkward]]


def test_threads_are_replaced_while_they_fetch_and_all_end_with_the_workers() -> None:
    before, threads = set(threading.enumerate()), list[threading.Thread]()

    def source() -> Iterator[Page]:
        for page in pages(*[1] * 100):
            threads.append(threading.current_thread())
            yield page

    with Workers(2, threading.Event()) as workers:
        assert len(list(workers.prefetch(source()))) == 100
        # One that is just being started has no number yet.
        idle = {thread for thread in set(threading.enumerate()) - before if thread.ident}
    fetched = list(dict.fromkeys(threads))
    assert len(fetched) >= 4, "threads fetch page after page without an end"
    for thread in {*fetched, *idle}:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()], ids=repr)
def test_a_thread_stays_if_no_other_can_be_started(error: Exception) -> None:
    class Refused(threading.Thread):
        started = 0

        def start(self) -> None:
            Refused.started += 1
            if Refused.started > 1:
                raise error
            super().start()

    stop = threading.Event()
    late = threading.Timer(5, stop.set)
    late.start()
    with Workers(1, stop, Refused) as workers:
        assert len(list(workers.prefetch(pages(*[1] * 50)))) == 50
    late.cancel()
    assert Refused.started > 2


def test_fewer_threads_than_asked_for_are_enough_and_none_is_an_error() -> None:
    class Limited(threading.Thread):
        left = 2

        def start(self) -> None:
            Limited.left -= 1
            if Limited.left < 0:
                raise RuntimeError("can't start new thread")
            super().start()

    with Workers(8, threading.Event(), Limited) as workers:
        assert len(list(workers.prefetch(pages(1, 1, 1)))) == 3
    with pytest.raises(TapError, match="No thread can be started"), Workers(8, threading.Event(), Limited):
        pass


def test_a_task_that_waits_lets_the_others_continue() -> None:
    answer: Future[None] = Future()
    order = []

    def waiting() -> Task:
        order.append("asks")
        yield answer
        order.append("has the answer")

    def busy() -> Task:
        for number in range(3):
            order.append(str(number))
            yield None
        answer.set_result(None)

    with Workers(1, threading.Event()) as workers:
        tasks = Tasks(2, workers.wait)
        tasks.add(waiting())
        tasks.add(busy())
        tasks.run()
    assert order == ["asks", "0", "1", "2", "has the answer"]


def test_tasks_beyond_the_most_start_when_one_ends() -> None:
    order = []

    def task(name: str) -> Task:
        order.append(f"{name} begins")
        yield None
        order.append(f"{name} ends")

    with Workers(1, threading.Event()) as workers:
        tasks = Tasks(1, workers.wait)
        for name in "abc":
            tasks.add(task(name))
        tasks.run()
    assert order == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


def test_error_of_a_task_ends_all() -> None:
    def failing() -> Task:
        yield None
        raise Rejected("no")

    def endless() -> Task:
        while True:
            yield None

    with pytest.raises(Rejected), Workers(1, threading.Event()) as workers:
        tasks = Tasks(2, workers.wait)
        tasks.add(endless())
        tasks.add(failing())
        tasks.run()
