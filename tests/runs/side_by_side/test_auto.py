"""The strategy that a run chooses by itself: it stays the same until the run is through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.server import Faults
from tests.support.catalogs import DEFAULT
from tests.support.faults import last_state, port_of
from tests.support.logs import infos
from tests.support.runs import Run, asked, bare, check, key_of, only, param_values, there

LONG, ROWS_PER_PAGE = 68, 25
"""Incidents of three pages."""
FIRST_INCREMENTAL = {"replication_method": "INCREMENTAL"}


def third_page_fails() -> Faults:
    """401, which ends a run, for the third page of incidents, so late that all of the first is out by then."""
    pages = count(1)

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        is_page = path == "/v2/incidents" and "updated_at[gte]" not in params
        return Fault(status=401, delay=0.5) if is_page and next(pages) == 3 else None

    return faults


def work_streams_fail() -> Faults:
    """401 for the actions of work streams, which are read after all incidents."""

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if path == "/v3/actions" and params.get("incident_mode") == "stream" else None

    return faults


def assert_all_rows(org: Organisation, first: Run, second: Run, *names: str) -> None:
    """Both runs together have all rows."""
    for name in names:
        assert set(first.keys(name)) | set(second.keys(name)) == {key_of(name, row) for row in there(org, name)}


@pytest.mark.parametrize(
    ("incidents", "fails", "is_list"),
    [(LONG, third_page_fails, True), (2, work_streams_fail, False)],
    ids=["list", "per_incident"],
)
def test_resumed_run_keeps_its_strategy_whatever_the_count_is_by_then(
    tap: Tap, caplog: pytest.LogCaptureFixture, incidents: int, fails: Callable[[], Faults], is_list: bool
) -> None:
    catalog = bare(only("incidents", "incident_updates", "actions"))
    org = organisation(incidents, rows_per_page=ROWS_PER_PAGE)
    with FakeApi(org, faults=fails()) as fake, caplog.at_level("INFO"):
        port = port_of(fake)
        first = tap(fake, catalog=catalog)
    said = [line for line in infos(caplog) if "child_strategy" in line]
    assert [f"child_strategy {'list' if is_list else 'per_incident'}" in line for line in said] == [True]
    assert first.code == 1
    mark = last_state(first)["bookmarks"]["incidents"]
    if is_list:
        # Most were deleted, though not the one of the cursor.
        (place,) = (at for at, row in enumerate(org.rows["/v2/incidents"]) if row["id"] == mark["after"])
        org.rows["/v2/incidents"] = org.rows["/v2/incidents"][place : place + 3]
    else:
        known = {row["id"] for row in org.rows["/v2/incidents"]}
        org.rows["/v2/incidents"] += [row for row in organisation(40).rows["/v2/incidents"] if row["id"] not in known]
    caplog.clear()
    with FakeApi(org, port=port) as fake, caplog.at_level("INFO"):
        second = tap(fake, catalog=catalog, state=last_state(first))
    assert second.code == 0
    assert "incidents: resuming where the interrupted run stopped" in infos(caplog)
    assert "starting over" not in caplog.text
    listed = [not value for value in param_values(fake, "/v2/incident_updates", "incident_id")]
    assert all(listed)
    assert bool(listed) == is_list  # Per incident, all updates were out before the run was stopped.


def test_resumed_run_of_the_list_has_all_rows(tap: Tap) -> None:
    org = organisation(LONG, rows_per_page=ROWS_PER_PAGE)
    names = ("incidents", "incident_updates", "actions", "follow_ups")
    catalog = bare(only(*names))
    with FakeApi(org, faults=third_page_fails()) as fake:
        port = port_of(fake)
        first = tap(fake, catalog=catalog)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, state=last_state(first))
    assert (first.code, second.code) == (1, 0)
    assert_all_rows(org, first, second, *names)
    # Those of the first page are covered by the STATE.
    assert len(set(first.keys("incidents")) & set(second.keys("incidents"))) <= ROWS_PER_PAGE
    assert len(second.records("incidents")) <= len(there(org, "incidents")) - ROWS_PER_PAGE


@pytest.mark.parametrize("incidents", [6, 30])
def test_first_incremental_run_asks_for_each_attachment_once(tap: Tap, incidents: int) -> None:
    org = organisation(incidents)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only(*DEFAULT, "incident_attachments"), settings=FIRST_INCREMENTAL)
    check(run)
    found = Counter(param_values(fake, "/v1/incident_attachments", "incident_id"))
    assert found == Counter(row["id"] for row in there(org, "incidents"))
    assert run.keys("incident_attachments") == Counter(
        key_of("incident_attachments", row) for row in there(org, "incident_attachments")
    )
    # Once for all, whatever is read of each; and once for what changed meanwhile.
    plain = [dict(each.params) for each in fake.requests if each.path == "/v2/incidents"]
    assert sum("updated_at[gte]" not in params for params in plain) == 1


@pytest.mark.slow
def test_first_incremental_run_that_was_stopped_asks_for_no_attachment_of_its_state_again(tap: Tap) -> None:
    org = organisation(LONG, rows_per_page=ROWS_PER_PAGE)
    catalog = only("incidents", "incident_attachments")
    with FakeApi(org, faults=third_page_fails()) as fake:
        port = port_of(fake)
        first = tap(fake, catalog=catalog, settings=FIRST_INCREMENTAL)
    with FakeApi(org, port=port) as fake:
        second = tap(fake, catalog=catalog, settings=FIRST_INCREMENTAL, state=last_state(first))
        found = Counter(param_values(fake, "/v1/incident_attachments", "incident_id"))
    assert (first.code, second.code) == (1, 0)
    assert_all_rows(org, first, second, "incidents", "incident_attachments")
    assert max(found.values()) == 1
    assert found.keys() == {record["id"] for record in second.records("incidents")}
    assert len(found) <= len(there(org, "incidents")) - ROWS_PER_PAGE
    assert second.states()[-1]["bookmarks"]["incidents"]["updated_at"]


def test_second_incremental_run_asks_only_for_what_changed(tap: Tap, caplog: pytest.LogCaptureFixture) -> None:
    org = organisation(60)
    catalog = only("incidents", "incident_updates")
    with FakeApi(org) as fake:
        port = port_of(fake)
        state = tap(fake, catalog=catalog, settings=FIRST_INCREMENTAL).states()[-1]
    caplog.clear()
    with FakeApi(org, port=port) as fake, caplog.at_level("INFO"):
        run = tap(fake, catalog=catalog, settings=FIRST_INCREMENTAL, state=state)
    assert run.code == 0
    # The list of all updates is read anyway, since a change of an update does not change its incident.
    assert Counter(asked(fake))["/v2/incident_updates"] == 1
    changed = {record["id"] for record in run.records("incidents")}
    assert set(param_values(fake, "/v1/incident_attachments", "incident_id")) <= changed
    assert run.keys("incident_updates") == Counter(
        key_of("incident_updates", row) for row in there(org, "incident_updates")
    )
