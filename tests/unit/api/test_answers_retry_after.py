"""Answers with status 429: how Retry-After is read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from tap_incident.api.answers import RateLimited
from tests.support.runs import Json
from tests.unit.api.test_answers import error_of

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


def retry_after(body: Json | None = None, **headers: str) -> float | None:
    """Seconds to wait after a 429 with this body and these headers."""
    error = error_of(429, body, **headers)
    assert isinstance(error, RateLimited)
    return error.retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 7 ", 7), ("1.5", 1.5), ("600", 600), ("Wed, 21 Oct 2026 07:28:30 GMT", 30)],
)
def test_retry_after_header_is_seconds_or_a_date(header: str, seconds: float) -> None:
    assert retry_after(Retry_After=header, Date=DATE) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-10-21T07:28:12Z", 12),
        ("2026-10-21T07:28:12.5Z", 12.5),
        ("2026-10-21T09:28:12+02:00", 12),
        ("Wed, 21 Oct 2026 07:28:12 GMT", 12),
        ("12", 12),
        (12, 12),
        (1.5, 1.5),
    ],
)
def test_retry_after_in_the_body_is_seconds_or_a_date(value: Any, seconds: float) -> None:
    assert retry_after({"rate_limit": {"retry_after": value}}, Date=DATE) == seconds


def test_retry_after_header_takes_precedence_over_the_body() -> None:
    body = {"rate_limit": {"retry_after": 99}}
    assert retry_after(body, Retry_After="7") == 7
    assert retry_after(body, Retry_After="soon!") == 99
    assert retry_after(body, Retry_After="0") == 99


def test_retry_after_date_without_a_date_header_counts_from_now() -> None:
    then = datetime.now(timezone.utc) + timedelta(seconds=100)
    seconds = [
        retry_after(Retry_After=format_datetime(then, usegmt=True)),
        retry_after({"rate_limit": {"retry_after": f"{then}"}}),
    ]
    assert all(found is not None and 90 < found <= 100 for found in seconds)


@pytest.mark.parametrize("value", ["", "soon!", "0", "0.0", "1e3", "Wed, 21 Oct 2026 07:27:00 GMT", "9" * 400])
def test_retry_after_that_is_invalid_or_past_is_none(value: str) -> None:
    assert retry_after(Retry_After=value, Date=DATE) is None
    assert retry_after({"rate_limit": {"retry_after": value}}, Date=DATE) is None


@pytest.mark.parametrize("value", [None, [], {}, 0, 10**400, float("inf")])
@pytest.mark.parametrize("date", [DATE, "", "yesterday!"])
def test_retry_after_in_the_body_of_another_type_is_none(value: Any, date: str) -> None:
    assert retry_after({"rate_limit": {"retry_after": value}}, Date=date) is None
    assert retry_after({"rate_limit": value}, Date=date) is None


def test_429_error_has_the_rate_limit_from_the_headers() -> None:
    error = error_of(429, X_RateLimit_Limit="60, 1200;window=60, 60;window=60", X_RateLimit_Remaining="0")
    assert isinstance(error, RateLimited)
    assert error.limits.of_endpoint
    assert error.limits.remaining == 0
