"""The one CRITICAL line at the end of a run that failed: what failed, where, and what to do; whole runs."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

from tap_incident import config as configs
from tap_incident.api.client import Client
from tap_incident.errors import PassingFault
from tap_incident.streams import BY_NAME
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.support.runs import KEY, Run, only

SAID = {
    "type": "some_type",
    "request_id": "req-77",
    "errors": [{"code": "some_code", "message": "Some\nwords.", "source": {"field": "some_field"}}],
}
TOLD = ("some_type", "some_code: some_field: Some words", "request_id req-77")


def at(path: str, fault: Fault) -> Faults:
    """Gets the answers of one path wrong."""
    return lambda number, asked, params: fault if asked == path else None


def saying(status: int, body: object = None, **headers: str) -> Fault:
    """An answer with this body, by default an error with all that an error can hold."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=status, body=json.dumps(SAID if body is None else body), headers=named)


def last_line(run: Run, caplog: pytest.LogCaptureFixture) -> str:
    """The line that a failed run ends with; there is no other of its kind, and nothing of Python's."""
    assert run.code == 1
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert caplog.records[-1].getMessage() == line
    assert "\n" not in line
    assert not line.endswith(".")
    assert "Traceback" not in caplog.text
    return line


REFUSALS = {
    401: "The API does not know this key: check api_key, or make a new one in the dashboard",
    404: "Check endpoint; if it is right, the API no longer has this path: deselect the stream",
    422: "Deselect the stream to read the rest, and report this line",
    302: "Redirects are not followed, because the key would be sent along: check endpoint",
    429: "It has lasted for more than 10 minutes. "
    "Check endpoint and the network, or run again later with the last state",
}


@pytest.mark.parametrize(("status", "advice"), REFUSALS.items(), ids=map(str, REFUSALS))
@pytest.mark.parametrize("name", ["users", "alerts"])
def test_a_refusal_is_told_whole(
    tap: Tap, caplog: pytest.LogCaptureFixture, status: int, advice: str, name: str
) -> None:
    path = BY_NAME[name].path
    fault = saying(status, Location="https://example.com/", Retry_After="3600")
    with FakeApi(organisation(2), faults=at(path, fault)) as fake:
        line = last_line(tap(fake, catalog=only(name)), caplog)
    assert line.startswith(f"{name}: GET {path}: status {status}, ")
    assert all(part in line for part in TOLD)
    assert line.endswith(f". {advice}")
    assert ".." not in line


def test_what_the_key_may_not_read_is_told_with_what_to_do(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(2), faults=at("/v2/users", saying(403))) as fake:
        line = last_line(tap(fake, catalog=only("users", "severities")), caplog)
    assert "catalog selects: users (see the warnings above)" in line
    assert "Use a key with these permissions, or deselect them" in line
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert all(part in warning for part in ("users: GET /v2/users: status 403", *TOLD))


def test_a_refused_list_of_children_names_them_and_not_their_parents(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(4), faults=at("/v3/actions", saying(422))) as fake:
        line = last_line(tap(fake, catalog=only("incidents", "actions")), caplog)
    assert line.startswith("actions: GET /v3/actions: status 422, ")


FAULTS = {
    "status 503": saying(503),
    "the answer was cut off": Fault(truncate=True),
    "status 200, but the body is not a JSON object": saying(200, []),
    "no connection to http://127.0.0.1:": Fault(reset=True),
}


@pytest.mark.parametrize(("said", "fault"), FAULTS.items(), ids=FAULTS.keys())
def test_a_fault_that_lasts_names_its_stream_and_what_to_do(said: str, fault: Fault) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds * 20 + 30

    with FakeApi(organisation(1), faults=at("/v2/users", fault)) as fake:
        settings = configs.load(None, {"INCIDENT_API_KEY": KEY, "INCIDENT_ENDPOINT": fake.url})
        client = Client(settings, stop=threading.Event(), clock=lambda: now[0], sleep=sleep)
        with pytest.raises(PassingFault) as caught:
            list(client.pages(BY_NAME["users"], ()))
    assert str(caught.value).startswith(f"users: GET /v2/users: {said}")
    assert str(caught.value).endswith("It has lasted for more than 10 minutes")
    assert "run again later with the last state" in caught.value.advice


DEEP = "[" * 100_000
BAD_DATA: dict[str, Fault] = {
    'the answer of /v2/alerts has no list "alerts"': saying(200, {"users": []}),
    '/v2/alerts: entry 1 of "alerts" is not an object': saying(200, {"alerts": [{"id": "A1"}, 5]}),
    "row A1: title should be of type string, but the API sent object": saying(
        200, {"alerts": [{"id": "A1", "title": {}}]}
    ),
    "row without id came without its key property id": saying(200, {"alerts": [{"title": "A1"}]}),
    "/v2/alerts returned the same cursor twice": saying(200, {"alerts": [], "pagination_meta": {"after": "x"}}),
    "GET /v2/alerts: the answer is nested too deeply to be read": Fault(status=200, body=DEEP),
}


@pytest.mark.parametrize(("said", "fault"), BAD_DATA.items(), ids=range(len(BAD_DATA)))
def test_bad_data_names_its_stream_and_what_to_do(
    tap: Tap, caplog: pytest.LogCaptureFixture, said: str, fault: Fault
) -> None:
    with FakeApi(organisation(1), faults=at("/v2/alerts", fault)) as fake:
        line = last_line(tap(fake, catalog=only("alerts")), caplog)
    assert line.startswith(f"alerts: {said}")
    assert line.endswith("Run again; if the error comes back, deselect what this line names, and report the line")


BAD_FILES: list[tuple[str, Any, str]] = [
    ("state", [], "a state must be a JSON object"),
    ("state", {"bookmarks": {"users": 5}}, 'the bookmark of "users" must be an object'),
    ("catalog", {"streams": {}}, 'a catalog is an object with a list "streams", as --discover prints it'),
    ("properties", {"streams": [{}]}, "entry 1 of streams has no tap_stream_id"),
    ("config", {}, "api_key is missing (set it there, or set INCIDENT_API_KEY in the environment)"),
    ("config", {"api_key": KEY, "max_concurrency": 0}, "max_concurrency must be an integer from 1 to 32"),
]


@pytest.mark.parametrize(("option", "content", "said"), BAD_FILES)
def test_a_file_that_is_wrong_is_told_by_its_name_and_what_it_must_hold(
    tap: Tap, caplog: pytest.LogCaptureFixture, option: str, content: Any, said: str
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, **{option: content})
    assert last_line(run, caplog).endswith(f"{option}.json: {said}")
    assert (run.messages, fake.requests) == ([], [])
