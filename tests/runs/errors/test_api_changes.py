"""Changes of the API that no run fails on."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from tap_incident.streams import STATUS_CATEGORIES, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi
from tests.support.answers import answer, each, few_parents, fullest, made, once, small
from tests.support.runs import Json, bare, only

STAMP = re.compile(r"\d{4}-\d\d-\d\dT.*|")
SHAPES = ("incidents", "alerts", "actions", "schedule_entries", "catalog_entries", "on_call_notification_pauses")
SAMPLED_STREAM = pytest.mark.parametrize(
    "stream", [stream for stream in STREAMS if stream.name in SHAPES], ids=lambda s: s.name
)


def sent(stream: Stream, found: list[Json]) -> list[Json]:
    """Records without the columns that the tap makes."""
    return [{name: value for name, value in record.items() if name not in made(stream)} for record in found]


def other(value: Any) -> Any:
    """The value with new properties, in another order, and with longer texts."""
    if isinstance(value, dict):
        return {"zz_new": {"deep": [1, {}]}, "zz_null": None, **dict(reversed(value.items()))}
    return grown(value)


def grown(value: Any) -> Any:
    """A text of a new kind."""
    return f"{value}-{'of-a-new-kind' * 20}" if isinstance(value, str) and not STAMP.fullmatch(value) else value


def without(value: Any, gone: Any) -> Any:
    """Objects without the properties of which `gone` says so."""
    return {n: v for n, v in value.items() if not gone(n, v)} if isinstance(value, dict) else value


def records(tap: Tap, stream: Stream, body: Json) -> list[Json]:
    """The records of a run in which the stream's answer is this."""
    with FakeApi(few_parents(), faults=once(stream, body)) as fake:
        run = tap(fake, catalog=bare(only(stream.name)))
    assert run.code == 0
    return run.records(stream.name)


@pytest.mark.parametrize("category", ["reopened", *STATUS_CATEGORIES])
def test_a_status_category_that_the_tap_does_not_ask_for_is_a_warning(
    tap: Tap, caplog: pytest.LogCaptureFixture, category: str
) -> None:
    stream = next(stream for stream in STREAMS if stream.name == "incident_statuses")
    rows = [{**row, "category": category} for row in small().rows[stream.path][:5]]
    assert len(records(tap, stream, {"incident_statuses": rows})) == len(rows)
    told = [record for record in caplog.records if "that this version does not know. Incidents" in record.getMessage()]
    assert len(told) == (category == "reopened")
    assert all(record.levelno == logging.WARNING and "reopened" not in record.getMessage() for record in told)


@SAMPLED_STREAM
@pytest.mark.thorough
def test_api_change_of_properties_order_and_texts_changes_no_value(tap: Tap, stream: Stream) -> None:
    rows = small().rows[stream.path][:5]
    plain = records(tap, stream, answer(stream, rows))
    changed = records(tap, stream, {"zz_new": [{}], **answer(stream, each(rows, other))})
    assert each(sent(stream, changed), lambda v: without(v, lambda n, _: n[:2] == "zz")) == each(
        sent(stream, plain), grown
    )
    assert [list(record) for record in changed] == [list(record) for record in plain] != []


@SAMPLED_STREAM
def test_api_change_to_null_or_missing_is_null(tap: Tap, stream: Stream) -> None:
    row = fullest(stream)
    firm = {*stream.key_properties, *made(stream), *(path.partition(".")[0] for path in stream.answer.row_id_from)}
    nulls = {name: value if name in firm else None for name, value in row.items()}
    for changed in (nulls, {name: value for name, value in row.items() if name in firm}):
        found, *_ = sent(stream, records(tap, stream, answer(stream, [changed])))
        assert {name for name, value in found.items() if value is not None} <= firm
