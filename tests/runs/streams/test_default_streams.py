"""Whole runs of `main` against the stand-in."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

import pytest

from tap_incident.config import INCIDENT_MODES
from tap_incident.protocol.catalog import discover
from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import STANDARD, asked, catalog_with, check, key_of, only, set_field, there

DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]
EVERYTHING = catalog_with(lambda _, about: about.update(selected=True))


FREE = ("annotations", "attribute_values", "then_path", "else_path")
"""Properties whose inside no schema describes: it leaves as it came."""


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
@pytest.mark.parametrize("modes", [STANDARD, INCIDENT_MODES, ("tutorial",)], ids=["default", "all modes", "tutorial"])
def test_every_row_comes_exactly_once(tap: Tap, modes: tuple[str, ...], strategy: str) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"incident_modes": list(modes), "child_strategy": strategy}, catalog=EVERYTHING)
    assert run.code == 0
    check(run)
    for stream in STREAMS:
        expected = Counter(key_of(stream.name, row) for row in there(org, stream.name, modes))
        assert run.keys(stream.name) == expected, stream.name
        assert expected or modes == ("tutorial",), f"the stand-in has no row of {stream.name}"


def test_nothing_is_asked_but_with_success(tap: Tap) -> None:
    with FakeApi(organisation(60)) as fake:
        tap(fake, catalog=EVERYTHING)
    assert {request.status for request in fake.requests} == {200}
    assert {request.method for request in fake.requests} == {"GET"}
    assert all(request.user_agent.startswith("tap-incident/") for request in fake.requests)


def test_values_leave_as_they_came(tap: Tap) -> None:
    org = organisation(60)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=EVERYTHING)
    for stream in STREAMS:
        rows = {key_of(stream.name, row): row for row in there(org, stream.name)}
        for record in run.records(stream.name):
            lost = list(differences(rows[key_of(stream.name, record)], record, stream.name))
            assert not lost


def differences(row: Any, record: Any, path: str) -> list[str]:
    """Paths where a record doesn't say what the row says, new properties and withheld ones apart."""
    if isinstance(row, dict):
        found = []
        for name, value in row.items():
            if name.startswith("x_") or name == "secret_token":
                assert name not in record or any(free in path for free in FREE)
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
        return []  # An empty date-time; that no other empty string becomes null is a matter of test_records.
    return [] if (row, type(row)) == (record, type(record)) else [path]


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_nested_parts_are_those_of_the_incident(tap: Tap, strategy: str) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"child_strategy": strategy})
    for record in run.records("incidents"):
        for name, path in (("updates", "/v2/incident_updates"), ("attachments", "/v1/incident_attachments")):
            expected = [row["id"] for row in org.rows[path] if row["incident_id"] == record["id"]]
            assert [row["id"] for row in record[name]] == expected
    assert any(record["attachments"] for record in run.records("incidents"))


def test_the_strategies_write_the_same(tap: Tap) -> None:
    with FakeApi(organisation(40)) as fake:
        one = tap(fake, settings={"child_strategy": "per_incident"}, catalog=EVERYTHING)
        other = tap(fake, settings={"child_strategy": "list"}, catalog=EVERYTHING)
    assert one.messages == other.messages


def test_the_strategy_list_asks_no_incident_for_what_a_list_holds(tap: Tap) -> None:
    org = organisation(40)
    with FakeApi(org) as fake:
        tap(fake, settings={"child_strategy": "list"})
    count = len(there(org, "incidents"))
    assert Counter(asked(fake))["/v1/incident_attachments"] == count
    assert max(Counter(asked(fake))[path] for path in ("/v3/actions", "/v3/follow_ups", "/v2/incident_updates")) <= 6


def test_output_is_the_same_whatever_the_concurrency(tap: Tap) -> None:
    with FakeApi(organisation(40), latency=0.002) as fake:
        one = tap(fake, settings={"max_concurrency": 1})
        assert fake.most_at_once == 1
        eight = tap(fake, settings={"max_concurrency": 8})
        assert 1 < fake.most_at_once <= 8
    assert json.dumps(one.messages) == json.dumps(eight.messages)


def test_the_default_sync_sends_no_request_too_many(tap: Tap) -> None:
    org = organisation(20)
    with FakeApi(org) as fake:
        run = tap(fake)
    assert sorted(run.streams()) == sorted(DEFAULT)
    incidents = len(there(org, "incidents"))
    read = [stream for stream in STREAMS if stream.selected_by_default]
    pages = {stream.path: -(-len(there(org, stream.name)) // (stream.page_size or 10**6)) for stream in read}
    needed = pages | {
        "/v2/incident_updates": incidents,
        "/v1/incident_attachments": incidents,
        # One for each incident, and one for the work streams.
        "/v3/actions": incidents + 1,
        "/v3/follow_ups": incidents + 1,
        "/v1/custom_field_options": len(org.rows["/v2/custom_fields"]),
        # Of the four types one has 300 entries, which are two pages.
        "/v3/catalog_entries": 5,
    }
    assert Counter(asked(fake)) == Counter(needed)


@pytest.mark.parametrize("part", ["attachments", "updates"])
def test_a_deselected_part_costs_no_request(tap: Tap, part: str) -> None:
    catalog = set_field(only("incidents"), "incidents", "properties", part, selected=False)
    with FakeApi(organisation(10)) as fake:
        run = tap(fake, catalog=catalog)
    path = next(stream.path for stream in STREAMS if stream.parent.nested_as == part)
    assert path not in asked(fake)
    assert all(part not in record for record in run.records("incidents"))
    assert part not in run.schema("incidents")["properties"]


def test_incidents_alone_cost_two_requests_each(tap: Tap) -> None:
    org = organisation(10)
    with FakeApi(org) as fake:
        tap(fake, catalog=only("incidents"))
    count = len(there(org, "incidents"))
    needed = {"/v2/incidents": 1, "/v1/incident_attachments": count, "/v2/incident_updates": count}
    assert Counter(asked(fake)) == needed


@pytest.mark.parametrize("child", [stream.name for stream in STREAMS if stream.parent.stream])
def test_a_child_syncs_without_its_parent(tap: Tap, child: str) -> None:
    org = organisation(15)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(child))
    check(run)
    assert run.streams() == [child]
    assert run.keys(child) == Counter(key_of(child, row) for row in there(org, child))
    parent = BY_NAME[BY_NAME[child].parent.stream or ""]
    assert set(asked(fake)) == {parent.path, BY_NAME[child].path}


def test_the_catalog_as_discovered_is_the_default_selection(tap: Tap) -> None:
    with FakeApi(organisation(5)) as fake:
        outs = [tap(fake), tap(fake, catalog=discover()), tap(fake, properties=discover())]
    assert outs[0].messages == outs[1].messages == outs[2].messages


def test_all_statuses_and_inactive_users_come(tap: Tap) -> None:
    with FakeApi(organisation(60)) as fake:
        run = tap(fake, catalog=only("incidents", "users"))
    categories = {record["incident_status"]["category"] for record in run.records("incidents")}
    assert {"triage", "declined", "merged", "canceled", "live", "learning", "closed", "paused"} <= categories
    assert {record["is_active"] for record in run.records("users")} == {True, False}


def test_schedules_have_their_next_shifts(tap: Tap) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only("schedules"))
    assert any(record["next_shifts"] for record in run.records("schedules"))


def test_no_secret_token_leaves_and_none_is_said_to_be_new(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    assert any("secret_token" in row for row in org.rows["/v2/alert_sources"])
    with FakeApi(org) as fake:
        run = tap(fake)
    assert "secret_token" not in json.dumps(run.messages)
    assert "secret_token" not in caplog.text


def test_an_unknown_property_is_said_once(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    for row in org.rows["/v1/severities"]:
        row["brand_new"] = {"a": 1}
    with FakeApi(org) as fake, caplog.at_level(logging.WARNING):
        run = tap(fake, catalog=only("severities"))
    said = [record.getMessage() for record in caplog.records if "brand_new" in record.getMessage()]
    assert len(said) == 1
    assert "severities" in said[0]
    assert "brand_new" not in json.dumps(run.messages)


def test_a_parent_that_has_gone_has_no_rows(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    gone = there(org, "incidents")[3]["id"]

    def faults(number: int, path: str, params: Any) -> Fault | None:
        return Fault(status=404) if params.get("incident_id") == gone else None

    with FakeApi(org, faults=faults) as fake, caplog.at_level(logging.INFO):
        run = tap(fake)
    assert run.code == 0
    check(run)
    record = next(record for record in run.records("incidents") if record["id"] == gone)
    assert record["attachments"] == record["updates"] == []
    assert not any(key[1] == gone for key in run.keys("actions"))
    assert "incident_updates: 1 parents were deleted during the run" in caplog.text


def test_an_empty_selection_does_nothing(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only())
    assert (run.code, run.messages, fake.requests) == (0, [], [])
    assert "selects no stream" in caplog.text


def test_an_organisation_without_incidents_has_tables_all_the_same(tap: Tap) -> None:
    with FakeApi(organisation(0)) as fake:
        run = tap(fake)
    check(run)
    assert run.code == 0
    assert sorted(run.streams()) == sorted(DEFAULT)
    assert run.records("incidents") == []
