"""Whole runs with exclude_personal_data: nothing that tells who a person is comes out, from any stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Organisation, organisation, sample_organisation
from tests.support.logs import warnings
from tests.support.runs import check

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


@pytest.mark.parametrize("make", [organisation, partial(sample_organisation, now=NOW)], ids=["awkward", "sample"])
def test_nothing_tells_who_a_person_is(
    tap: Tap, caplog: pytest.LogCaptureFixture, make: Callable[[int], Organisation]
) -> None:
    org = make(10)
    for path, rows in org.rows.items():
        org.rows[path] = tagged(rows)
    with FakeApi(org) as fake:
        whole = tap(fake, settings=EVERYTHING)
        run = tap(fake, settings={**EVERYTHING, "exclude_personal_data": True})
    named = {stream.name for stream in STREAMS if WHO in json.dumps(whole.records(stream.name))}
    assert {"users", "incidents", "schedule_replicas", "incident_participants", "policy_findings"} <= named
    assert run.code == 0
    check(run)
    assert WHO not in json.dumps(run.messages) + caplog.text
    assert not [line for line in warnings(caplog) if "x_new_property" not in line]
    for stream in STREAMS:
        assert run.keys(stream.name) == whole.keys(stream.name), stream.name
    # Ids stay, so that rows join people.
    creators = [row["creator"]["user"] for row in run.records("incidents") if row["creator"]["user"]]
    assert {frozenset(user) for user in creators} == {frozenset({"id", "role"})}
    assert {user["id"] for user in creators} <= {user["id"] for user in run.records("users")}
