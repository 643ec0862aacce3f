"""What an answer is: a JSON body, an error by status and by who said it; and the times in it."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident import errors
from tap_incident.api.answers import RateLimited, Unusable, fail, parse_body
from tests.support.each import for_each
from tests.support.runs import Json

UNUSABLE = {
    b'{"users": [{"id": "U1", "n": NaN}]}': "NaN is not a JSON number",
    b'{"users": [{"id": "U1", "n": -Infinity}]}': "-Infinity is not a JSON number",
    b'{"users": [{"id": "U1", "n": 1e999}]}': "a number is too large for a float",
    b'{"users": [{"id": "U1", "n": %s}]}' % (b"7" * 5000): "an integer has too many digits",
    '{"users": [{"id": "U1", "name": "Größe"}]}'.encode("latin-1"): "the answer is not UTF-8 text",
}


@pytest.mark.parametrize("content", UNUSABLE, ids=[*UNUSABLE.values()])
def test_body_that_breaks_the_rules_of_json_is_unusable_and_says_why(content: bytes) -> None:
    with pytest.raises(Unusable) as caught:
        parse_body(content, "users: GET /v2/users")
    assert str(caught.value).startswith("users: GET /v2/users: the answer ")
    assert str(caught.value).endswith(UNUSABLE[content])


@pytest.mark.parametrize("content", ["<p>Größe</p>".encode("latin-1"), '{"a": "Gr\xf6'.encode("latin-1"), b"\xff" * 9])
def test_body_that_is_no_json_in_any_encoding_is_none(content: bytes) -> None:
    assert parse_body(content, "GET") is None


BYTES = st.binary(max_size=30) | st.text('[]{}":,-+.eENaInfity0123456789\\ud8 \n', max_size=30).map(str.encode)


@given(BYTES)
def test_any_body_is_json_or_none_or_an_error_of_a_known_kind(content: bytes) -> None:
    try:
        value = parse_body(content, "GET")
    except errors.TapError as error:
        assert str(error).startswith("GET: ")
    else:
        assert value is None or json.loads(content) == value


OWN: Json = {"type": "some_type", "errors": [{"code": "some_code"}]}
"""What makes an error the API's own."""
DATE, PAST = "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:27:00 GMT"


def failure(status: int, body: Any, headers: dict[str, str] | None = None) -> errors.TapError:
    """The error that is raised for an answer with this body."""
    with pytest.raises(errors.TapError) as caught:
        fail("GET /v2/users", status, headers or {}, json.dumps(body).encode(), "")
    return caught.value


def error_of(status: int, body: Any = None, **headers: str) -> errors.TapError:
    """The error that is raised for an answer with this status. A body completes the API's own."""
    sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure(status, {**OWN, **(body or {})}, sent_headers)


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((400, 405, 409, 410, 418, 422, 499), errors.Rejected),
        ((301, 302, 307, 308), errors.BadEndpoint),
        ((401,), errors.BadKey),
        ((403,), errors.Forbidden),
        ((407,), errors.BadEndpoint),
        ((404,), errors.Gone),
        ((408, 500, 501, 520, 599), errors.PassingFault),
        ((502, 503, 504), errors.SlowAnswer),
        ((429,), RateLimited),
    ],
)
def test_status_maps_to_one_error_class(statuses: tuple[int, ...], kind: type[errors.TapError]) -> None:
    assert {type(error_of(status)) for status in statuses} == {kind}
    assert all(str(error_of(status)).startswith(f"GET /v2/users: status {status}") for status in statuses)


def test_error_message_that_is_long_keeps_the_request_id() -> None:
    text = str(error_of(422, {"errors": [{"code": "c", "message": "m" * 5000}], "request_id": "req-1"}))
    assert text.endswith("request_id req-1")
    assert len(text) < 700


@pytest.mark.parametrize(
    ("error", "scope"),
    [
        ({"code": "missing_required_scope", "metadata": {"scope": "users.view"}}, "users.view"),
        ({"code": "missing_required_scope"}, ""),
        ({"code": "missing_required_scope", "metadata": {"scope": 5}}, ""),
        ({"code": "other", "metadata": {"scope": "users.view"}}, "users.view"),
        ({"code": "resource_forbidden", "message": "This incident is private."}, None),
        ({"metadata": {"scope": ""}}, None),
    ],
    ids=str,
)
def test_403_is_a_missing_permission_only_if_the_api_says_so(error: Json, scope: str | None) -> None:
    for listed in ([error], [error, {"code": "other", "metadata": None}], [{"metadata": {}}, error]):
        found = error_of(403, {"errors": listed})
        assert type(found) is (errors.Forbidden if scope is None else errors.MissingPermission)
        assert getattr(found, "scope", None) == scope


GATEWAYS: list[Any] = [
    *(None, [], "x", {}, {"message": "Forbidden"}, {"type": "x"}, {"errors": [{"code": "x"}]}),
    *(OWN | {"type": None}, OWN | {"type": {}}, OWN | {"errors": None}, OWN | {"errors": "x"}),
    *(OWN | {"errors": {}}, OWN | {"errors": [None, "x", 5, []]}, OWN | {"errors": [{}]}),
]
"""Bodies that the API itself does not send with an error."""


@for_each(list(product([204, 400, 401, 403, 404, 422, 500, 502], GATEWAYS)))
def test_gateway_error_is_a_passing_fault_whatever_its_status(answer: tuple[int, Any]) -> None:
    status, body = answer
    error = failure(status, body)
    assert isinstance(error, errors.PassingFault)
    assert str(error).startswith(f"GET /v2/users: status {status}")
    assert str(error).endswith("a gateway or proxy answered, not the API")


@for_each(GATEWAYS)
def test_gateway_429_is_a_429_and_its_redirect_a_redirect(body: Any) -> None:
    limited, redirect = failure(429, body, {"Retry-After": "7"}), failure(302, body)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 7
    assert isinstance(redirect, errors.BadEndpoint)
    assert "Redirects are not followed" in str(redirect)


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"code": "not_found", "message": None, "source": None, "metadata": None, "docs": "new"}]},
        {"errors": [{"message": "no code"}]},
        {"errors": [{"source": {"field": {}}, "metadata": {"scope": 5}, "code": [], "message": 5}]},
        {"errors": [None, {"message": "no code"}, {"code": "resource_not_found"}], "new": {"key": 1}},
    ],
    ids=str,
)
def test_api_error_is_recognised_in_all_its_forms(body: Json) -> None:
    for status, kind in ((404, errors.Gone), (403, errors.Forbidden), (401, errors.BadKey)):
        assert type(error_of(status, body)) is kind


def retry_after(body: Any = None, **headers: str) -> float | None:
    """Seconds to wait after a 429 with this time in the body, and these headers."""
    error = error_of(429, {"rate_limit": {"retry_after": body}}, **headers)
    assert isinstance(error, RateLimited)
    return error.retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("7", 7), (" 1.5 ", 1.5), ("Wed, 21 Oct 2026 07:28:30 GMT", 30)),
        *(("Wed, 21 Oct 2026 09:28:30 +0200", 30), ("Wed, 21 Oct 2026 07:28:30 -0000", 30)),
    ],
)
def test_retry_after_header_is_seconds_or_a_date(header: str, seconds: float) -> None:
    assert retry_after(99, Retry_After=header, Date=DATE) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"), [("2026-10-21T07:28:12.5Z", 12.5), ("2026-10-21T09:28:12+02:00", 12), ("12", 12), (1.5, 1.5)]
)
def test_retry_after_in_the_body_is_seconds_or_a_date(value: Any, seconds: float) -> None:
    for header in ("", "soon!", "0"):
        assert retry_after(value, Retry_After=header, Date=DATE) == seconds


@pytest.mark.parametrize("value", ["", "soon!", "0", "-5", "1e3", PAST, "Fri, 31 Dec 9999 23:59:59 -0100", "9" * 400])
def test_retry_after_that_is_invalid_or_past_is_none(value: str) -> None:
    assert retry_after(Retry_After=value, Date=DATE) is None


@pytest.mark.parametrize("value", ["soon!", PAST, [], {}, 0, 10**400, float("inf")])
def test_retry_after_in_the_body_that_is_invalid_or_past_is_none(value: Any) -> None:
    assert [retry_after(value, Date=date) for date in (DATE, "", "yesterday!")] == [None] * 3
