"""What the stand-in gets wrong, and runs that it interrupts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from tests.fake_api import FakeApi, Fault, Organisation
from tests.fake_api.server import Faults
from tests.support.runs import Json, Run

REFUSAL = {
    "type": "some_type",
    "request_id": "req-77",
    "errors": [{"code": "some_code", "message": "Some\nwords.", "source": {"field": "some_field"}}],
}
REFUSAL_TEXTS = ("some_type", "some_code: some_field: Some words", "request_id req-77")
"""What the tap logs of REFUSAL."""


def refusal(status: int, body: object = None, **headers: str) -> Fault:
    """An answer with this body; by default an error with all fields that an error can have."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=status, body=json.dumps(REFUSAL if body is None else body), headers=named)


def always(fault: Fault | None) -> Faults:
    """Every answer has this fault."""
    return lambda number, path, params: fault


def at(path: str, fault: Fault) -> Faults:
    """Every answer of one path has this fault."""
    return lambda number, asked, params: fault if asked == path else None


def answering(bodies: Mapping[str, object]) -> Faults:
    """Every answer of these paths has their body."""
    return lambda number, asked, params: refusal(200, bodies[asked]) if asked in bodies else None


def after_first_page(path: str, fault: Fault) -> Faults:
    """Every page of one path after the first has this fault."""
    return lambda number, asked, params: fault if asked == path and "after" in params else None


@contextmanager
def failing_at(org: Organisation, number: int, port: int = 0) -> Iterator[FakeApi]:
    """A stand-in that answers 401, which ends a run, from the request for rows `number` on, counted from 0."""
    lists = count()

    def faults(at: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if path != "/v1/identity" and next(lists) >= number else None

    with FakeApi(org, faults=faults, port=port) as fake:
        yield fake


def port_of(fake: FakeApi) -> int:
    """The stand-in's port: a state is only valid for the same address."""
    return int(fake.url.rsplit(":", 1)[1])


def cursors(state: Json, stream: str) -> list[str]:
    """The cursors in the bookmark of a stream, wherever they stand in it. Those of the stand-in are ids of rows."""
    return re.findall(r'"after": "([^"]*)"', json.dumps(state["bookmarks"].get(stream, {})))


def last_state(run: Run) -> Json:
    """The state that an orchestrator would keep."""
    return run.states()[-1] if run.states() else {}
