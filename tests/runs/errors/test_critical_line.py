"""The CRITICAL line that ends a failed run: what failed, where, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import REFUSAL_TEXTS, at, refusal
from tests.support.logs import last_line
from tests.support.runs import only

REFUSALS = {
    401: "The API does not know this key: check api_key, or make a new one in the dashboard",
    404: "Check endpoint; if it is right, the API no longer has this path: deselect the stream",
    422: "Deselect the stream to read the rest, and report this line",
    302: "Redirects are not followed, because the key would be sent along: check endpoint",
    429: "The API asks to wait 3,600 s, but the tap waits for at most 10 minutes. "
    "Run again after that, with the last state",
}


@pytest.mark.parametrize(("status", "advice"), REFUSALS.items(), ids=map(str, REFUSALS))
def test_critical_line_of_a_refusal_has_status_texts_and_advice(
    tap: Tap, caplog: pytest.LogCaptureFixture, status: int, advice: str
) -> None:
    path = BY_NAME["alerts"].path
    fault = refusal(status, Location="https://example.com/", Retry_After="3600")
    with FakeApi(organisation(2), faults=at(path, fault)) as fake:
        line = last_line(tap(fake, catalog=only("alerts")), caplog)
    assert line.startswith(f"alerts: GET {path}: status {status}, ")
    assert all(part in line for part in REFUSAL_TEXTS)
    assert line.replace(" Nothing was read.", "").replace(" Everything else was read.", "").endswith(f". {advice}")
    assert ".." not in line


DEEP = "[" * 100_000
BAD_DATA: dict[str, Fault] = {
    'the answer of /v2/alerts has no list "alerts"': refusal(200, {"users": []}),
    '/v2/alerts: entry 1 of "alerts" is not an object': refusal(200, {"alerts": [{"id": "A1"}, 5]}),
    "row A1: title should be of type string, but the API sent object": refusal(
        200, {"alerts": [{"id": "A1", "title": {}}]}
    ),
    "row without id came without its key property id": refusal(200, {"alerts": [{"title": "A1"}]}),
    "/v2/alerts returned the same cursor twice": refusal(200, {"alerts": [], "pagination_meta": {"after": "x"}}),
    "GET /v2/alerts: the answer is nested too deeply to be read": Fault(status=200, body=DEEP),
}


@pytest.mark.parametrize(("said", "fault"), BAD_DATA.items(), ids=range(len(BAD_DATA)))
def test_critical_line_of_bad_data_names_stream_and_advice(
    tap: Tap, caplog: pytest.LogCaptureFixture, said: str, fault: Fault
) -> None:
    with FakeApi(organisation(1), faults=at("/v2/alerts", fault)) as fake:
        line = last_line(tap(fake, catalog=only("alerts")), caplog)
    assert line.startswith(f"alerts: {said}")
    assert line.endswith("Run again; if the error comes back, deselect what this line names, and report the line")


BAD_FILES: list[tuple[str, Any, str]] = [
    ("state", {"bookmarks": {"users": 5}}, 'the bookmark of "users" must be an object'),
    ("catalog", None, 'a catalog is an object with a list "streams", as --discover prints it'),
    ("properties", {"streams": [{}]}, "entry 1 of streams has no tap_stream_id"),
    ("config", {}, "api_key is missing (set it there, or set INCIDENT_API_KEY in the environment)"),
]


@pytest.mark.parametrize(("option", "content", "said"), BAD_FILES)
def test_critical_line_of_an_invalid_file_names_it_and_what_it_must_hold(
    tap: Tap, caplog: pytest.LogCaptureFixture, option: str, content: Any, said: str
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, **{option: content})
    assert last_line(run, caplog).endswith(f"{option}.json: {said}")
    assert (run.messages, fake.requests) == ([], [])


def test_critical_line_of_a_request_that_cannot_be_made_names_the_variable(
    tap: Tap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, settings={"endpoint": "https://api.example.invalid"})
    assert "REQUESTS_CA_BUNDLE" in last_line(run, caplog)
