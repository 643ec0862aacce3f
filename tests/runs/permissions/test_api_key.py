"""What a run does if the API refuses the key, does not say whose it is, or refuses a part (status 401 and 403)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import PERMISSIONS, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.faults import after_first_page, at, refusal
from tests.support.logs import critical, last_line, warnings
from tests.support.runs import asked, bare, check, key_of, only, set_field, there

IDENTITY = "/v1/identity"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=403),
        Fault(status=422),
        Fault(status=500),
        Fault(delay=30),
        Fault(status=200, body="<html>", content_type="text/html"),
        refusal(200, {"identity": None}),
        refusal(200, {"identity": {"name": 5, "roles": 7, "team_roles": None}}),
        refusal(200, {"identity": {"name": "a\nCRITICAL b", "roles": [{"x": 1}, None], "team_roles": [1]}}),
    ],
)
def test_identity_failure_does_not_stop_the_run(tap: Tap, caplog: pytest.LogCaptureFixture, fault: Fault) -> None:
    with FakeApi(organisation(3), faults=at(IDENTITY, fault)) as fake:
        run = tap(fake, catalog=only("severities"), settings={"request_timeout": 2})
    assert set(asked(fake)) - {IDENTITY} == {"/v1/severities"}
    check(run)
    assert (run.code, len(run.records("severities"))) == (0, 4)
    assert critical(caplog) == []
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_wrong_api_key_ends_the_run_with_one_line(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(5)) as fake:
        run = tap(fake, settings={"api_key": "wrong-key"})
    line = last_line(run, caplog)
    assert (run.messages, [request.path for request in fake.requests]) == ([], [IDENTITY])
    assert all(part in line for part in ("401", "access_token_invalid", "api_key"))
    assert "wrong-key" not in caplog.text


@pytest.mark.parametrize("scope", sorted({s.scope for s in STREAMS if s.scope and s.name in DEFAULT}))
def test_missing_permission_skips_its_streams_and_their_children(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    skipped = {stream.name for stream in STREAMS if stream.scope == scope}
    # Those with an organisation-wide list, which says in which mode their incidents are, need no parents.
    needs = {s.name: s.parent.stream for s in STREAMS if not (s.parent.has_list and s.mode_param)}
    skipped |= {name for name, parent in needs.items() if parent in skipped}
    with FakeApi(organisation(2), denied=[scope]) as fake:
        run = tap(fake, catalog=discover())
    check(run)
    assert run.code == 0
    assert set(run.streams()) == DEFAULT - skipped
    lines = [line for line in warnings(caplog) if scope in line]
    assert all(f'"{PERMISSIONS[scope]}"' in line for line in lines)
    for name in skipped & DEFAULT:
        assert sum(name in line.split(":")[0] for line in lines) == 1
    assert critical(caplog) == []


OPTIONAL = sorted({stream.scope for stream in STREAMS if not stream.selected_by_default and stream.scope})


@pytest.mark.parametrize("scope", OPTIONAL[::4])
def test_missing_permission_for_streams_selected_by_name_fails_at_the_end(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    mine = [stream.name for stream in STREAMS if stream.scope == scope and not stream.selected_by_default]
    with FakeApi(organisation(2), denied=[scope]) as fake:
        run = tap(fake, catalog=only(*mine, "severities"))
    assert (run.streams(), run.states()[-1]) == (["severities"], {"bookmarks": {}})
    line = last_line(run, caplog)
    assert all(name in line for name in mine)
    assert "severities" not in line


@pytest.mark.parametrize("named", [False, True])
def test_missing_permission_for_a_nested_field_makes_it_null(
    tap: Tap, caplog: pytest.LogCaptureFixture, named: bool
) -> None:
    catalog = only("incidents")
    if named:
        set_field(catalog, "incidents", "properties", "attachments", selected=True)
    with FakeApi(organisation(12), denied=["attachments.view"]) as fake:
        run = tap(fake, catalog=catalog)
    assert run.code == (1 if named else 0)
    assert {record["attachments"] for record in run.records("incidents")} == {None}
    assert any(record["updates"] for record in run.records("incidents"))
    assert "incidents.attachments" in caplog.text


def test_missing_permission_for_a_parent_is_an_error_for_a_child_selected_by_name(tap: Tap) -> None:
    # The alerts are listed twice: for their notes only those that have some, which are refused first.

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(delay=0.5) if path == "/v2/alerts" and not any("notes" in name for name in params) else None

    with FakeApi(organisation(2), denied=["alerts.view"], faults=faults) as fake:
        run = tap(fake, settings={"streams": ["alert_attachments", "alert_notes*", "severities*"]})
    assert (run.code, run.streams()) == (1, ["severities"])


def test_missing_permission_for_incidents_leaves_the_organisation_wide_lists(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org, denied=["incidents.view"]) as fake:
        run = tap(fake, catalog=only("actions", "incident_updates"), settings={"child_strategy": "list"})
    check(run)
    assert (run.code, run.streams()) == (1, ["actions"])
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))


def test_403_for_one_incident_only_loses_its_rows_and_deletes_none(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12)
    incidents = [row["id"] for row in there(org, "incidents")]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=403) if path == "/v3/actions" and params.get("incident_id") == incidents[3] else None

    settings = {"child_strategy": "per_incident", "activate_version": True}
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=settings)
    check(run)
    expected = {key_of("actions", row) for row in there(org, "actions") if row["incident_id"] != incidents[3]}
    assert set(run.keys("actions")) == expected
    assert len(run.records("incidents")) == len(incidents)
    missing = f"actions: the rows of 1 of {len(incidents)} parents are missing ({incidents[3]})"
    assert last_line(run, caplog).startswith(missing)
    assert [message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"] == ["incidents"]


def test_403_on_a_later_page_of_a_list_leaves_null_in_every_parent(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(12, rows_per_page=5)
    catalog = set_field(only("incidents", "incident_updates"), "incidents", "properties", "attachments", selected=False)
    with FakeApi(org, faults=after_first_page("/v2/incident_updates", Fault(status=403))) as fake:
        run = tap(fake, catalog=catalog, settings={"child_strategy": "list"})
    check(run)
    assert [record["updates"] for record in run.records("incidents")] == [None] * len(there(org, "incidents"))
    assert last_line(run, caplog).startswith("incident_updates: GET /v2/incident_updates: status 403")
