"""Changes of the API that no run fails on. Properties that it adds: tests/runs/streams/test_rows.py."""

from __future__ import annotations

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import ROW_ID, STATUS_CATEGORIES, STREAMS, Stream
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.catalogs import EVERYTHING
from tests.support.faults import answering
from tests.support.logs import warnings
from tests.support.runs import Json, only


@pytest.mark.parametrize("new", [(), ("reopened",)])
def test_a_status_category_that_the_tap_does_not_ask_for_is_a_warning(
    tap: Tap, caplog: pytest.LogCaptureFixture, new: tuple[str, ...]
) -> None:
    org = organisation(1)
    row = org.rows["/v1/incident_statuses"][0]
    categories = enumerate([*STATUS_CATEGORIES, *new])
    org.rows["/v1/incident_statuses"] = [
        row | {"id": f"S{number}", "category": category} for number, category in categories
    ]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("incident_statuses"))
    assert len(run.records("incident_statuses")) == len(STATUS_CATEGORIES) + len(new)
    told = [line for line in warnings(caplog) if "that this version does not know. Incidents" in line]
    assert len(told) == len(new)
    assert "reopened" not in caplog.text


def kept_of(stream: Stream) -> set[str]:
    """Columns of a stream that the API can't leave out: keys, and what stands in the paths of its children."""
    children = [child for child in STREAMS if child.parent.stream == stream.name]
    return {
        *stream.key_properties,
        *(column for column, _ in stream.parent.added_columns),
        *(path.partition(".")[0] for path in stream.answer.row_id_from),
        *(column for child in children for param, column in child.parent.params if f"{{{param}}}" in child.path),
        *filter(None, (ROW_ID, stream.answer.list_column, stream.answer.one_row_with)),
    }


def answer(stream: Stream, row: Json) -> Json:
    """The body of an answer with this row."""
    if stream.answer.one_row_with:
        return row
    return {stream.answer.key or stream.name: {"final": [row]} if stream.answer.list_column else [row]}


@pytest.mark.parametrize("null", [True, False], ids=["null", "missing"])
def test_api_change_to_null_or_missing_is_null(tap: Tap, null: bool) -> None:
    org = organisation(8)
    bodies: dict[str, object] = {}
    for stream in STREAMS:
        first = org.rows[stream.path][0]
        row = dict.fromkeys(schema(stream)["properties"]) if null else {}
        row |= {name: first[name] for name in kept_of(stream) & first.keys()}
        bodies[stream.path] = answer(stream, row)
        if stream.detail:
            bodies[stream.detail.path] = {stream.detail.key: row}
    with FakeApi(org, faults=answering(bodies)) as fake:
        run = tap(fake, catalog=EVERYTHING, settings={"child_strategy": "per_incident"})
    assert run.code == 0
    for stream in STREAMS:
        assert run.records(stream.name), stream.name
        firm = {*kept_of(stream), "attachments", "updates"}
        for record in run.records(stream.name):
            assert {name for name, value in record.items() if value is not None} <= firm, stream.name
