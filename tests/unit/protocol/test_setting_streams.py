"""The setting `streams`: names, `default`, `*` and `!name`."""

from __future__ import annotations

import pytest

from tap_incident.protocol.selection import select
from tap_incident.streams import STREAMS
from tests.support.logs import warnings

ALL = [stream.name for stream in STREAMS]
DEFAULT = [stream.name for stream in STREAMS if stream.selected_by_default]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["users", "incidents"], ["incidents", "users"]),
        (["*"], ALL),
        ([], DEFAULT),
        (["!users"], [name for name in DEFAULT if name != "users"]),
        (["incidents", "users", "! users"], ["incidents"]),
        (["incident_alerts", "default"], [name for name in ALL if name in (*DEFAULT, "incident_alerts")]),
        (["default", "!users"], [name for name in DEFAULT if name != "users"]),
        (["*", "!default"], [name for name in ALL if name not in DEFAULT]),
        (["custom_field*"], ["custom_fields", "custom_field_options"]),
    ],
)
def test_patterns_select_streams_in_the_order_of_the_table(patterns: list[str], names: list[str]) -> None:
    assert list(select(streams=patterns)) == names


def test_only_a_name_is_explicit_and_a_star_is_not() -> None:
    for patterns, explicit in (
        (["users", "team*"], ["users"]),
        (["!users"], []),
        (["default", "api_keys"], ["api_keys"]),
    ):
        assert [name for name, found in select(streams=patterns).items() if found.explicit] == explicit


def test_unknown_names_are_skipped_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert list(select(streams=["incident", "users", "!User", "zebra*"], source="config.json: streams")) == ["users"]
    said = "this tap has no stream incident (did you mean incidents?), User (did you mean users?), zebra*: skipped"
    assert warnings(caplog) == [f"config.json: streams: {said}"]


def test_catalog_takes_precedence_over_the_setting() -> None:
    assert list(select({"streams": [{"tap_stream_id": "teams"}]}, streams=["users"])) == ["teams"]
