"""When a run began: by the API's clock or the machine's, whichever is behind."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest

from tap_incident import config as configs
from tap_incident.api.answers import sent_at
from tap_incident.api.client import Client
from tap_incident.streams import BY_NAME
from tap_incident.timestamps import instant, rfc3339
from tests.fake_api import FakeApi, organisation
from tests.support.runs import KEY

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 21 Oct 2026 07:28:00 GMT", "2026-10-21T07:28:00Z"),
        ("Wed, 21 Oct 2026 09:28:00 +0200", "2026-10-21T07:28:00Z"),
        ("", None),
        ("Wed, 21 Oct 2026 07:28:00 -0000", "2026-10-21T07:28:00Z"),
        ("Fri, 31 Dec 9999 23:59:59 -0100", None),
    ],
)
def test_date_header_is_the_time_of_the_answer(date: str, expected: str | None) -> None:
    found = sent_at({"Date": date})
    assert (rfc3339(found) if found else None) == expected
    assert found is None or found.tzinfo is timezone.utc


@pytest.mark.parametrize("ahead", [-HOUR, timedelta(), HOUR])
def test_run_start_is_by_the_clock_that_is_behind(ahead: timedelta) -> None:
    here = datetime.now(timezone.utc)
    with FakeApi(organisation(1), clock_ahead=ahead.total_seconds()) as fake:
        config = configs.load([], {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url})
        client = Client(config, stop=threading.Event(), now=lambda: here)
        assert client.began == rfc3339(here - timedelta(days=1))
        list(client.pages(BY_NAME["severities"], ()))
        began = client.began
        fake.clock_ahead += 7200
        list(client.pages(BY_NAME["severities"], ()))
    assert client.began == began
    expected, _ = instant(rfc3339(min(here, here + ahead)))
    assert timedelta() <= instant(began)[0] - expected < timedelta(minutes=1)
