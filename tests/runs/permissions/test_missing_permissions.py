"""What is skipped when the key lacks a permission (status 403), and when that is an error."""

from __future__ import annotations

from collections import Counter

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import BY_NAME, PERMISSIONS, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.faults import after_first_page
from tests.support.logs import critical, last_line, warnings
from tests.support.runs import asked, bare, check, key_of, only, set_field, there


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
    assert run.streams() == ["severities"]
    assert run.states()[-1] == {"bookmarks": {}}
    line = last_line(run, caplog)
    assert all(name in line for name in mine)
    assert "severities" not in line


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_missing_permission_for_one_child_stream_leaves_the_others(tap: Tap, strategy: str) -> None:
    org = organisation(60)
    catalog = bare(only("incidents", "actions", "incident_updates"))
    with FakeApi(org, denied=["actions.view"]) as fake:
        run = tap(fake, settings={"child_strategy": strategy, "max_concurrency": 1}, catalog=catalog)
    check(run)
    assert "actions" not in run.streams()
    assert run.records("incident_updates")
    # Those in flight at the first refusal and the list requested ahead, but not one per incident.
    refused = [request for request in fake.requests if request.status == 403]
    assert len(refused) <= 2 * 17 + 1 < len(there(org, "incidents"))


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


def test_missing_permission_for_a_nested_stream_writes_no_schema_for_it(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["attachments.view"]) as fake:
        run = tap(fake, catalog=only("incidents", "incident_attachments"))
    assert run.streams() == ["incidents"]


def test_missing_permission_for_a_parent_sends_no_request_for_its_children(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["incidents.view"]) as fake:
        names = ("incident_relationships", "incident_updates")
        run = tap(fake, catalog=only(*names), settings={"child_strategy": "per_incident"})
    assert (run.code, run.streams(), set(asked(fake))) == (1, [], {"/v2/incidents"})


def test_missing_permission_for_incidents_leaves_the_organisation_wide_lists(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org, denied=["incidents.view"]) as fake:
        run = tap(fake, catalog=only("actions", "incident_updates"), settings={"child_strategy": "list"})
    check(run)
    assert (run.code, run.streams()) == (1, ["actions"])
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))


def test_missing_permission_on_the_second_page_keeps_the_rows_of_the_first(tap: Tap) -> None:
    org = organisation(3)
    with FakeApi(org, faults=after_first_page(BY_NAME["alerts"].path, Fault(status=403))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.keys("alerts") == Counter(key_of("alerts", row) for row in org.rows["/v2/alerts"][:50])
