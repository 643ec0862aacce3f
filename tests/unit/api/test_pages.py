"""Pages that the API is too slow for: they are requested again with fewer rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest

from tap_incident.errors import Rejected
from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Fault, organisation
from tests.unit.api.fake_clock import FakeClock
from tests.unit.api.test_client import client_of

ALERTS, SEVERITIES = BY_NAME["alerts"], BY_NAME["severities"]


class TooSlow:
    """A fault for each page with more rows than `most`."""

    def __init__(self, most: int, fault: Fault) -> None:
        self.most, self.fault = most, fault

    def __call__(self, number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return self.fault if int(params.get("page_size", 1)) > self.most else None


@pytest.mark.parametrize("fault", [Fault(status=502), Fault(status=503), Fault(status=504, body="<html>")])
def test_slow_page_is_requested_again_with_half_of_its_rows(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    org = organisation(3)
    with FakeApi(org, faults=TooSlow(12, fault)) as fake, caplog.at_level(logging.WARNING):
        pages = list(client_of(fake.url, clock).pages(ALERTS, ()))
        rows = [row["id"] for page in pages for row in page.rows]
    assert rows == [row["id"] for row in org.rows[ALERTS.path]]
    sizes = [dict(request.params)["page_size"] for request in fake.requests]
    # The last one makes sure that nothing comes after the tenth page.
    assert sizes == ["50"] * 3 + ["25"] * 3 + ["12"] * 12
    assert sum("requesting smaller pages from now on" in text for text in caplog.messages) == 1


def test_page_size_that_the_api_rejects_is_made_smaller() -> None:
    body = '{"type": "validation_error", "errors": [{"source": {"field": "page_size"}, "message": "is too large"}]}'
    org = organisation(3)
    with FakeApi(org, faults=TooSlow(30, Fault(status=422, body=body))) as fake:
        pages = list(client_of(fake.url, FakeClock()).pages(ALERTS, ()))
    assert [row["id"] for page in pages for row in page.rows] == [row["id"] for row in org.rows[ALERTS.path]]
    assert [dict(request.params)["page_size"] for request in fake.requests][:3] == ["50", "25", "25"]
    with FakeApi(org, faults=TooSlow(0, Fault(status=422, body=body))) as fake, pytest.raises(Rejected):
        list(client_of(fake.url, FakeClock()).pages(ALERTS, ()))
    assert [dict(request.params)["page_size"] for request in fake.requests] == ["50", "25", "12", "10"]


def test_later_lists_of_the_stream_keep_the_smaller_size() -> None:
    with FakeApi(organisation(3), faults=TooSlow(30, Fault(status=504))) as fake:
        client = client_of(fake.url, FakeClock())
        assert [len(page.rows) for page in client.pages(ALERTS, ())][:2] == [25, 25]
        before = len(fake.requests)
        next(client.pages(ALERTS, ()))
        next(client.pages(BY_NAME["escalations"], ()))
    assert [dict(request.params)["page_size"] for request in fake.requests[before:]] == ["25", "50", "50", "50", "25"]


def test_two_slow_answers_or_other_faults_change_no_page_size() -> None:
    faults = iter([Fault(status=503), Fault(status=503), Fault(status=500), Fault(status=503), Fault(status=503)])
    with FakeApi(organisation(3), faults=lambda *_: next(faults, None)) as fake:
        next(client_of(fake.url, FakeClock()).pages(ALERTS, ()))
    assert {dict(request.params)["page_size"] for request in fake.requests} == {"50"}
