"""Streams whose requests have something special: groups, windows of time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, organisation
from tests.fake_api.making import instant
from tests.support.runs import check, key_of, only, param_values, there

ENTRIES = "/v2/schedule_entries"


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
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"), settings=settings)
    check(run)
    starts = param_values(fake, ENTRIES, "entry_window_start")
    span = [(NOW + timedelta(days=sign * days)).strftime("%Y-%m-%dT%H:%M:%SZ") for sign in (-1, 1)]
    first = Counter(value for value in starts if not value.startswith("cursor:"))
    assert first == {span[0]: len(org.rows["/v2/schedules"])}
    assert set(param_values(fake, ENTRIES, "entry_window_end")) == {span[1]}
    expected = there(org, "schedule_entries", days=days)
    assert run.keys("schedule_entries") == Counter(key_of("schedule_entries", row) for row in expected)
    assert {record["entry_type"] for record in run.records("schedule_entries")} == {"final", "overrides", "scheduled"}
    assert 0 < len(expected) < len(org.rows[ENTRIES])
    border = NOW.replace(microsecond=0) - timedelta(days=7)
    over = [row for row in expected if instant(row["start_at"])[0] < border < instant(row["end_at"])[0]]
    # The stand-in has a page a week, and some shifts are on two of them.
    assert (bool(over), any(value.startswith("cursor:") for value in starts)) == (days > 7, days > 7)
