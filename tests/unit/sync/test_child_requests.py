"""Child requests: parameters per parent row, columns that the tap adds, and ids of shifts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

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
    """A function that is true for an id only the first time."""
    seen: set[tuple[str, str]] = set()

    def first(stream: str, value: str) -> bool:
        known = (stream, value) in seen
        seen.add((stream, value))
        return not known

    return first


@pytest.mark.parametrize(
    "zone", [timezone.utc, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-9))], ids=str
)
def test_shift_window_is_around_now_in_any_time_zone(zone: timezone) -> None:
    now = datetime(2024, 3, 1, 12, 34, 56, 789, tzinfo=timezone.utc).astimezone(zone)
    assert shift_window(now, 1) == ("2024-02-29T12:34:56Z", "2024-03-02T12:34:56Z")
    assert shift_window(now, 365) == ("2023-03-02T12:34:56Z", "2025-03-01T12:34:56Z")


def test_child_request_has_id_and_mode_of_the_parent() -> None:
    actions = BY_NAME["actions"]
    row = {"id": "I1", "mode": "test"}
    assert child_params(actions, row, SPAN, always) == [(("incident_id", "I1"), ("incident_mode", "test"))]
    assert child_params(actions, {"id": "I1", "mode": None}, SPAN, always) == [(("incident_id", "I1"),)]


def test_child_request_has_the_window() -> None:
    (params,) = child_params(BY_NAME["schedule_entries"], {"id": "S1"}, SPAN, always)
    assert dict(params) == {"schedule_id": "S1", "entry_window_start": SPAN[0], "entry_window_end": SPAN[1]}
    assert child_params(BY_NAME["schedule_overrides"], {"id": "S1"}, SPAN, always) == [(("schedule_id", "S1"),)]


def test_child_request_is_sent_once_per_id_of_several_parents() -> None:
    notes, first = BY_NAME["alert_notes"], once()
    assert child_params(notes, {"id": "A1", "alert_group_ids": ["G1", "G2"]}, SPAN, first) == [
        (("alert_id", "A1"),),
        (("alert_group_id", "G1"),),
        (("alert_group_id", "G2"),),
    ]
    second = child_params(notes, {"id": "A2", "alert_group_ids": ["G2", None, "G3"]}, SPAN, first)
    assert second == [(("alert_id", "A2"),), (("alert_group_id", "G3"),)]


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": "A1", "alert_group_ids": "G1"}], ids=str)
def test_child_request_for_a_parent_without_a_valid_id_is_bad_data(row: Json) -> None:
    with pytest.raises(BadData, match=r"^alerts: "):
        child_params(BY_NAME["alert_notes"], row, SPAN, always)


def test_added_columns_are_set_from_the_request() -> None:
    pages = [Page([{"id": "R1"}, {"id": "R2"}], after="R2"), Page([], total=2)]
    found = list(with_added_columns(iter(pages), BY_NAME["incident_relationships"], (("incident_id", "I1"),)))
    assert found == [
        Page([{"id": "R1", "incident_id": "I1"}, {"id": "R2", "incident_id": "I1"}], after="R2"),
        Page([], total=2),
    ]


def shifts(*pages: list[Json]) -> list[Page]:
    """Pages of shifts of the schedule S1, with the columns that the tap adds."""
    given = (Page([dict(row) for row in rows], after="C") for rows in pages)
    return list(
        with_added_columns(given, BY_NAME["schedule_entries"], (("schedule_id", "S1"), ("entry_window_start", "x")))
    )


def test_shift_on_two_pages_is_emitted_once() -> None:
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
        {"user": {"id": "U1"}},
        {"start_at": "2024-03-01T01:00:00Z"},
        {"end_at": "2024-03-02T01:00:00Z"},
    ],
    ids=str,
)
def test_row_id_differs_for_different_shifts(other: Json) -> None:
    (found,) = shifts([SHIFT, SHIFT | other])
    assert len({row[ROW_ID] for row in found.rows}) == 2
