"""Answers of the API: how pages are read, and which errors are raised for other statuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident.api.answers import Page, RateLimited, fail, page
from tap_incident.api.body import parse_body
from tap_incident.errors import (
    BadData,
    BadEndpoint,
    BadKey,
    Forbidden,
    Gone,
    MissingPermission,
    PassingFault,
    Rejected,
    SlowAnswer,
    TapError,
)
from tap_incident.streams import BY_NAME
from tests.support.runs import Json

USERS = BY_NAME["users"]
ROWS = [{"id": "U1"}, {"id": "U2"}]
PAYLOAD = "sesame"
OWN: Json = {"type": "some_type", "errors": [{"code": "some_code"}]}
"""What makes an error the API's own."""


def error_of(status: int, body: Json | None = None, **headers: str) -> TapError:
    """The error that is raised for an answer with this status."""
    sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(TapError) as caught:
        fail("GET /v2/users", status, sent_headers, {**OWN, **(body or {})})
    return caught.value


@pytest.mark.parametrize("body", [{"a": [1, None]}, [], "x", 5, None, {"n": 2**53 + 1, "text": "Größe"}])
def test_body_is_parsed_as_json(body: Any) -> None:
    assert parse_body(json.dumps(body).encode()) == body
    assert parse_body(json.dumps(body, ensure_ascii=False).encode()) == body


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"{", b'{"a": 1}}', b"\xff\xfe\xfa", b'{"a": "\xc3'],
    ids=lambda content: content[:12].decode("latin-1"),
)
def test_body_that_is_not_json_is_parsed_as_none(content: bytes) -> None:
    assert parse_body(content) is None


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"pagination_meta": None},
        {"pagination_meta": {}},
        {"pagination_meta": {"after": None}},
        {"pagination_meta": {"after": ""}},
    ],
    ids=str,
)
def test_page_without_a_cursor_is_the_last(meta: Json) -> None:
    assert page({"users": ROWS, **meta}, USERS) == Page(ROWS)


def test_page_has_rows_cursor_and_total() -> None:
    body = {"users": ROWS, "pagination_meta": {"after": "c1", "page_size": 2, "total_record_count": 3}}
    assert page(body, USERS) == Page(ROWS, "c1", 3)


@pytest.mark.parametrize("total", [None, "3", 3.0, True, []])
def test_page_total_that_is_not_an_integer_is_none(total: Any) -> None:
    body = {"users": ROWS, "pagination_meta": {"after": "c1", "total_record_count": total}}
    assert page(body, USERS) == Page(ROWS, "c1", None)


@pytest.mark.parametrize("rows", [[], None])
def test_page_with_null_instead_of_the_list_is_empty(rows: Any) -> None:
    assert page({"users": rows}, USERS) == Page([])
    assert page({"users": rows, "pagination_meta": {"after": "c1"}}, USERS) == Page([], "c1")


@pytest.mark.parametrize(
    "body",
    [{}, {"user": ROWS}, {"users": {}}, {"users": PAYLOAD}, {"users": 0}, {"users": False}, {"data": {"users": ROWS}}],
    ids=str,
)
def test_page_without_the_list_is_bad_data(body: Json) -> None:
    with pytest.raises(BadData, match=r'^users: .*/v2/users has no list "users"$'):
        page(body, USERS)


@pytest.mark.parametrize("row", [None, PAYLOAD, 5, False, [], [{}]])
def test_page_with_a_row_that_is_not_an_object_is_bad_data(row: Any) -> None:
    with pytest.raises(BadData, match=r'^users: /v2/users: entry 1 of "users" is not an object') as caught:
        page({"users": [{}, row, {}]}, USERS)
    assert PAYLOAD not in str(caught.value)


ENTRIES = BY_NAME["schedule_entries"]


def test_page_list_can_have_another_key_than_the_stream_name() -> None:
    assert page({"overrides": ROWS}, BY_NAME["schedule_overrides"]) == Page(ROWS)
    with pytest.raises(BadData, match='has no list "resources"'):
        page({"catalog_resources": ROWS}, BY_NAME["catalog_resources"])


def test_answer_that_is_one_row_is_a_page_of_it() -> None:
    assert page({"markdown": "# Soup"}, BY_NAME["postmortem_contents"]) == Page([{"markdown": "# Soup"}])


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


def test_object_of_lists_with_a_row_that_is_not_an_object_is_bad_data() -> None:
    with pytest.raises(BadData, match='entry 1 of "final" is not an object'):
        page({"schedule_entries": {"final": [{}, "x"]}}, ENTRIES)


@pytest.mark.parametrize("after", [5, True, False, 0, [], {"c": PAYLOAD}])
def test_cursor_that_is_not_a_string_is_bad_data(after: Any) -> None:
    with pytest.raises(BadData, match=r"^users: /v2/users: .* cursor .* not a string$"):
        page({"users": ROWS, "pagination_meta": {"after": after}}, USERS)


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((400, 405, 409, 410, 418, 422, 499), Rejected),
        ((301, 302, 307, 308), BadEndpoint),
        ((401,), BadKey),
        ((403,), Forbidden),
        ((407,), BadEndpoint),
        ((404,), Gone),
        ((408, 500, 501, 520, 599), PassingFault),
        ((502, 503, 504), SlowAnswer),
        ((429,), RateLimited),
    ],
)
def test_status_maps_to_one_error_class(statuses: tuple[int, ...], kind: type[TapError]) -> None:
    assert {type(error_of(status)) for status in statuses} == {kind}
    assert all(str(error_of(status)).startswith(f"GET /v2/users: status {status}") for status in statuses)


def test_error_text_gives_advice_if_the_user_can_fix_it() -> None:
    assert "check api_key" in str(error_of(401))
    assert "check endpoint" in str(error_of(302))
    assert "check" not in str(error_of(422))


FULL: Json = {
    "type": "validation_error",
    "status": 422,
    "request_id": "req-1",
    "errors": [
        {"code": "is_required", "message": "page_size is\nrequired", "source": {"field": "filters[0]"}},
        {"code": "invalid", "message": "Not good"},
    ],
}


def test_error_text_has_everything_from_the_body_on_one_line() -> None:
    text = str(error_of(422, FULL))
    expected = ["GET /v2/users", "422", "validation_error", "is_required", "filters[0]", "page_size is required"]
    assert all(part in text for part in [*expected, "invalid", "Not good", "req-1"])
    assert "\n" not in text
    assert "\r" not in text


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500])
def test_error_text_has_the_body_for_every_error_class(status: int) -> None:
    text = str(error_of(status, FULL))
    assert all(part in text for part in ("validation_error", "is_required", "page_size is required", "req-1"))


def test_error_text_is_truncated() -> None:
    assert len(str(error_of(422, {"errors": [{"code": "c", "message": "long " * 10_000}]}))) < 1100


ODD_ERRORS: list[Any] = [
    None,
    "x",
    5,
    {},
    [None, "x", 5, []],
    [{}],
    [{"source": "x", "metadata": "x"}],
    [{"source": {"field": {}}, "metadata": {"scope": 5}, "code": [], "message": 5}],
]


@pytest.mark.parametrize("other", [{}, {"code": "other", "metadata": None}])
def test_403_missing_scope_is_read_from_the_body(other: Json) -> None:
    missing = {"code": "missing_required_scope", "metadata": {"scope": "users.view"}}
    for errors in ([missing], [missing, other], [other, missing]):
        error = error_of(403, {"errors": errors})
        assert isinstance(error, MissingPermission)
        assert error.scope == "users.view"
