"""The client at lists that never end, at complete answers that can't be used, and at a gateway's errors."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tap_incident.errors import BadData, PassingFault
from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Fault, organisation
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.test_client import client_of, serving

ALERTS, ENTRIES, SEVERITIES = BY_NAME["alerts"], BY_NAME["schedule_entries"], BY_NAME["severities"]
Rows = list[dict[str, Any]]


def list_of(pages: Callable[[int], Rows], last: int | None = None, key: str = "alerts") -> Any:
    """Faults that answer with these pages and ever new cursors, up to the page with the number `last`."""
    numbers = itertools.count()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault:
        number = next(numbers)
        meta = {} if number == last else {"after": f"cursor-{number}"}
        rows: Any = pages(number) if key == "alerts" else {"final": pages(number)}
        return Fault(status=200, body=json.dumps({key: rows, "pagination_meta": meta}))

    return faults


ENDLESS: dict[str, Callable[[int], Rows]] = {
    "empty pages": lambda number: [],
    "the same page": lambda number: [{"id": "A1"}, {"id": "A2"}],
    "a repeated page with other values": lambda number: [{"id": "A1", "title": str(number)}],
    "news at first": lambda number: [{"id": f"A{min(number, 30)}"}],
}


@pytest.mark.parametrize("pages", ENDLESS.values(), ids=ENDLESS.keys())
def test_list_that_continues_without_a_new_row_is_bad_data(pages: Callable[[int], Rows]) -> None:
    with (
        FakeApi(organisation(1), faults=list_of(pages, last=100)) as fake,
        pytest.raises(BadData, match=r"^alerts: /v2/alerts returned 20 pages without a new row: .* never end$"),
    ):
        list(client_of(fake.url, FakeClock()).pages(ALERTS, ()))
    assert 20 <= len(fake.requests) <= 51


def test_list_by_time_may_have_many_pages_with_the_same_shift_or_none() -> None:
    with FakeApi(organisation(1), faults=list_of(lambda number: [{"id": "S1"}], 700, "schedule_entries")) as fake:
        assert len(list(client_of(fake.url, FakeClock()).pages(ENTRIES, ()))) == 701


OWN_ERROR = {"type": "internal_error", "request_id": "req-9", "errors": [{"code": "broken", "message": "Sorry."}]}
UNUSABLE = {
    "NaN is not a JSON number": Fault(status=200, body='{"severities": [NaN]}'),
    "internal_error, broken: Sorry, request_id req-9: an error in the place of the data": Fault(
        status=200, body=json.dumps(OWN_ERROR)
    ),
}


@pytest.mark.parametrize("said", UNUSABLE)
def test_complete_answer_that_cant_be_used_ends_the_stream_after_three_tries(said: str) -> None:
    time = FakeClock()
    with (
        serving(always=UNUSABLE[said]) as fake,
        pytest.raises(BadData, match=rf"^severities: GET /v1/severities: .*{said}$"),
    ):
        list(client_of(fake.url, time).pages(SEVERITIES, ()))
    assert len(fake.requests) == 3
    assert time.now < 10


@pytest.mark.parametrize(("status", "body"), [(401, "<html>No</html>"), (403, '{"message": "Forbidden"}'), (404, "")])
def test_gateway_error_that_lasts_says_that_the_api_did_not_answer(status: int, body: str) -> None:
    time = FakeClock()
    with (
        serving(always=Fault(status=status, body=body, content_type="text/html")) as fake,
        pytest.raises(PassingFault, match=rf"status {status}: a gateway or proxy answered, not the API.* 30 s, "),
    ):
        list(client_of(fake.url, time).pages(SEVERITIES, ()))
    assert time.now == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_id_with_half_a_surrogate_pair_is_bad_data_and_sends_nothing(value: str) -> None:
    with serving() as fake, pytest.raises(BadData, match=r"^alerts: GET /v2/alerts: an id .* not valid Unicode"):
        list(client_of(fake.url, FakeClock()).pages(ALERTS, (("incident_id", value),)))
    assert fake.requests == []
