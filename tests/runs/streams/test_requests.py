"""Which requests a sync sends, how many at once, and that what it writes does not depend on that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from threading import Event

import pytest

from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Fault, organisation
from tests.fake_api.making import instant
from tests.runs.side_by_side.test_long_lists import LONG, with_long_lists
from tests.support.catalogs import DEFAULT
from tests.support.runs import Run, asked, check, key_of, only, param_values, rows_of, there

CHILDREN = ("incident_updates", "incident_attachments")


def test_requests_of_a_default_sync_per_incident_are_as_few_as_possible(tap: Tap) -> None:
    org = organisation(8)
    with FakeApi(org) as fake:
        run = tap(fake, settings={"child_strategy": "per_incident"})
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
        "/v3/catalog_entries": len(org.rows["/v3/catalog_types"]),
    }
    assert whole_lists(fake) == needed


def whole_lists(fake: FakeApi) -> Counter[str]:
    """The requests by path, without those for what has changed since some time."""
    changed = Counter(request.path for request in fake.requests if "updated_at[gte]" in dict(request.params))
    return Counter(asked(fake)) - changed


def test_requests_by_list_ask_no_incident_for_what_a_list_has(tap: Tap) -> None:
    org = organisation(12)
    with FakeApi(org) as fake:
        tap(fake, settings={"child_strategy": "list"})
    # One list per mode, and that of the work streams.
    listed = {"/v3/actions": 3, "/v3/follow_ups": 3, "/v2/incident_updates": 1, "/v2/incidents": 1}
    listed["/v1/incident_attachments"] = len(there(org, "incidents"))
    assert {path: whole_lists(fake)[path] for path in listed} == listed


def test_requests_of_independent_lists_do_not_wait_for_each_other(tap: Tap) -> None:
    names = ("custom_fields", "severities", "incident_types", "incident_roles", "teams", "alerts", "escalations")
    missing = {BY_NAME[name].path for name in (*names, "incidents")}
    complete = Event()

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        missing.discard(path)
        if not missing:
            complete.set()
        # No list gets an answer before all lists were requested.
        return None if path == "/v1/identity" or complete.wait(10) else Fault(status=401)

    with FakeApi(organisation(5), faults=faults) as fake:
        run = tap(fake, catalog=only("incidents", *names))
    assert run.code == 0


def check_order(run: Run) -> None:
    """What holds for children that are requested per incident: each comes after its incident."""
    out: set[str] = set()
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "incidents":
            out.add(message["record"]["id"])
        elif message["type"] == "RECORD" and message["stream"] in CHILDREN:
            assert message["record"]["incident_id"] in out


@pytest.mark.parametrize("strategy", ["list", "per_incident"])
@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_rows_and_final_state_are_the_same_for_any_number_of_requests_at_once(
    tap: Tap, method: str, strategy: str
) -> None:
    org = with_long_lists()
    catalog = only("incidents", *CHILDREN, "users", "teams", *LONG)
    settings = {"replication_method": method, "child_strategy": strategy}
    with FakeApi(org, latency=0.02) as fake:
        one = tap(fake, catalog=catalog, settings={**settings, "max_concurrency": 1})
        assert fake.most_at_once == 1
        many = tap(fake, catalog=catalog, settings={**settings, "max_concurrency": 24})
        assert 4 < fake.most_at_once <= 24
    for run in (one, many):
        check(run)
        if strategy == "per_incident":
            check_order(run)
    assert rows_of(many) == rows_of(one)
    assert many.states()[-1] == one.states()[-1]
    for name in LONG:
        assert len(one.records(name)) == len(there(org, name))


def test_alert_notes_of_a_group_are_requested_once(tap: Tap) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("alert_notes"))
    groups = Counter(value for value in param_values(fake, "/v1/alert_notes", "alert_group_id") if value)
    named = Counter(group for alert in org.rows["/v2/alerts"] for group in alert.get("alert_group_ids") or ())
    assert max(groups.values()) == 1 < max(named.values())
    assert groups.keys() <= named.keys()
    assert {record["alert_group_id"] for record in run.records("alert_notes")} - {None} <= named.keys()


@pytest.mark.parametrize(("settings", "days"), [({}, 14), ({"schedule_window_days": 3}, 3)], ids=str)
def test_schedule_entries_come_once_from_a_window_around_the_start_of_the_run(
    tap: Tap, settings: dict[str, int], days: int
) -> None:
    org, entries = organisation(1), "/v2/schedule_entries"
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"), settings=settings)
    check(run)
    starts = param_values(fake, entries, "entry_window_start")
    span = [(NOW + timedelta(days=sign * days)).strftime("%Y-%m-%dT%H:%M:%SZ") for sign in (-1, 1)]
    first = Counter(value for value in starts if not value.startswith("cursor:"))
    assert first == {span[0]: len(org.rows["/v2/schedules"])}
    assert set(param_values(fake, entries, "entry_window_end")) == {span[1]}
    expected = there(org, "schedule_entries", days=days)
    assert run.keys("schedule_entries") == Counter(key_of("schedule_entries", row) for row in expected)
    assert {record["entry_type"] for record in run.records("schedule_entries")} == {"final", "overrides", "scheduled"}
    assert 0 < len(expected) < len(org.rows[entries])
    border = NOW.replace(microsecond=0) - timedelta(days=7)
    over = [row for row in expected if instant(row["start_at"])[0] < border < instant(row["end_at"])[0]]
    # The stand-in has a page a week, and some shifts are on two of them.
    assert (bool(over), any(value.startswith("cursor:") for value in starts)) == (days > 7, days > 7)
