"""What is skipped when the key lacks a permission (status 403), and when that is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.streams import PERMISSIONS, STREAMS
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.catalogs import DEFAULT
from tests.support.logs import critical, last_line, warnings
from tests.support.runs import catalog_with, check, key_of, only, set_field, there


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
    names = ("alert_attachments", "alert_notes", "severities")
    by_name = {True: {"selected": True}, False: {"selected-by-default": True}}
    catalog = catalog_with(lambda name, about: about.update(by_name[name == names[0]]), names)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(delay=0.5) if path == "/v2/alerts" and not any("notes" in name for name in params) else None

    with FakeApi(organisation(2), denied=["alerts.view"], faults=faults) as fake:
        run = tap(fake, catalog=catalog)
    assert (run.code, run.streams()) == (1, ["severities"])


def test_missing_permission_for_incidents_leaves_the_organisation_wide_lists(tap: Tap) -> None:
    org = organisation(5)
    with FakeApi(org, denied=["incidents.view"]) as fake:
        run = tap(fake, catalog=only("actions", "incident_updates"), settings={"child_strategy": "list"})
    check(run)
    assert (run.code, run.streams()) == (1, ["actions"])
    assert run.keys("actions") == Counter(key_of("actions", row) for row in there(org, "actions"))
