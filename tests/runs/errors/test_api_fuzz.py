"""Whatever an answer holds, a run ends in one of two ways: all read, or one line that says why not; whole runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.fake_api.server import Faults
from tests.runs.errors.test_critical_line import last_line
from tests.support.runs import Json, Run, only

ORG = organisation(1)
IDENTITY = "/v1/identity"
# No database: each run is the same one.
FAST = settings(
    max_examples=70,
    deadline=None,
    derandomize=True,
    database=None,
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


def first(path: str, answer: Fault) -> Faults:
    """Answers the first request to this path so."""
    times = count()

    def faults(number: int, asked: str, params: Mapping[str, str]) -> Fault | None:
        return answer if asked == path and next(times) == 0 else None

    return faults


@cache
def catalog(name: str) -> Json:
    """The catalog that selects this stream alone; it takes longer to make than to sync."""
    return only(name)


def ends_well_or_in_words(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Whether the run has told how it ended, in whole messages and on lines of its own."""
    assert run.code in (0, 1)
    assert {message["type"] for message in run.messages} <= {"SCHEMA", "RECORD", "STATE"}
    assert all("\n" not in record.getMessage() for record in caplog.records)
    if run.code:
        assert "A mistake in the tap" not in last_line(run, caplog)
    else:
        assert run.states()[-1] == {"bookmarks": {}}
        assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = ANY_JSON) -> st.SearchStrategy[Any]:
    """Four times the usual for each time that it is another."""
    return st.integers(0, 4).flatmap(lambda number: usual if number else other)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with any JSON in the place of one part of it."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 5)) == 0:
        return draw(ANY_JSON)
    step: Any = draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
    put = draw(changed(value[step]))
    return {**value, step: put} if isinstance(value, dict) else [*value[:step], put, *value[step + 1 :]]


@st.composite
def bodies(draw: st.DrawFn, name: str, path: str) -> Json:
    """An answer of the path of which one part was changed, perhaps with a cursor of any kind; or any object."""
    rows = ORG.rows[path][:3]
    known: Json = {name: rows}
    other = st.dictionaries(st.sampled_from([name, "pagination_meta"]) | TEXTS, ANY_JSON, max_size=3)
    body: Any = draw(mostly(changed(known), other))
    if not isinstance(body, dict):
        return known  # What is not an object is asked for again, as long as it comes: test_client.
    meta = mostly(st.fixed_dictionaries({"after": CURSORS}), st.just({"total_record_count": ODD}))
    return {"pagination_meta": draw(meta), **body} if draw(st.booleans()) else body


ROLES = st.fixed_dictionaries({"roles": ANY_JSON, "team_roles": ANY_JSON})
IDENTITIES = st.fixed_dictionaries({"identity": mostly(ROLES)})
TARGETS = [(stream.name, stream.path, stream.name) for stream in STREAMS]
NESTED = [(s.name, s.path, s.parent) for s in STREAMS if s.parent.nested_as and s.parent]
STRATEGIES = st.sampled_from(["per_incident", "list"])


@JITTER
def test_any_answer_ends_in_known_ways(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    @FAST
    @given(st.data(), st.sampled_from(TARGETS + NESTED), STRATEGIES)
    def ends(data: st.DataObject, target: tuple[str, str, str], strategy: str) -> None:
        name, path, selected = target
        answer = Fault(status=200, body=json.dumps(data.draw(bodies(name, path))))
        caplog.clear()
        with FakeApi(ORG, faults=first(path, answer)) as fake:
            run = tap(fake, catalog=catalog(selected), settings={"child_strategy": strategy})
        ends_well_or_in_words(run, caplog)

    ends()


@JITTER
def test_any_identity_is_no_obstacle(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    @settings(FAST, max_examples=30)
    @given(IDENTITIES)
    def ends(body: Json) -> None:
        caplog.clear()
        with FakeApi(ORG, faults=first(IDENTITY, Fault(status=200, body=json.dumps(body)))) as fake:
            run = tap(fake, catalog=catalog("severities"))
        ends_well_or_in_words(run, caplog)
        assert run.code == 0

    ends()


PARTS = {
    "code": ANY_JSON,
    "message": ANY_JSON,
    "source": mostly(st.fixed_dictionaries({}, optional={"field": ANY_JSON})),
    "metadata": mostly(st.fixed_dictionaries({}, optional={"scope": ANY_JSON})),
}
ERRORS = mostly(st.lists(mostly(st.fixed_dictionaries({}, optional=PARTS)), max_size=3))
REFUSED = mostly(st.fixed_dictionaries({"errors": ERRORS}, optional={"type": ANY_JSON, "request_id": ANY_JSON}))


@JITTER
def test_any_refusal_ends_in_known_ways(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    @FAST
    @given(st.sampled_from(TARGETS + NESTED), REFUSALS, REFUSED)
    @example(TARGETS[0], 403, {"errors": [{"metadata": {"scope": "a\nCRITICAL b"}}]})
    def ends(target: tuple[str, str, str], status: int, body: Any) -> None:
        _, path, selected = target
        caplog.clear()
        with FakeApi(ORG, faults=first(path, Fault(status=status, body=json.dumps(body)))) as fake:
            run = tap(fake, catalog=catalog(selected))
        ends_well_or_in_words(run, caplog)

    ends()


def test_any_words_of_a_passing_fault_are_told(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    words = {"type": "\ud800\n", "errors": [{"code": "%s {}", "message": "a\nCRITICAL b"}, 5], "rate_limit": []}
    answer = Fault(status=503, body=json.dumps(words))
    with FakeApi(ORG, faults=first("/v2/users", answer)) as fake:
        run = tap(fake, catalog=only("users"))
    assert run.code == 0
    assert any("%s {}: a CRITICAL b" in record.getMessage() for record in caplog.records)
    ends_well_or_in_words(run, caplog)
