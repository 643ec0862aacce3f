"""Which rows are due, and what is remembered of them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tap_incident.api.answers import Page
from tap_incident.config import load
from tap_incident.protocol.selection import select
from tap_incident.sync.due import due_rows
from tap_incident.sync.plan import steps
from tap_incident.sync.problems import Problems
from tap_incident.sync.replication import resume_point
from tap_incident.sync.windows import Window
from tests.support.runs import bare, only


@pytest.mark.parametrize(
    ("strategy", "name", "remembered"), [("per_incident", "incidents", ["2"]), ("list", "actions", [])]
)
def test_only_parents_that_a_second_look_may_bring_again_are_remembered(
    strategy: str, name: str, remembered: list[str]
) -> None:
    config = load(json.dumps({"api_key": "k"}), {})
    selection = select(bare(only("incidents", "actions")))
    step = next(step for step in steps(selection, ("standard",), strategy) if step.name == name)
    assert step.changed_parents
    run = SimpleNamespace(
        recent={}, newest={}, first_newest={}, problems=Problems(), began=lambda point: "2026-01-31T00:00:00Z"
    )
    rows = [{"id": str(day), "updated_at": f"2026-{month}-01T00:00:00Z"} for day, month in ((1, "01"), (2, "03"))]
    node, _ = step.lists[0]
    page = due_rows(cast(Any, run), resume_point(step, {}, config), node, Window(), Page(rows))
    assert [row["id"] for row in page.rows] == ["1", "2"]
    assert list(run.recent.get(name, {})) == remembered
