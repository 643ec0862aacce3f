"""What people write: the nearest name, and yes and no as texts."""

from __future__ import annotations

import pytest

from tap_incident.words import shown, truth


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("incident", "incident (did you mean incidents?)"),
        ("Follow-Ups", "Follow-Ups (did you mean follow_ups?)"),
        ("zebras", "zebras"),
    ],
)
def test_unknown_name_is_shown_with_the_nearest_name(name: str, expected: str) -> None:
    assert shown(name, ["users", "incidents", "follow_ups"]) == expected


def test_truth_of_yes_no_and_other_values() -> None:
    assert {truth(value) for value in (True, " TRUE ", "yes", "on", "1", 1)} == {True}
    assert {truth(value) for value in (False, "False", "NO", "off", "0", 0)} == {False}
    assert {truth(value) for value in (None, "", "maybe", 2, 1.0, [], [True])} == {None}
