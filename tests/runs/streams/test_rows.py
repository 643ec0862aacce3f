"""Every row of every stream comes exactly once, with its values as the API sent them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.catalogs import DEFAULT, EVERYTHING
from tests.support.faults import answering
from tests.support.logs import warnings
from tests.support.runs import Run, asked, check, key_of, only, there


@dataclass(frozen=True)
class Everything:
    """What there was to read, the run, and the stand-in with its requests."""

    org: Organisation
    run: Run
    fake: FakeApi


@pytest.fixture(scope="module", params=["per_incident", "list"])
def everything(request: pytest.FixtureRequest, tap: Tap) -> Everything:
    """A run with every stream selected, by each strategy."""
    org = organisation(8)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=EVERYTHING, settings={"child_strategy": request.param})
    assert run.code == 0
    return Everything(org, run, fake)


def test_rows_of_every_stream_come_exactly_once(everything: Everything) -> None:
    check(everything.run)
    for stream in STREAMS:
        expected = Counter(key_of(stream.name, row) for row in there(everything.org, stream.name))
        assert everything.run.keys(stream.name) == expected, stream.name
        assert expected, f"the stand-in has no row of {stream.name}"


def test_rows_keep_the_values_that_the_api_sent(everything: Everything) -> None:
    for stream in STREAMS:
        rows = {key_of(stream.name, row): row for row in there(everything.org, stream.name)}
        for record in everything.run.records(stream.name):
            assert not differences(rows[key_of(stream.name, record)], record, stream.name)
    for record in everything.run.records("incidents"):
        for name, path in (("updates", "/v2/incident_updates"), ("attachments", "/v1/incident_attachments")):
            expected = [row["id"] for row in everything.org.rows[path] if row["incident_id"] == record["id"]]
            assert [row["id"] for row in record[name]] == expected


def differences(row: Any, record: Any, path: str) -> list[str]:
    """Paths where a record differs from its row, except for new and withheld properties."""
    if isinstance(row, dict):
        found = []
        stream, _, within = path.partition(".")
        for name, value in row.items():
            if f"{within}.{name}".lstrip(".") in BY_NAME[stream].privacy.withheld:
                assert name not in record
            elif name in record or not name.startswith("x_"):
                # By its schema, a record has new properties only in objects whose content no schema describes.
                found += differences(value, record[name], f"{path}.{name}")
        absent = set(record) - set(row) - {"attachments", "updates"}
        return found + [f"{path}.{name}" for name in absent if record[name] is not None]
    if isinstance(row, list):
        assert len(row) == len(record)
        return [line for left, right in zip(row, record, strict=True) for line in differences(left, right, f"{path}[]")]
    stream, _, within = path.partition(".")
    if within in BY_NAME[stream].privacy.cut_urls:
        return [] if record in ("https://storage.invalid", "https://hooks.invalid:8443") else [path]
    # An empty date-time becomes null. No other empty string does: tests/unit/protocol/test_records.py.
    return [] if (row, type(row)) == (record, type(record)) or (row == "" and record is None) else [path]


def test_rows_have_no_credential(everything: Everything) -> None:
    leaky = [path for path, rows in everything.org.rows.items() if "do-not-leak" in json.dumps(rows)]
    assert sorted(leaky) == ["/v1/alert_notes", "/v2/alert_sources", "/v2/call_routes", "/v2/workflow_runs"]
    written = json.dumps(everything.run.messages)
    assert "do-not-leak" not in written
    assert "secret_token" not in written


def test_requests_are_valid_and_read_a_parent_of_several_children_once(everything: Everything) -> None:
    requests = everything.fake.requests
    assert {(request.status, request.method) for request in requests} == {(200, "GET")}
    assert all(request.user_agent.startswith("tap-incident/") for request in requests)
    for path in {BY_NAME[stream.parent.stream].path for stream in STREAMS if stream.parent.stream}:
        lists = [
            json.dumps(request.params)
            for request in requests
            if request.path == path and "updated" not in json.dumps(request.params)
        ]
        assert len(set(lists)) == len(lists), f"{path} was read twice"


@pytest.mark.parametrize("modes", [INCIDENT_MODES, ("tutorial",)], ids=["all", "one"])
def test_rows_are_those_of_the_chosen_incident_modes(tap: Tap, modes: tuple[str, ...]) -> None:
    org = organisation(8)
    names = [stream.name for stream in STREAMS if "incidents" in (stream.name, stream.parent.stream)]
    with FakeApi(org) as fake:
        run = tap(fake, settings={"incident_modes": list(modes)}, catalog=only(*names))
    check(run)
    for name in names:
        assert run.keys(name) == Counter(key_of(name, row) for row in there(org, name, modes)), name


@pytest.mark.parametrize("child", [stream.name for stream in STREAMS if stream.parent.stream])
def test_child_stream_is_read_without_its_parent(tap: Tap, child: str) -> None:
    org, paths, stream = organisation(3), set[str](), BY_NAME[child]
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(child))
    check(run)
    assert run.streams() == [child]
    assert run.keys(child) == Counter(key_of(child, row) for row in there(org, child))
    # Actions and follow-ups have lists of their own.
    while stream.parent.stream and not (stream.parent.has_list and stream.mode_param):
        paths, stream = paths | {stream.path}, BY_NAME[stream.parent.stream]
    assert BY_NAME[child].path in asked(fake)
    assert set(asked(fake)) <= paths | {stream.path}


def test_organisation_without_incidents_still_has_schemas(tap: Tap) -> None:
    with FakeApi(organisation(0)) as fake:
        run = tap(fake)
    check(run)
    assert (run.code, run.records("incidents"), sorted(run.streams())) == (0, [], sorted(DEFAULT))


def test_text_that_databases_refuse_is_replaced_with_one_warning_per_stream(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(3)
    rows = [row | {"name": "a\ud800b\x00c 👩‍🚒"} for row in org.rows["/v2/users"]]
    with FakeApi(org, faults=answering({"/v2/users": {"users": rows}})) as fake:
        run = tap(fake, catalog=only("users", "severities"))
    check(run)
    assert {record["name"] for record in run.records("users")} == {"a\ufffdb\ufffdc 👩‍🚒"}
    assert len(run.records("users")) == len(rows) > 1
    (line,) = [line for line in warnings(caplog) if "U+FFFD" in line]
    assert line.startswith("users: ")
