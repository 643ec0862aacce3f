"""How long a run waits after a 429."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import first_at, refusal
from tests.support.logs import last_line, warnings
from tests.support.runs import check, only

SEVERITIES = "/v1/severities"


def soon(seconds: float) -> datetime:
    """A moment in the future."""
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


TIMES: dict[str, Callable[[], Fault]] = {
    "seconds": lambda: refusal(429, Retry_After="1.3"),
    "an HTTP date": lambda: refusal(429, Retry_After=format_datetime(soon(2.1), usegmt=True)),
    "RFC 3339 in the body": lambda: refusal(429, {"rate_limit": {"retry_after": soon(1.3).isoformat()}}),
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
    assert answered.at - refused.at > 1.1
    assert len([line for line in warnings(caplog) if "Waiting " in line]) == 1


@pytest.mark.parametrize("after", ["601", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_429_with_a_time_beyond_ten_minutes_ends_the_stream_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, after: str
) -> None:
    with FakeApi(organisation(1), faults=first_at(SEVERITIES, refusal(429, Retry_After=after))) as fake:
        run = tap(fake, catalog=only("severities"))
    line = last_line(run, caplog)
    assert line.startswith(f"severities: GET {SEVERITIES}: status 429")
    assert " s, but the tap waits for at most 10 minutes. " in line
    assert line.endswith("Run again after that, with the last state")
    assert len([request for request in fake.requests if request.path == SEVERITIES]) == 1
