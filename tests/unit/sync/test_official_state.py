"""The state of the official tap: bookmarks without a scope."""

from __future__ import annotations

import pytest

from tap_incident.sync.replication import resume_point
from tests.support.runs import Json
from tests.unit.sync.test_replication import config, step

STATE = {"bookmarks": {name: {"updated_at": "2026-10-08T12:00:00Z"} for name in ("actions", "follow_ups")}}
DEFAULT_MODES = ("standard", "retrospective")


@pytest.mark.parametrize("name", ["actions", "follow_ups"])
def test_bookmark_of_the_official_tap_is_taken_over_from_the_day_before(name: str) -> None:
    found = resume_point(step(name, modes=DEFAULT_MODES), STATE, config())
    assert (found.since, found.notices) == ("2026-10-07T12:00:00Z", ())


@pytest.mark.parametrize("settings", [{"endpoint": "https://other.invalid"}, {"incident_modes": ["standard"]}])
def test_bookmark_of_the_official_tap_is_only_taken_over_with_default_modes_and_endpoint(settings: Json) -> None:
    modes = tuple(settings.get("incident_modes", DEFAULT_MODES))
    found = resume_point(step("actions", modes=modes), STATE, config(**settings))
    assert found.since is None
    assert found.notices == ("actions: incident_modes or the endpoint have changed: reading all of it again",)


def test_bookmark_of_the_official_tap_is_ignored_for_full_table() -> None:
    full_table = step("actions", method="FULL_TABLE", modes=DEFAULT_MODES)
    assert resume_point(full_table, STATE, config()).since is None
