"""How long a run waits after a 429."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import first_at
from tests.support.logs import last_line
from tests.support.runs import (
    check,
    only,
)

SEVERITIES = BY_NAME["severities"].path


def limited(after: str | None, body: object = None) -> Fault:
    """A 429 with this Retry-After, and this in its body."""
    headers = {} if after is None else {"Retry-After": after}
    return Fault(status=429, headers=headers, body=json.dumps({"rate_limit": {"retry_after": body}}))


def soon(seconds: float) -> datetime:
    """A moment in the future."""
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


TIMES: dict[str, Callable[[], Fault]] = {
    "seconds": lambda: limited("1.3"),
    "an HTTP date": lambda: limited(format_datetime(soon(2.1), usegmt=True)),
    "RFC 3339 in the body": lambda: limited("garbage", soon(1.3).isoformat()),
}


@pytest.mark.parametrize("make", TIMES.values(), ids=TIMES.keys())
def test_429_with_a_time_is_retried_then(tap: Tap, caplog: pytest.LogCaptureFixture, make: Callable[[], Fault]) -> None:
    with FakeApi(organisation(1), faults=first_at(SEVERITIES, make)) as fake:
        run = tap(fake, catalog=only("severities"))
    check(run)
    assert len(run.records("severities")) == 4
    refused, answered = [request for request in fake.requests if request.path == SEVERITIES]
    assert (refused.status, answered.status) == (429, 200)
    # Without a time, the first pause is at most a second.
    assert 1.2 < answered.at - refused.at < 6
    assert [record for record in caplog.records if "Waiting " in record.getMessage()]


LIMITED = ("severities", "incident_types", "incident_statuses", "incident_roles", "users", "teams", "custom_fields")
NO_TIMES: list[Fault] = [
    limited(None),
    limited("0", 0),
    limited("-5", -5),
    limited("1e9", "1e9"),
    limited("9" * 400, 1e9),
    limited("soon", {"in": 5}),
    limited("Wed, 21 Oct 2015 07:28:00 GMT", "2015-10-21T07:28:00Z"),
]


def test_429_without_a_usable_time_is_retried(tap: Tap) -> None:
    refusals = {BY_NAME[name].path: fault for name, fault in zip(LIMITED, NO_TIMES, strict=True)}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return refusals.pop(path, None)

    with FakeApi(organisation(1), faults=faults) as fake:
        run = tap(fake, catalog=only(*LIMITED))
    check(run)
    assert (run.code, refusals) == (0, {})
    assert sorted(run.streams()) == sorted(LIMITED)
    for name in LIMITED:
        assert [asked.status for asked in fake.requests if asked.path == BY_NAME[name].path] == [429, 200]


@pytest.mark.parametrize("after", ["999999999", "601", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_429_with_a_time_beyond_ten_minutes_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, after: str
) -> None:
    with FakeApi(organisation(1), faults=first_at(SEVERITIES, limited(after))) as fake:
        run = tap(fake, catalog=only("severities"))
    line = last_line(run, caplog)
    assert line.startswith(f"severities: GET {SEVERITIES}: status 429. The API asks to wait ")
    assert line.endswith(" s, but the tap waits for at most 10 minutes. Run again after that, with the last state")
    assert len([request for request in fake.requests if request.path == SEVERITIES]) == 1
    assert not [record for record in caplog.records if record.levelno == logging.WARNING]
