"""What a loader does with ACTIVATE_VERSION: a row that was deleted at the source is gone, marked, or still there."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.support.runs import Json

from .conftest import Pour
from .targets import DUCKDB_TARGET, MELTANO_TARGET, PIPELINEWISE_TARGET, Place, Target

VERSIONED = {"activate_version": True}


def later(org: Organisation) -> tuple[Organisation, list[str]]:
    """The organisation after a severity and an incident with all that belongs to it were deleted; their ids."""
    found = deepcopy(org)
    gone = [found.rows["/v1/severities"].pop()["id"], found.rows["/v2/incidents"].pop(0)["id"]]
    for path, rows in found.rows.items():
        found.rows[path] = [row for row in rows if row.get("incident_id") != gone[1]]
    return found, gone


def ids(place: Place, stream: str) -> set[str]:
    """The rows that there are."""
    return {str(row["id"]) for row in place.read().rows[stream]}


def twice(pour: Pour, target: Target, place: Place, org: Organisation, settings: Json) -> list[str]:
    """Load, delete at the source, load again; ids of what was deleted."""
    pour(target.loader, place.config, settings=settings).loaded()
    changed, gone = later(org)
    with FakeApi(changed) as api:
        pour(target.loader, place.config, api=api, settings=settings).loaded()
    return gone


def test_with_hard_delete_what_is_deleted_is_gone(
    pour: Pour, request: pytest.FixtureRequest, org: Organisation, tmp_path: Path
) -> None:
    place = MELTANO_TARGET.place(request, tmp_path)
    place.config["hard_delete"] = True
    severity, incident = twice(pour, MELTANO_TARGET, place, org, VERSIONED)
    left, _ = later(org)
    assert severity not in ids(place, "severities")
    assert ids(place, "severities") == {row["id"] for row in left.rows["/v1/severities"]}
    assert incident not in ids(place, "incidents")
    assert incident not in {str(row["incident_id"]) for row in place.read().rows["actions"]}
    assert len(place.read().rows["users"]) == len(org.rows["/v2/users"])


@pytest.mark.parametrize("target", [PIPELINEWISE_TARGET, DUCKDB_TARGET], ids=lambda target: target.loader.name)
def test_loaders_that_know_no_versions_load_the_same_and_keep_what_is_deleted(
    pour: Pour, request: pytest.FixtureRequest, org: Organisation, tmp_path: Path, target: Target
) -> None:
    place = target.place(request, tmp_path)
    severity, incident = twice(pour, target, place, org, VERSIONED)
    assert severity in ids(place, "severities")
    assert incident in ids(place, "incidents")
