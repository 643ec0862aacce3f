"""What is read from error answers, headers and pagination that are not as they should be."""

from __future__ import annotations

import pytest

from tap_incident.api.answers import PageTooLarge, RateLimited, fail, page
from tap_incident.api.rate import read_limits
from tap_incident.errors import BadData, Forbidden, MissingPermission, Rejected, Unreadable
from tap_incident.streams import BY_NAME
from tests.support.runs import Json


@pytest.mark.parametrize("value", ["-5", "30.", "1 2", "tomorrow", "0x10"])
def test_retry_after_that_is_no_time_is_ignored(value: str) -> None:
    with pytest.raises(RateLimited) as limited:
        fail("GET /x", 429, {"Retry-After": value, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, {})
    assert limited.value.retry_after is None


def test_error_message_that_is_long_keeps_the_request_id() -> None:
    body = {"type": "t", "errors": [{"code": "c", "message": "m" * 5000}], "request_id": "req-1"}
    with pytest.raises(Rejected, match=r"request_id req-1$") as rejected:
        fail("GET /x", 422, {}, body)
    assert len(str(rejected.value)) < 700


def test_missing_scope_is_found_beside_other_errors() -> None:
    body = {"type": "t", "errors": [{"metadata": {"scope": "users.view"}}, {"metadata": {}}, {"code": "c"}]}
    with pytest.raises(MissingPermission) as missing:
        fail("GET /x", 403, {}, body)
    assert missing.value.scope == "users.view"
    assert ", ," not in str(missing.value)


SCOPES: list[tuple[Json, str | None]] = [
    ({"code": "missing_required_scope", "metadata": {"scope": "users.view"}}, "users.view"),
    ({"code": "missing_required_scope"}, ""),
    ({"code": "missing_required_scope", "metadata": {"scope": 5}}, ""),
    ({"code": "other", "metadata": {"scope": "users.view"}}, "users.view"),
    ({"code": "resource_forbidden", "message": "This incident is private."}, None),
    ({"metadata": {"scope": ""}}, None),
    ({"metadata": {"scope": 5}}, None),
]


@pytest.mark.parametrize(("error", "scope"), SCOPES, ids=str)
def test_403_is_a_missing_permission_only_if_the_api_says_so(error: Json, scope: str | None) -> None:
    with pytest.raises(Unreadable, match="status 403") as caught:
        fail("GET /x", 403, {}, {"type": "t", "errors": [error]})
    assert type(caught.value) is (Forbidden if scope is None else MissingPermission)
    assert getattr(caught.value, "scope", None) == scope


@pytest.mark.parametrize("error", [{"source": {"field": "page_size"}}, {"message": "page_size must be at most 25"}])
def test_422_for_the_page_size_is_a_kind_of_its_own(error: Json) -> None:
    with pytest.raises(PageTooLarge):
        fail("GET /x", 422, {}, {"type": "validation_error", "errors": [error]})


def test_pagination_meta_that_is_no_object_is_an_error() -> None:
    with pytest.raises(BadData, match="pagination_meta"):
        page({"alerts": [], "pagination_meta": "more"}, BY_NAME["alerts"])


def test_rate_limit_header_with_an_absurd_window_is_ignored() -> None:
    assert read_limits({"X-RateLimit-Limit": "1, 1;window=999999999", "X-RateLimit-Remaining": "0"}).quotas == ()
