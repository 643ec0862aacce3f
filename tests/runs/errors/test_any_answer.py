"""Generated answers: a run reads them, or ends with one line that says why not."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault
from tests.support.answers import few_parents, small
from tests.support.faults import first_at
from tests.support.logs import last_line
from tests.support.runs import Json, Run, only

IDENTITY = "/v1/identity"
WHOLE_RUNS = settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
ODD = ["", "null", "\ud800", "\x00", "a\nCRITICAL b", "9" * 40, "../..", "%s %d {}", "2026-10-01T00:00:00Z"]
TEXTS = st.text(max_size=6) | st.sampled_from(ODD)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
# A thread of a run that has ended may draw the length of a pause, while Hypothesis draws the next example.
JITTER = pytest.mark.filterwarnings("ignore:Do not use the `random` module")
CURSORS = st.sampled_from([None, "", "x", "\ud800", 5, True, [1], {"a": 1}])
REFUSALS = st.sampled_from([206, 302, 400, 401, 403, 404, 405, 409, 410, 418, 422, 451])


def check_end(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """The run ended well, or with one line that says why not; no log line has a line break."""
    assert run.code in (0, 1)
    assert {message["type"] for message in run.messages} <= {"SCHEMA", "RECORD", "STATE"}
    assert all("\n" not in record.getMessage() for record in caplog.records)
    if run.code:
        assert "A mistake in the tap" not in last_line(run, caplog)
    else:
        assert run.states()[-1] == {"bookmarks": {}}
        assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = ANY_JSON) -> st.SearchStrategy[Any]:
    """`usual` four times in five, else `other`."""
    return st.integers(0, 4).flatmap(lambda number: usual if number else other)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with one part of it replaced by any JSON."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 5)) == 0:
        return draw(ANY_JSON)
    step: Any = draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
    put = draw(changed(value[step]))
    return {**value, step: put} if isinstance(value, dict) else [*value[:step], put, *value[step + 1 :]]


@st.composite
def bodies(draw: st.DrawFn, name: str, path: str) -> Json:
    """An answer of the path with one part changed and perhaps any cursor, or any object."""
    rows = small().rows[path][:3]
    known: Json = {name: rows}
    other = st.dictionaries(st.sampled_from([name, "pagination_meta"]) | TEXTS, ANY_JSON, max_size=3)
    body: Any = draw(mostly(changed(known), other))
    if not isinstance(body, dict):
        return known  # An answer that is not an object is retried: tests/unit/api/test_client.py.
    meta = mostly(st.fixed_dictionaries({"after": CURSORS}), st.just({"total_record_count": ODD}))
    return {"pagination_meta": draw(meta), **body} if draw(st.booleans()) else body


ROLES = st.fixed_dictionaries({"roles": ANY_JSON, "team_roles": ANY_JSON})
TARGETS = [(stream.name, stream.path, stream.name) for stream in STREAMS]
NESTED = [(s.name, s.path, s.parent.stream) for s in STREAMS if s.parent.nested_as]
STRATEGIES = st.sampled_from(["per_incident", "list"])


@JITTER
@pytest.mark.thorough
def test_any_answer_is_read_or_ends_with_one_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    @WHOLE_RUNS
    @given(st.data(), st.sampled_from(TARGETS + NESTED), STRATEGIES)
    def ends(data: st.DataObject, target: tuple[str, str, str], strategy: str) -> None:
        name, path, selected = target
        answer = Fault(status=200, body=json.dumps(data.draw(bodies(name, path))))
        caplog.clear()
        with FakeApi(few_parents(), faults=first_at(path, answer)) as fake:
            run = tap(fake, catalog=only(selected), settings={"child_strategy": strategy})
        check_end(run, caplog)

    ends()


PARTS = {
    "code": ANY_JSON,
    "message": ANY_JSON,
    "source": mostly(st.fixed_dictionaries({}, optional={"field": ANY_JSON})),
    "metadata": mostly(st.fixed_dictionaries({}, optional={"scope": ANY_JSON})),
}
ERRORS = mostly(st.lists(mostly(st.fixed_dictionaries({}, optional=PARTS)), max_size=3))
REFUSED = mostly(st.fixed_dictionaries({"errors": ERRORS}, optional={"type": ANY_JSON, "request_id": ANY_JSON}))
