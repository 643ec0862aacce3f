"""Any text in any header and any value in any body: an answer, or an error of a known kind."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tap_incident.api.answers import RateLimited, fail, page, read, sent_at
from tap_incident.api.rate import read_limits
from tap_incident.errors import BadData, TapError
from tap_incident.streams import BY_NAME

FUZZ = settings(max_examples=settings().max_examples * 4)
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
PIECES = st.sampled_from(
    [
        *("Wed", ", ", "21 ", "Oct", " 2026", "07:28", ":61", " GMT", " -0000", "EST", "2026-11-25", "T18:00:00", "Z"),
        *("20260", ":999", "…", "+99:99", "99999", "0", ".5", "-1", ";window=", "1200", ", ", "١", "²", "\x00", "nan"),
    ]
)
DATES = LATIN | st.lists(PIECES, max_size=8).map("".join)
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=4,
)
ERRORS = st.lists(st.dictionaries(st.sampled_from(["code", "message", "source", "metadata"]), JSON, max_size=3) | JSON)
BODIES = st.dictionaries(st.sampled_from(["type", "request_id", "rate_limit"]), JSON) | st.fixed_dictionaries(
    {}, optional={"type": JSON, "errors": ERRORS | JSON}
)


@FUZZ
@given(DATES, DATES | st.just(DATE), JSON | DATES)
@example("2026-11-25T18:00:00Z20260:999…EST", DATE, None)
@example("Wed, 21 Oct 2026 07:28:00 -0000", "Wed, 21 Oct 0001 00:00:00 +2300", None)
@example("9999-12-31T23:59:59-23:59", "Fri, 31 Dec 9999 23:59:59 -2359", "0001-01-01T00:00:00+23:59")
def test_any_retry_after_is_a_wait_or_none(header: str, date: str, body: Any) -> None:
    headers = {"Retry-After": header, "Date": date}
    with pytest.raises(RateLimited) as caught:
        fail("GET /v2/users", 429, headers, {"rate_limit": {"retry_after": body}})
    assert caught.value.retry_after is None or 0 < caught.value.retry_after < 1e12


@FUZZ
@given(DATES)
@example("Wed, 21 Oct 0001 00:00:00 +2300")
def test_any_date_is_a_time_in_utc_or_none(date: str) -> None:
    found = sent_at({"Date": date})
    assert found is None or found.utcoffset() == timedelta(0)


def test_date_without_a_known_zone_is_in_utc() -> None:
    assert sent_at({"Date": "Wed, 21 Oct 2026 07:28:00 -0000"}) == datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)


@FUZZ
@given(DATES, DATES)
@example("1, 1;window=1", "999999999")
def test_any_rate_limit_headers_are_limits(limit: str, remaining: str) -> None:
    found = read_limits({"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining})
    assert all(quota.rate > 0 for quota in found.quotas)
    assert found.remaining is None or found.remaining >= 0
    assert found.binding is None or found.binding in found.quotas


@FUZZ
@given(BODIES | JSON, st.integers(100, 999).filter(lambda status: status != 200))
@example({"errors": [{"code": "\ud800", "message": "\udfff", "metadata": {"scope": "\ud800"}}]}, 403)
def test_any_error_body_gives_an_error_of_a_known_kind(body: Any, status: int) -> None:
    with pytest.raises(TapError) as caught:
        fail("GET /v2/users", status, {}, body)
    assert len(str(caught.value).splitlines()) == 1


@FUZZ
@given(JSON, JSON | st.fixed_dictionaries({"after": JSON}), st.sampled_from(["users", "schedule_entries", "alerts"]))
def test_any_page_is_a_page_or_bad_data(rows: Any, meta: Any, name: str) -> None:
    try:
        found = page({name: rows, "pagination_meta": meta}, BY_NAME[name])
    except BadData as error:
        assert str(error).startswith(f"{name}: ")
    else:
        assert all(isinstance(row, dict) for row in found.rows)
        assert found.after is None or (found.after and found.after.encode())


@FUZZ
@given(st.binary(max_size=40), st.integers(100, 999), DATES)
def test_any_bytes_are_an_object_or_an_error_of_a_known_kind(content: bytes, status: int, header: str) -> None:
    with suppress(TapError):
        assert isinstance(read("GET /v2/users", status, {"Retry-After": header, "Date": header}, content), dict)


def test_cursor_with_half_a_surrogate_pair_is_bad_data() -> None:
    with pytest.raises(BadData, match=r"^users: /v2/users: the cursor of the next page is not valid Unicode$"):
        page({"users": [], "pagination_meta": {"after": "a\ud800"}}, BY_NAME["users"])
