"""Whole runs in which a gateway answers for the API: its 404 deletes nothing, and its 403 forbids nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.support.runs import Run, check, key_of, only, there


def gateway_at(path: str, status: int, number: int = 0) -> Faults:
    """A gateway that answers the request with this number for `path`, and no other."""
    numbers = iter(range(10_000))

    def faults(_: int, requested: str, params: Mapping[str, str]) -> Fault | None:
        if requested != path or next(numbers) != number:
            return None
        return Fault(status=status, body="<html>No</html>", content_type="text/html")

    return faults


def rows_of(tap: Tap, faults: Faults | None, catalog: Any, settings: dict[str, Any]) -> Run:
    """A run against a stand-in with these faults."""
    with FakeApi(organisation(5), faults=faults) as fake:
        return tap(fake, catalog=catalog, settings=settings)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    ("path", "stream"), [("/v3/actions", "actions"), ("/v1/incident_attachments", "incident_attachments")]
)
def test_gateway_error_for_one_incident_loses_no_row_of_any_other(
    tap: Tap, status: int, path: str, stream: str
) -> None:
    org, settings = organisation(5), {"child_strategy": "per_incident", "activate_version": True}
    run = rows_of(tap, gateway_at(path, status, 2), only("incidents", stream), settings)
    check(run)
    assert run.code == 0
    assert set(run.keys(stream)) == {key_of(stream, row) for row in there(org, stream)}
    assert [m["stream"] for m in run.messages if m["type"] == "ACTIVATE_VERSION"].count(stream) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_gateway_error_leaves_the_attachments_of_an_incident_as_they_are(tap: Tap, status: int) -> None:
    settings = {"replication_method": "INCREMENTAL"}
    calm = rows_of(tap, None, only("incidents"), settings)
    run = rows_of(tap, gateway_at("/v1/incident_attachments", status, 1), only("incidents"), settings)
    assert run.code == 0
    assert run.records("incidents") == calm.records("incidents")
    assert any(row["attachments"] for row in calm.records("incidents"))


@pytest.mark.parametrize("status", [403, 404, 422])
def test_gateway_error_on_the_first_page_skips_no_stream(
    tap: Tap, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    run = rows_of(tap, gateway_at("/v2/users", status), only("users"), {})
    assert run.code == 0
    assert set(run.keys("users")) == {key_of("users", row) for row in organisation(5).rows["/v2/users"]}
    assert f"users: GET /v2/users: status {status}: a gateway or proxy answered, not the API. Retrying" in caplog.text
