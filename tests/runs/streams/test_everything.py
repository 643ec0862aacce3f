"""One run with every stream selected: its values and its requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tap_incident.protocol.schemas import schema
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.catalogs import EVERYTHING
from tests.support.runs import Run, key_of, there


@dataclass(frozen=True)
class Everything:
    """What there was to read, the run, and the stand-in with its requests."""

    org: Organisation
    run: Run
    fake: FakeApi


@pytest.fixture(scope="module")
def everything(session_tap: Tap) -> Everything:
    """A run with every stream selected."""
    org = organisation(8)
    with FakeApi(org) as fake:
        run = session_tap(fake, catalog=EVERYTHING)
    assert run.code == 0
    return Everything(org, run, fake)


def test_rows_keep_the_values_that_the_api_sent(everything: Everything) -> None:
    for stream in STREAMS:
        rows = {key_of(stream.name, row): row for row in there(everything.org, stream.name)}
        for record in everything.run.records(stream.name):
            lost = list(differences(rows[key_of(stream.name, record)], record, stream.name))
            assert not lost


def is_free(path: str) -> bool:
    """Whether a path leads into an object whose content no schema describes. The tap passes it on unchanged."""
    stream, *names = path.replace("[]", "").split(".")
    part = schema(BY_NAME[stream])
    for name in names:
        part = part.get("properties", {}).get(name, {})
        while "items" in part:
            part = part["items"]
    return "properties" not in part


def differences(row: Any, record: Any, path: str) -> list[str]:
    """Paths where a record differs from its row, except for new and withheld properties."""
    if isinstance(row, dict):
        found = []
        for name, value in row.items():
            if name.startswith("x_") or name in BY_NAME[path.partition(".")[0]].privacy.withheld:
                assert name not in record or is_free(path)
            else:
                found += differences(value, record[name], f"{path}.{name}")
        absent = set(record) - set(row) - {"attachments", "updates"}
        return found + [f"{path}.{name}" for name in absent if record[name] is not None]
    if isinstance(row, list):
        assert len(row) == len(record)
        return [line for left, right in zip(row, record, strict=True) for line in differences(left, right, f"{path}[]")]
    stream, _, within = path.partition(".")
    if within in BY_NAME[stream].privacy.cut_urls:
        return [] if record in ("https://storage.invalid", "https://hooks.invalid:8443") else [path]
    if row == "" and record is None:
        # An empty date-time. No other empty string becomes null: tests/unit/protocol/test_records.py.
        return []
    return [] if (row, type(row)) == (record, type(record)) else [path]


def test_rows_have_no_credential(everything: Everything) -> None:
    leaky = [path for path, rows in everything.org.rows.items() if "do-not-leak" in json.dumps(rows)]
    assert sorted(leaky) == ["/v1/alert_notes", "/v2/alert_sources", "/v2/call_routes", "/v2/workflow_runs"]
    assert "do-not-leak" not in json.dumps(everything.run.messages)


def test_requests_are_all_answered_with_200(everything: Everything) -> None:
    requests = everything.fake.requests
    assert {request.status for request in requests} == {200}
    assert {request.method for request in requests} == {"GET"}
    assert all(request.user_agent.startswith("tap-incident/") for request in requests)


def test_requests_read_a_parent_of_several_children_once(everything: Everything) -> None:
    for parent in {stream.parent.stream for stream in STREAMS if stream.parent.stream}:
        path = BY_NAME[parent].path
        requests = [dict(request.params) for request in everything.fake.requests if request.path == path]
        lists = [json.dumps(params) for params in requests if "updated_at[gte]" not in params]
        assert len(set(lists)) == len(lists), f"{path} was read twice"
