"""Children: which lists a parent's row leads to, and what the tap adds to rows that don't say where they belong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_incident.api.answers import Page
from tap_incident.errors import BadData
from tap_incident.streams import BY_NAME, ROW_ID
from tap_incident.sync.child_requests import child_params, shift_window, with_added_columns
from tests.support.runs import Json

SPAN = ("2024-02-16T00:00:00Z", "2024-03-15T00:00:00Z")
SHIFT: Json = {"start_at": "2024-03-01T00:00:00Z", "end_at": "2024-03-02T00:00:00Z", "entry_type": "final"}


def always(stream: str, value: str) -> bool:
    """Every id is new."""
    return True


def once() -> Callable[[str, str], bool]:
    """An id is new once."""
    seen: set[tuple[str, str]] = set()

    def first(stream: str, value: str) -> bool:
        known = (stream, value) in seen
        seen.add((stream, value))
        return not known

    return first


@pytest.mark.parametrize(
    "zone", [timezone.utc, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-9))], ids=str
)
def test_the_window_is_around_now_whatever_its_zone(zone: timezone) -> None:
    now = datetime(2024, 3, 1, 12, 34, 56, 789, tzinfo=timezone.utc).astimezone(zone)
    assert shift_window(now, 1) == ("2024-02-29T12:34:56Z", "2024-03-02T12:34:56Z")
    assert shift_window(now, 365) == ("2023-03-02T12:34:56Z", "2025-03-01T12:34:56Z")


def test_a_child_is_asked_for_by_its_parents_id_and_mode() -> None:
    actions = BY_NAME["actions"]
    row = {"id": "I1", "mode": "test"}
    assert child_params(actions, row, SPAN, always) == [(("incident_id", "I1"), ("incident_mode", "test"))]
    assert child_params(actions, {"id": "I1", "mode": None}, SPAN, always) == [(("incident_id", "I1"),)]


def test_a_child_with_a_window_is_asked_for_within_it() -> None:
    (params,) = child_params(BY_NAME["schedule_entries"], {"id": "S1"}, SPAN, always)
    assert dict(params) == {"schedule_id": "S1", "entry_window_start": SPAN[0], "entry_window_end": SPAN[1]}
    assert child_params(BY_NAME["schedule_overrides"], {"id": "S1"}, SPAN, always) == [(("schedule_id", "S1"),)]


def test_ids_that_several_parents_lead_to_are_asked_by_once() -> None:
    notes, first = BY_NAME["alert_notes"], once()
    assert child_params(notes, {"id": "A1", "alert_group_ids": ["G1", "G2"]}, SPAN, first) == [
        (("alert_id", "A1"),),
        (("alert_group_id", "G1"),),
        (("alert_group_id", "G2"),),
    ]
    second = child_params(notes, {"id": "A2", "alert_group_ids": ["G2", None, "G3"]}, SPAN, first)
    assert second == [(("alert_id", "A2"),), (("alert_group_id", "G3"),)]


@pytest.mark.parametrize("row", [{}, {"alert_group_ids": None}, {"alert_group_ids": []}], ids=str)
def test_a_parent_without_such_ids_is_asked_by_its_own(row: Json) -> None:
    assert child_params(BY_NAME["alert_notes"], {"id": "A1", **row}, SPAN, always) == [(("alert_id", "A1"),)]


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": "A1", "alert_group_ids": "G1"}], ids=str)
def test_a_parent_that_can_not_be_asked_by_is_bad_data(row: Json) -> None:
    with pytest.raises(BadData, match=r"^alerts: "):
        child_params(BY_NAME["alert_notes"], row, SPAN, always)


def test_rows_that_do_not_say_what_they_were_asked_by_are_told() -> None:
    pages = [Page([{"id": "R1"}, {"id": "R2"}], after="R2"), Page([], total=2)]
    found = list(with_added_columns(iter(pages), BY_NAME["incident_relationships"], (("incident_id", "I1"),)))
    assert found == [
        Page([{"id": "R1", "incident_id": "I1"}, {"id": "R2", "incident_id": "I1"}], after="R2"),
        Page([], total=2),
    ]


def test_other_rows_stay_as_they_are() -> None:
    pages = [Page([{"id": "O1"}, {"id": "O1"}])]
    assert list(with_added_columns(iter(pages), BY_NAME["schedule_overrides"], (("schedule_id", "S1"),))) == pages


def shifts(*pages: list[Json]) -> list[Page]:
    """Pages of shifts of the schedule S1, as the tap completes them."""
    given = (Page([dict(row) for row in rows], after="C") for rows in pages)
    return list(
        with_added_columns(given, BY_NAME["schedule_entries"], (("schedule_id", "S1"), ("entry_window_start", "x")))
    )


def test_a_shift_in_two_pages_comes_once() -> None:
    later = SHIFT | {"start_at": "2024-03-02T00:00:00Z"}
    first, second = shifts([SHIFT, SHIFT], [SHIFT, later])
    assert [row["start_at"] for row in first.rows] == [SHIFT["start_at"]]
    assert [row["start_at"] for row in second.rows] == [later["start_at"]]
    assert all(row["schedule_id"] == "S1" for row in (*first.rows, *second.rows))


@pytest.mark.parametrize(
    "other",
    [
        {"entry_type": "scheduled"},
        {"entry_id": "E1"},
        {"fingerprint": "F1"},
        {"rotation_id": "R1"},
        {"layer_id": "L1"},
        {"user": {"id": "U1"}},
        {"start_at": "2024-03-01T01:00:00Z"},
        {"end_at": "2024-03-02T01:00:00Z"},
    ],
    ids=str,
)
def test_shifts_that_differ_have_ids_that_differ(other: Json) -> None:
    (found,) = shifts([SHIFT, SHIFT | other])
    assert len({row[ROW_ID] for row in found.rows}) == 2


@pytest.mark.parametrize("other", [{"user": {"id": "U1", "name": "new"}}, {"x_new": 1}], ids=str)
def test_what_can_change_in_a_shift_that_stays_the_same_does_not_change_its_id(other: Json) -> None:
    before = SHIFT | {"user": {"id": "U1", "name": "old"}}
    (one,), (two,) = (shifts([row])[0].rows for row in (before, before | other))
    assert one[ROW_ID] == two[ROW_ID]
    assert len(one[ROW_ID]) == 32


@pytest.mark.parametrize("user", [None, {}, "nobody", []], ids=str)
def test_a_shift_of_nobody_has_an_id_too(user: Any) -> None:
    (found,) = shifts([SHIFT | {"user": user}])
    (bare,) = shifts([SHIFT])
    assert found.rows[0][ROW_ID] == bare.rows[0][ROW_ID]
