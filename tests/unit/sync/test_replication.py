"""Replication: where a step resumes, which rows count as changed, and which bookmark it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tap_incident.config import Config, load
from tap_incident.protocol.selection import select
from tap_incident.protocol.state import check
from tap_incident.sync.bookmarks import state_after_page, state_at_end
from tap_incident.sync.plan import Step, steps
from tap_incident.sync.replication import ResumePoint, changed_rows, resume_point
from tap_incident.sync.windows import Window
from tests.support.runs import Json, bare, only

AT = "2026-01-31T10:00:00"
BEGAN = f"{AT}Z"


def config(**settings: Any) -> Config:
    """A config with these settings."""
    return load(json.dumps({"api_key": "k", **settings}), {})


def step(*names: str, method: str = "INCREMENTAL", modes: tuple[str, ...] = ("standard", "test")) -> Step:
    """The first step of a run that selects these streams."""
    return steps(select(bare(only(*names)), replication_method=method), modes, "per_incident")[0]


def interrupted(point: ResumePoint, after: str | None = "c1", **more: Any) -> Json:
    """The state of a run that was interrupted after this cursor."""
    fields = {"list_index": 0, "newest": None, "began": BEGAN, **more}
    return state_after_page(point, {}, left=[Window(after=after)], **fields)


def finished(name: str, point: ResumePoint, updated_at: str) -> Json:
    """The state of a run that read the full_table stream."""
    return {"bookmarks": {name: {"updated_at": updated_at, "scope": point.scope}}}


def test_bookmark_is_only_used_for_the_same_endpoint_and_modes() -> None:
    first = resume_point(step("actions"), {}, config())
    state = finished("actions", first, f"{AT}.5Z")
    assert resume_point(step("actions"), state, config()).since == "2026-01-31T09:55:00Z"
    assert resume_point(step("actions"), state, config(endpoint="https://other.invalid")).since is None
    assert resume_point(step("actions", modes=("standard",)), state, config()).since is None


def test_bookmark_and_start_date_are_ignored_for_full_table() -> None:
    state = finished("alerts", resume_point(step("alerts"), {}, config()), f"{AT}Z")
    full_table = resume_point(step("alerts", method="FULL_TABLE"), state, config(start_date=f"{AT}Z"))
    assert (full_table.since, full_table.bookmark) == (None, None)
    assert full_table.listing(0, BEGAN)[1] == step("alerts").lists[0][1]


@pytest.mark.parametrize(
    ("settings", "version", "resumes"),
    [
        ({"start_date": f"{AT}Z"}, None, True),
        ({"start_date": f"{AT}Z", "activate_version": True}, 5, True),
        ({"start_date": f"{AT}.1Z"}, None, False),
        ({}, None, False),
        ({"start_date": f"{AT}Z", "endpoint": "https://other.invalid"}, None, False),
    ],
)
def test_resume_needs_the_same_settings(settings: Json, version: int | None, resumes: bool) -> None:
    state = interrupted(resume_point(step("alerts"), {}, config(start_date=f"{AT}Z")))
    assert resume_point(step("alerts"), state, config(**settings)).after == ("c1" if resumes else None)


def test_resume_restores_list_cursor_start_and_newest_change() -> None:
    first = resume_point(step("actions"), {}, config())
    found = resume_point(step("actions"), interrupted(first, list_index=2, newest=f"{AT}.1Z"), config())
    assert (found.list_index, found.after, found.started, found.newest) == (2, "c1", BEGAN, f"{AT}.1Z")
    assert found.walk == first.walk
    again = interrupted(found, "c2", list_index=2, began="2026-02-01T00:00:00Z")
    assert again["bookmarks"]["actions"]["started"] == BEGAN


def test_resume_at_the_next_list_but_not_after_the_last() -> None:
    first = resume_point(step("actions"), {}, config())
    assert resume_point(step("actions"), interrupted(first, None, list_index=1), config()).list_index == 1
    past = resume_point(step("actions"), interrupted(first, list_index=4), config())
    assert replace(past, notices=()) == first
    assert past.notices == (
        "actions: the selection or the settings have changed since the interrupted run: starting over",
    )


def test_resume_continues_each_window_that_was_left() -> None:
    first = resume_point(step("actions"), {}, config())
    left = [Window(f"{AT}Z", None, newest_first=False, skip=("A1",), after="c5"), Window(None, f"{AT}Z")]
    fields: Json = {"list_index": 1, "newest": None, "began": BEGAN}
    state = check(state_after_page(first, {}, left=left, **fields), "state.json")
    found = resume_point(step("actions"), state, config())
    assert found.sources(1) == tuple(left)
    assert found.sources(2) == (Window(),)
    assert found.is_resumed


@pytest.mark.parametrize(
    ("bookmark", "newest", "began", "expected"),
    [
        (None, f"{AT}.10Z", "2026-01-31T11:00:00Z", f"{AT}.10Z"),
        (None, f"{AT}.10Z", f"{AT}Z", f"{AT}Z"),
        # Compared as text, both would be the other way round.
        (f"{AT}.9Z", "2026-01-31T11:00:00+02:00", "2026-01-31T12:00:00Z", f"{AT}.9Z"),
        (None, "2026-01-31T11:00:00+02:00", f"{AT}Z", "2026-01-31T11:00:00+02:00"),
        (f"{AT}Z", None, "2026-01-31T12:00:00Z", f"{AT}Z"),
        (None, None, f"{AT}Z", None),
    ],
)
def test_bookmark_is_the_newest_change_but_not_after_the_start_of_the_run(
    bookmark: str | None, newest: str | None, began: str, expected: str | None
) -> None:
    first = resume_point(step("alerts"), {}, config())
    state = finished("alerts", first, bookmark) if bookmark else {}
    point = resume_point(step("alerts"), state, config())
    mark = state_at_end(point, state, newest=newest, began=began)["bookmarks"].get("alerts", {})
    assert mark.get("updated_at") == expected


def test_bookmark_is_not_written_for_full_table() -> None:
    first = resume_point(step("alerts", method="FULL_TABLE"), {}, config())
    assert state_at_end(first, {}, newest=f"{AT}Z", began=BEGAN) == {"bookmarks": {}}


def test_changed_rows_include_rows_without_updated_at() -> None:
    first = resume_point(step("alerts"), {}, config(start_date=f"{AT}.5Z"))
    stamps = [f"{AT}.49Z", f"{AT}.50Z", "2026-01-31T12:00:00.6+02:00", f"{AT}.500000001Z", None, "", f"{AT}Z"]
    newest: dict[str, str] = {}
    rows = changed_rows(first, step("alerts").lists[0][0], [{"id": "x", "updated_at": at} for at in stamps], newest)
    assert [row["updated_at"] for row in rows] == stamps[1:6]
    assert newest == {"alerts": "2026-01-31T12:00:00.6+02:00"}
