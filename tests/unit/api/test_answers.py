"""Answers of the API: how pages are read."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.api.answers import Page, page
from tap_incident.errors import BadData
from tap_incident.streams import BY_NAME
from tests.support.runs import Json

USERS, ENTRIES = BY_NAME["users"], BY_NAME["schedule_entries"]
ROWS = [{"id": "U1"}, {"id": "U2"}]


@pytest.mark.parametrize("meta", [None, {}, {"after": None}, {"after": ""}], ids=str)
def test_page_without_a_cursor_is_the_last(meta: Json | None) -> None:
    assert page({"users": ROWS, "pagination_meta": meta}, USERS) == Page(ROWS)


def test_page_has_rows_cursor_and_total() -> None:
    body = {"users": ROWS, "pagination_meta": {"after": "c1", "page_size": 2, "total_record_count": 3}}
    assert page(body, USERS) == Page(ROWS, "c1", 3)


@pytest.mark.parametrize("rows", [[], None])
def test_page_with_null_instead_of_the_list_is_empty(rows: Any) -> None:
    assert page({"users": rows}, USERS) == Page([])
    assert page({"users": rows, "pagination_meta": {"after": "c1"}}, USERS) == Page([], "c1")


@pytest.mark.parametrize("body", [{}, {"postmortem_contents": []}, {"text": "# Soup"}], ids=str)
def test_answer_without_the_property_that_its_row_always_has_is_bad_data(body: Json) -> None:
    with pytest.raises(BadData, match=r'the answer of /v1/postmortem_documents/\{id\}/content has no "markdown"'):
        page(body, BY_NAME["postmortem_contents"])


def test_object_of_lists_adds_the_name_of_the_list_to_its_rows() -> None:
    lists = {"scheduled": [{"start_at": "1"}], "final": [{"start_at": "2"}, {"start_at": "3"}], "overrides": None}
    found = page({"schedule_entries": lists, "pagination_meta": {"after": "C"}}, ENTRIES)
    assert [(row["entry_type"], row["start_at"]) for row in found.rows] == [
        ("final", "2"),
        ("final", "3"),
        ("scheduled", "1"),
    ]
    assert found.after == "C"


def test_object_of_lists_includes_a_new_list_and_skips_other_values() -> None:
    lists = {"drafted": [{"start_at": "1"}], "generated_at": "2026-01-01T00:00:00Z"}
    assert page({"schedule_entries": lists}, ENTRIES).rows == [{"start_at": "1", "entry_type": "drafted"}]


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
