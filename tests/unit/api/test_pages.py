"""Pages: the rows in an answer, the cursors of a list, and smaller pages where the API is too slow for whole ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.api.pages import page
from tap_incident.errors import BadData, Rejected
from tap_incident.streams import BY_NAME
from tests.fake_api import Fault, organisation
from tests.fake_api.server import Faults
from tests.support.faults import always
from tests.support.logs import warnings
from tests.support.runs import Json
from tests.unit.api.served import ALERTS, USERS, in_turn, served

ENTRIES = BY_NAME["schedule_entries"]
ROWS = [{"id": "U1"}, {"id": "U2"}]
Rows = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("meta", "cursor_and_total"),
    [
        *((meta, (None, None)) for meta in (None, {}, {"after": None}, {"after": ""})),
        ({"after": "c1", "page_size": 2, "total_record_count": 3}, ("c1", 3)),
    ],
)
def test_page_has_rows_and_is_the_last_without_a_cursor(meta: Json | None, cursor_and_total: Any) -> None:
    for listed, rows in ((ROWS, ROWS), ([], []), (None, [])):
        assert page({"users": listed, "pagination_meta": meta}, USERS) == Page(rows, *cursor_and_total)


@pytest.mark.parametrize("body", [{}, {"postmortem_contents": []}, {"text": "# Soup"}], ids=str)
def test_answer_without_the_property_that_its_row_always_has_is_bad_data(body: Json) -> None:
    with pytest.raises(BadData, match=r'the answer of /v1/postmortem_documents/\{id\}/content has no "markdown"'):
        page(body, BY_NAME["postmortem_contents"])


def test_object_of_lists_adds_the_name_of_each_list_to_its_rows_and_skips_other_values() -> None:
    lists = {"scheduled": [{"n": 1}], "drafted": [{"n": 2}, {"n": 3}], "overrides": None, "generated_at": "2026"}
    found = page({"schedule_entries": lists, "pagination_meta": {"after": "C"}}, ENTRIES)
    assert [(row["entry_type"], row["n"]) for row in found.rows] == [("drafted", 2), ("drafted", 3), ("scheduled", 1)]
    assert found.after == "C"


@pytest.mark.parametrize("value", [None, [], [{"start_at": "1"}], {}, {"final": "x"}, {"final": {}}, "x", 5], ids=str)
def test_object_of_lists_without_lists_is_bad_data(value: Any) -> None:
    with pytest.raises(BadData, match='/v2/schedule_entries has no lists in "schedule_entries"'):
        page({"schedule_entries": value}, ENTRIES)


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        *(({"after": after}, "cursor .* not a string$") for after in (True, 0, {"c": "sesame"})),
        ({"after": "a\ud800"}, "cursor .* not valid Unicode$"),
        ("more", "pagination_meta"),
    ],
)
def test_cursor_that_is_not_a_string_is_bad_data(meta: Any, said: str) -> None:
    with pytest.raises(BadData, match=f"^users: /v2/users: .*{said}"):
        page({"users": ROWS, "pagination_meta": meta}, USERS)


def test_pages_end_with_the_empty_page_after_a_full_last_one() -> None:
    org = organisation(3)
    del org.rows["/v2/alerts"][100:]
    with served(org=org) as it:
        assert [len(page.rows) for page in it.read(ALERTS)] == [50, 50, 0]


@pytest.mark.parametrize(("resumed_at", "period"), [(None, 1), (None, 2), ("cursor 0", 1)])
def test_cursor_that_repeats_is_an_error(resumed_at: str | None, period: int) -> None:
    bodies = [{"alerts": [], "pagination_meta": {"after": f"cursor {number % period}"}} for number in range(9)]
    faults = in_turn(*(Fault(status=200, body=json.dumps(body)) for body in bodies))
    with (
        served(faults) as it,
        pytest.raises(BadData, match=r"alerts: /v2/alerts returned the same cursor twice"),
    ):
        it.read(ALERTS, after=resumed_at)
    assert len(it.fake.requests) == (1 if resumed_at else period + 1)


def list_of(pages: Callable[[int], Rows], last: int, key: str) -> Faults:
    """Faults that answer with these pages and ever new cursors, up to the page with the number `last`."""

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault:
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
        served(list_of(pages, 100, "alerts")) as it,
        pytest.raises(BadData, match=r"^alerts: /v2/alerts returned 20 pages without a new row: .* never end$"),
    ):
        it.read(ALERTS)
    assert 20 <= len(it.fake.requests) <= 51


def test_list_by_time_may_have_many_pages_with_the_same_shift_or_none() -> None:
    with served(list_of(lambda number: [{"id": "S1"}], 700, "schedule_entries")) as it:
        assert len(it.read(ENTRIES)) == 701


REFUSED = '{"type": "validation_error", "errors": [{"source": {"field": "page_size"}, "message": "is too large"}]}'


def larger_than(most: int, fault: Fault) -> Faults:
    """A fault for each page with more rows than `most`."""
    return lambda number, path, params: fault if int(params.get("page_size", 1)) > most else None


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        *((Fault(status=502), 3), (Fault(status=503), 3), (Fault(status=504, body="<html>"), 3)),
        (Fault(status=422, body=REFUSED), 1),
    ],
)
def test_page_that_is_slow_or_refused_is_requested_again_with_half_of_its_rows(
    fault: Fault, tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(3)
    with served(larger_than(12, fault), org) as it:
        pages = it.read(ALERTS)
    assert [row["id"] for page in pages for row in page.rows] == [row["id"] for row in org.rows[ALERTS.path]]
    # The last one makes sure that nothing comes after the tenth page.
    assert it.page_sizes == ["50"] * tries + ["25"] * tries + ["12"] * 12
    assert sum("requesting smaller pages from now on" in text for text in warnings(caplog)) == 1


def test_page_size_that_the_api_always_rejects_ends_the_list() -> None:
    with served(always(Fault(status=422, body=REFUSED))) as it, pytest.raises(Rejected):
        it.read(ALERTS)
    assert it.page_sizes == ["50", "25", "12", "10"]


def test_later_lists_of_the_stream_keep_the_smaller_size() -> None:
    with served(larger_than(30, Fault(status=504))) as it:
        assert [len(page.rows) for page in it.read(ALERTS)][:2] == [25, 25]
        before = len(it.fake.requests)
        next(it.client.pages(ALERTS, ()))
        next(it.client.pages(BY_NAME["escalations"], ()))
    assert it.page_sizes[before:] == ["25", "50", "50", "50", "25"]


def test_two_slow_answers_or_other_faults_change_no_page_size() -> None:
    with served(in_turn(*(Fault(status=status) for status in (503, 503, 500, 503, 503)))) as it:
        next(it.client.pages(ALERTS, ()))
    assert set(it.page_sizes) == {"50"}
