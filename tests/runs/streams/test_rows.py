"""Every row of every stream comes exactly once, with its values as the API sent them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.catalogs import DEFAULT, EVERYTHING
from tests.support.runs import STANDARD, Run, bare, by_stream, check, key_of, only, there

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("modes", "strategy"),
    [
        pytest.param(STANDARD, "per_incident", id="default-per_incident"),
        pytest.param(STANDARD, "list", id="default-list"),
        pytest.param(INCIDENT_MODES, "per_incident", marks=SLOW, id="all modes-per_incident"),
        pytest.param(INCIDENT_MODES, "list", id="all modes-list"),
        pytest.param(("tutorial",), "per_incident", id="tutorial-per_incident"),
        pytest.param(("tutorial",), "list", marks=SLOW, id="tutorial-list"),
    ],
)
def test_rows_of_every_stream_come_exactly_once(tap: Tap, modes: tuple[str, ...], strategy: str) -> None:
    org = organisation(5)
    # The modes only matter to incidents and their children.
    streams = [s for s in STREAMS if modes == STANDARD or "incidents" in (s.name, s.parent.stream)]
    catalog = only(*(stream.name for stream in streams))
    with FakeApi(org) as fake:
        run = tap(fake, settings={"incident_modes": list(modes), "child_strategy": strategy}, catalog=catalog)
    assert run.code == 0
    check(run)
    for stream in streams:
        expected = Counter(key_of(stream.name, row) for row in there(org, stream.name, modes))
        assert run.keys(stream.name) == expected, stream.name
        assert expected or modes == ("tutorial",), f"the stand-in has no row of {stream.name}"


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_rows_of_incidents_have_their_own_updates_and_attachments(tap: Tap, strategy: str) -> None:
    org = organisation(30)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"child_strategy": strategy}, catalog=only("incidents"))
    for record in run.records("incidents"):
        for name, path in (("updates", "/v2/incident_updates"), ("attachments", "/v1/incident_attachments")):
            expected = [row["id"] for row in org.rows[path] if row["incident_id"] == record["id"]]
            assert [row["id"] for row in record[name]] == expected
    assert any(record["attachments"] for record in run.records("incidents"))


@pytest.mark.slow
def test_rows_are_the_same_by_both_child_strategies(tap: Tap) -> None:
    with FakeApi(organisation(12)) as fake:
        one = tap(fake, settings={"child_strategy": "per_incident"}, catalog=EVERYTHING)
        other = tap(fake, settings={"child_strategy": "list"}, catalog=EVERYTHING)
    assert in_any_order(one) == in_any_order(other)


def in_any_order(run: Run) -> dict[str, list[str]]:
    """The messages of each stream: the lists of an organisation have another order than those of its incidents."""
    return {name: sorted(json.dumps(message) for message in found) for name, found in by_stream(run).items()}


def test_rows_have_all_incident_statuses_and_inactive_users(tap: Tap) -> None:
    with FakeApi(organisation(60)) as fake:
        run = tap(fake, catalog=bare(only("incidents", "users")))
    categories = {record["incident_status"]["category"] for record in run.records("incidents")}
    assert {"triage", "declined", "merged", "canceled", "live", "learning", "closed", "paused"} <= categories
    assert {record["is_active"] for record in run.records("users")} == {True, False}


def test_rows_of_schedules_have_their_next_shifts(tap: Tap) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, catalog=only("schedules"))
    assert any(record["next_shifts"] for record in run.records("schedules"))


def test_rows_and_logs_have_no_secret_token(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(1)
    assert any("secret_token" in row for row in org.rows["/v2/alert_sources"])
    with FakeApi(org) as fake:
        run = tap(fake)
    assert "secret_token" not in json.dumps(run.messages)
    assert "secret_token" not in caplog.text


def test_rows_without_incidents_still_have_schemas(tap: Tap) -> None:
    with FakeApi(organisation(0)) as fake:
        run = tap(fake)
    check(run)
    assert run.code == 0
    assert sorted(run.streams()) == sorted(DEFAULT)
    assert run.records("incidents") == []
