"""Child requests: parameters per parent row, columns that the tap adds, and ids of shifts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tap_incident.api.answers import Page
from tap_incident.api.children import child_params, shift_window, with_added_columns
from tap_incident.streams import BY_NAME, ROW_ID
from tests.support.runs import Json

SPAN = ("2024-02-16T00:00:00Z", "2024-03-15T00:00:00Z")
SHIFT: Json = {"start_at": "2024-03-01T00:00:00Z", "end_at": "2024-03-02T00:00:00Z", "entry_type": "final"}


@pytest.mark.parametrize("hours", [0, 5.75, -9])
def test_shift_window_is_around_now_in_any_time_zone(hours: float) -> None:
    now = datetime(2024, 3, 1, 12, 34, 56, 789, tzinfo=timezone.utc).astimezone(timezone(timedelta(hours=hours)))
    assert shift_window(now, 1) == ("2024-02-29T12:34:56Z", "2024-03-02T12:34:56Z")
    assert shift_window(now, 365) == ("2023-03-02T12:34:56Z", "2025-03-01T12:34:56Z")


def test_child_request_has_id_and_mode_of_the_parent() -> None:
    actions = BY_NAME["actions"]
    for mode, expected in (("test", [("incident_mode", "test")]), (None, [])):
        row = {"id": "I1", "mode": mode}
        assert child_params(actions, row, SPAN, lambda *_: True) == [(("incident_id", "I1"), *expected)]


@pytest.mark.parametrize(
    "other",
    [
        *({"entry_type": "scheduled"}, {"entry_id": "E1"}, {"fingerprint": "F1"}, {"rotation_id": "R1"}),
        *({"user": {"id": "U1"}}, {"start_at": "2024-03-01T01:00:00Z"}, {"end_at": "2024-03-02T01:00:00Z"}),
    ],
    ids=str,
)
def test_row_id_differs_for_different_shifts(other: Json) -> None:
    pages = iter([Page([{**SHIFT}, {**SHIFT, **other}])])
    (found,) = with_added_columns(pages, BY_NAME["schedule_entries"], (("schedule_id", "S1"),))
    assert len({row[ROW_ID] for row in found.rows}) == 2
