"""Which errors are the API's own, and which come from a gateway or proxy in front of it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tap_incident.api.answers import RateLimited, fail
from tap_incident.errors import BadEndpoint, BadKey, Forbidden, Gone, PassingFault, Rejected
from tests.support.each import for_each
from tests.support.runs import Json
from tests.unit.api.test_answers import ODD_ERRORS, OWN, error_of


def _has_object(errors: Any) -> bool:
    return isinstance(errors, list) and any(isinstance(each, dict) and each for each in errors)


GATEWAYS: list[Any] = [None, [], "x", {}, {"message": "Forbidden"}, {"type": "x"}, {"errors": [{"code": "x"}]}]
GATEWAYS += [{**OWN, "errors": odd} for odd in ODD_ERRORS if not _has_object(odd)]
GATEWAYS += [{**OWN, "type": None}, {**OWN, "type": 5}, {**OWN, "type": {}}]


@for_each(list(product([204, 206, 400, 401, 403, 404, 408, 410, 418, 422, 451, 500, 502], GATEWAYS)))
def test_gateway_error_is_a_passing_fault_whatever_its_status(answer: tuple[int, Any]) -> None:
    status, body = answer
    with pytest.raises(
        PassingFault, match=rf"^GET /v2/users: status {status}.*a gateway or proxy answered, not the API"
    ):
        fail("GET /v2/users", status, {}, body)


@pytest.mark.parametrize("body", GATEWAYS, ids=str)
def test_gateway_429_is_a_429_and_its_redirect_a_redirect(body: Any) -> None:
    with pytest.raises(RateLimited) as limited:
        fail("GET /v2/users", 429, {"Retry-After": "7"}, body)
    assert limited.value.retry_after == 7
    with pytest.raises(BadEndpoint, match="Redirects are not followed"):
        fail("GET /v2/users", 302, {}, body)


OWN_ERRORS: list[Json] = [
    {},
    {"status": 404, "request_id": "r"},
    {"errors": [{"code": "resource_not_found", "message": "gone", "source": {"field": "incident_id"}}]},
    {"errors": [{"code": "not_found", "message": None, "source": None, "metadata": None, "docs": "new"}]},
    {"errors": [{"message": "no code"}]},
    {"errors": [None, {"message": "no code"}, {"code": "resource_not_found"}], "new": {"key": 1}},
]


@pytest.mark.parametrize("body", OWN_ERRORS, ids=str)
def test_api_error_is_recognised_in_all_its_forms(body: Json) -> None:
    assert type(error_of(404, body)) is Gone
    assert type(error_of(403, body)) is Forbidden
    assert type(error_of(401, body)) is BadKey
    assert type(error_of(422, body)) is Rejected
