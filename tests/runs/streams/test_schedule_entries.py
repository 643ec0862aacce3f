"""Shifts come from a window around the start of the run."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, organisation
from tests.fake_api.making import instant
from tests.support.runs import KEY, check, key_of, only, param_values, there


@pytest.mark.parametrize(("settings", "days"), [({}, 14), ({"schedule_window_days": 3}, 3)], ids=str)
def test_schedule_entries_come_from_a_window_around_the_start_of_the_run(
    tap: Tap, settings: dict[str, int], days: int
) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"), settings=settings)
    check(run)
    path = "/v2/schedule_entries"
    first = Counter(
        value for value in param_values(fake, path, "entry_window_start") if not value.startswith("cursor:")
    )
    span = [(NOW + timedelta(days=sign * days)).strftime("%Y-%m-%dT%H:%M:%SZ") for sign in (-1, 1)]
    assert first == {span[0]: len(org.rows["/v2/schedules"])}
    assert set(param_values(fake, path, "entry_window_end")) == {span[1]}
    expected = there(org, "schedule_entries", days=days)
    assert run.keys("schedule_entries") == Counter(key_of("schedule_entries", row) for row in expected)
    assert {record["entry_type"] for record in run.records("schedule_entries")} == {"final", "overrides", "scheduled"}
    assert 0 < len(expected) < len(org.rows[path])


def test_schedule_entries_on_two_pages_come_once(tap: Tap) -> None:
    org = organisation(1)
    with FakeApi(org) as fake:
        run = tap(fake, catalog=only("schedule_entries"))
    cursors = [value for value in param_values(fake, "/v2/schedule_entries", "entry_window_start") if "cursor" in value]
    assert len(set(cursors)) == 3, "the stand-in has a page a week"
    border = NOW.replace(microsecond=0) - timedelta(days=7)
    over = [row for row in there(org, "schedule_entries") if begins(row) < border < ends(row)]
    assert over
    assert {run.keys("schedule_entries")[key_of("schedule_entries", row)] for row in over} == {1}


def begins(row: dict[str, Any]) -> Any:
    """The start of a shift."""
    return instant(row["start_at"])[0]


def ends(row: dict[str, Any]) -> Any:
    """The end of a shift."""
    return instant(row["end_at"])[0]


def test_schedule_entries_of_one_run_share_one_start_time(tmp_path: Path) -> None:
    times = iter([NOW])
    with FakeApi(organisation(1)) as fake:
        for name, content in {
            "config": {"api_key": KEY, "endpoint": fake.url},
            "catalog": only("schedule_entries"),
        }.items():
            (tmp_path / name).write_text(json.dumps(content))
        arguments = ["--config", str(tmp_path / "config"), "--catalog", str(tmp_path / "catalog")]
        assert main(arguments, clock=lambda: next(times)) == 0
