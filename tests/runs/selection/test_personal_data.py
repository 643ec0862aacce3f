"""Whole runs with exclude_personal_data: nothing that tells who a person is comes out, from any stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Organisation, organisation, sample_organisation
from tests.support.logs import warnings
from tests.support.runs import check, key_of, there

EVERYTHING = {"streams": ["*"]}
WHO = "Zoltan Quux"
"""It stands in each name, address and id of a person, and nowhere else."""
OF_PEOPLE = ("external_user_id", "replica_fallback_user_id", "holiday_name", "email_address")


def tagged(value: Any) -> Any:
    """Rows in which people are called `WHO`. An object with a Slack id or an address is a person."""
    if isinstance(value, list):
        return [tagged(part) for part in value]
    if not isinstance(value, dict):
        return value
    is_person = {"slack_user_id", "email"} & set(value) or ("user_id" in value and "cause" in value)
    own = ("name", "email", "slack_user_id") if is_person else ("label",) if "literal" in value else ()
    return {name: WHO if name in (*own, *OF_PEOPLE) else tagged(part) for name, part in value.items()}


@pytest.fixture(params=[lambda: organisation(10), lambda: sample_organisation(10, now=NOW)], ids=["awkward", "sample"])
def org(request: pytest.FixtureRequest) -> Organisation:
    """An organisation whose people can be found in any text."""
    found: Organisation = request.param()
    for path, rows in found.rows.items():
        found.rows[path] = tagged(rows)
    return found


def test_nothing_tells_who_a_person_is(org: Organisation, tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(org) as fake:
        run = tap(fake, settings={**EVERYTHING, "exclude_personal_data": True})
    assert run.code == 0
    check(run)
    assert set(run.streams()) == set(BY_NAME)
    assert WHO not in json.dumps(run.messages) + caplog.text
    assert not [line for line in warnings(caplog) if "x_new_property" not in line]
    for name in ("users", "incidents", "escalations", "schedules", "incident_participants"):
        assert sorted(run.keys(name)) == sorted(key_of(name, row) for row in there(org, name)), name


def test_without_the_setting_people_are_there(org: Organisation, tap: Tap) -> None:
    with FakeApi(org) as fake:
        run = tap(fake, settings=EVERYTHING)
    named = {stream.name for stream in STREAMS if WHO in json.dumps(run.records(stream.name))}
    assert {"users", "incidents", "schedule_replicas", "incident_participants", "policy_findings"} <= named


def test_ids_stay_so_that_rows_join_people(tap: Tap) -> None:
    org = sample_organisation(10, now=NOW)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"streams": ["incidents", "users"], "exclude_personal_data": "true"})
    ids = {user["id"] for user in run.records("users")}
    creators = [row["creator"]["user"] for row in run.records("incidents") if row["creator"]["user"]]
    assert creators
    assert {frozenset(user) for user in creators} == {frozenset({"id", "role"})}
    assert {user["id"] for user in creators} <= ids
