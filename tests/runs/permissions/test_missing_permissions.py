"""What is skipped when the key lacks a permission (status 403), and when that is an error."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import PERMISSIONS, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.faults import REFUSAL_TEXTS, after_first_page, at, refusal
from tests.support.logs import critical, last_line
from tests.support.runs import asked, bare, check, key_of, only, set_field, there


@pytest.mark.parametrize("scope", sorted({s.scope for s in STREAMS if s.scope and s.name in DEFAULT}))
def test_missing_permission_skips_its_streams_and_their_children(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    skipped = {stream.name for stream in STREAMS if stream.scope == scope}
    # Those with an organisation-wide list, which says in which mode their incidents are, need no parents.
    needs = {s.name: s.parent.stream for s in STREAMS if not (s.parent.has_list and s.mode_param)}
    skipped |= {name for name, parent in needs.items() if parent in skipped}
    # Long lists that have nothing to do with the permission would take most of the time.
    wanted = DEFAULT - ({"alerts", "escalations", "schedules", "users", "catalog_entries"} - skipped)
    entries = [entry for entry in discover()["streams"] if entry["stream"] in wanted]
    with FakeApi(organisation(2), denied=[scope]) as fake:
        run = tap(fake, catalog={"streams": entries})
    assert run.code == 0
    check(run)
    assert set(run.streams()) == wanted - skipped
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING and scope in r.getMessage()]
    assert all(line.split(":")[0] for line in warnings)
    assert all(f'"{PERMISSIONS[scope]}"' in line for line in warnings)
    for name in skipped & DEFAULT:
        assert sum(name in line.split(":")[0] for line in warnings) == 1
    assert critical(caplog) == []


def test_missing_permission_for_a_stream_selected_by_name_fails_at_the_end(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeApi(organisation(12), denied=["custom_fields.view"]) as fake:
        run = tap(fake, catalog=only("custom_field_options", "severities"))
    assert run.code == 1
    assert run.streams() == ["severities"]
    assert run.states()[-1] == {"bookmarks": {}}
    (line,) = critical(caplog)
    assert "custom_field_options" in line
    assert "severities" not in line


OPTIONAL = [stream for stream in STREAMS if not stream.selected_by_default]


@pytest.mark.parametrize("scope", sorted({stream.scope for stream in OPTIONAL if stream.scope}))
def test_missing_permission_for_each_optional_stream_fails_at_the_end(
    tap: Tap, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    mine = [stream.name for stream in OPTIONAL if stream.scope == scope]
    with FakeApi(organisation(2), denied=[scope]) as fake:
        run = tap(fake, catalog=only(*mine, "severities"))
    assert run.code == 1
    assert run.streams() == ["severities"]
    last = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(last) == 1
    assert all(name in last[0] for name in mine)


def test_missing_permission_is_logged_with_what_to_do(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    with FakeApi(organisation(2), faults=at("/v2/users", refusal(403))) as fake:
        line = last_line(tap(fake, catalog=only("users", "severities")), caplog)
    assert "is selected: users (see the warnings above)" in line
    assert "Use a key with these permissions, or deselect them" in line
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert all(part in warning for part in ("users: GET /v2/users: status 403", *REFUSAL_TEXTS))


@pytest.mark.parametrize("strategy", ["per_incident", "list"])
def test_missing_permission_for_one_child_stream_leaves_the_others(tap: Tap, strategy: str) -> None:
    org = organisation(60)
    catalog = bare(only("incidents", "actions", "incident_updates"))
    with FakeApi(org, denied=["actions.view"]) as fake:
        run = tap(fake, settings={"child_strategy": strategy, "max_concurrency": 1}, catalog=catalog)
    check(run)
    assert "actions" not in run.streams()
    assert run.records("incident_updates")
    refused = [request for request in fake.requests if request.status == 403]
    # The requests in flight at the first refusal and the list requested ahead, but not one per incident.
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
    check(run) if not named else None
    assert {record["attachments"] for record in run.records("incidents")} == {None}
    assert all(record["updates"] for record in run.records("incidents") if record["updates"] != [])
    assert "Use a key that has it, or deselect incidents.attachments. (incident_attachments: GET" in caplog.text


def test_missing_permission_for_a_nested_stream_writes_no_schema_for_it(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["attachments.view"]) as fake:
        run = tap(fake, catalog=only("incidents", "incident_attachments"))
    assert run.streams() == ["incidents"]
    assert {record["attachments"] for record in run.records("incidents")} == {None}


def test_missing_permission_for_a_parent_sends_no_request_for_its_children(tap: Tap) -> None:
    with FakeApi(organisation(5), denied=["incidents.view"]) as fake:
        settings = {"child_strategy": "per_incident", "max_concurrency": 1}
        run = tap(fake, catalog=only("actions", "incident_updates", "severities"), settings=settings)
    assert run.streams() == ["severities"]
    assert asked(fake) == ["/v2/incidents", "/v1/severities"]


def test_missing_permission_for_incidents_leaves_the_organisation_wide_lists(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org, denied=["incidents.view"]) as fake:
        run = tap(fake, catalog=only("actions", "incident_updates", "severities"))
    check(run)
    assert run.code == 1
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))
    assert sorted(run.streams()) == ["actions", "severities"]


def test_missing_permission_does_not_wait_for_other_answers_of_the_stream(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions" and params.get("incident_mode") == "stream":
            return Fault(status=503)
        return Fault(status=403) if path == "/v3/actions" else None

    begin = time.monotonic()
    with FakeApi(organisation(5), faults=faults) as fake:
        run = tap(fake, catalog=only("actions", "severities"))
    assert run.code == 1
    assert time.monotonic() - begin < 10


def test_missing_permission_on_the_second_page_keeps_the_rows_of_the_first(tap: Tap) -> None:
    org = organisation(3)
    with FakeApi(org, faults=after_first_page("/v2/alerts", Fault(status=403))) as fake:
        run = tap(fake, catalog=only("alerts"))
    assert run.keys("alerts") == Counter(key_of("alerts", row) for row in org.rows["/v2/alerts"][:50])
