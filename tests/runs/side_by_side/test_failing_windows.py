"""A window of time that can't be read ends its stream, not the run; the next run resumes all windows."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault
from tests.fake_api.server import Faults
from tests.runs.side_by_side.test_long_lists import TIMES, is_window, keys, long_list
from tests.support.faults import last_state, port_of
from tests.support.runs import check, only
from tests.support.thorough import sampled

pytestmark = pytest.mark.thorough
EVENLY = TIMES["evenly"]


@pytest.fixture(autouse=True)
def _no_endless_run() -> Iterator[None]:
    """A run that waits for nothing for ever fails its test instead of stopping all tests."""

    def end(*_: Any) -> None:
        raise TimeoutError("the run does not end")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(40)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def in_window(number: int, fault: Fault) -> Faults:
    """The fault for one request, counted from 1 over those for a window of time."""
    windows = count(1)

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return fault if is_window(params) and next(windows) == number else None

    return faults


FAULTS = {
    "422": Fault(status=422, delay=0.05),
    "403": Fault(status=403, delay=0.05),
    "404": Fault(status=404, delay=0.05),
    "row without a time": Fault(status=200, body=json.dumps({"alerts": [{"id": "x", "created_at": None}]})),
}


@pytest.mark.parametrize("kind", ["422", *(pytest.param(kind, marks=pytest.mark.slow) for kind in [*FAULTS][1:])])
def test_window_that_fails_ends_its_stream_and_the_next_run_reads_the_rest(
    tap: Tap, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    org = long_list("alerts", EVENLY, pages=24)
    catalog = only("alerts", "severities")
    for number in sampled(range(1, 25), 2):
        with FakeApi(org, faults=in_window(number, FAULTS[kind])) as fake:
            port = port_of(fake)
            first = tap(fake, catalog=catalog)
        assert first.code == 1, number
        assert "TimeoutError" not in caplog.text, number
        assert caplog.messages[-1].startswith("alerts: "), number
        check(first)
        assert len(first.records("severities")) == len(org.rows["/v1/severities"])
        with FakeApi(org, port=port) as fake:
            second = tap(fake, catalog=catalog, state=last_state(first))
        assert second.code == 0
        check(second)
        assert set(first.keys("alerts")) | set(second.keys("alerts")) == set(keys(org, "alerts")), number


@pytest.mark.parametrize("status", [500, 502, 429])
def test_window_that_fails_for_a_moment_is_asked_for_again(tap: Tap, status: int) -> None:
    org = long_list("alerts", EVENLY)
    headers = {"Retry-After": "0"} if status == 429 else {}
    with FakeApi(org, faults=in_window(3, Fault(status=status, headers=headers))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.code == 0
    assert run.keys("alerts") == keys(org, "alerts")
