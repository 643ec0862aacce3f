"""`make report`: its numbers, worked out by hand from rows of the marts, and the page that shows them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tools.report import page
from tools.report.sections import Section, sections

NOW = datetime(2026, 6, 1, 12)


def incident(days_ago: float, severity: str, hours: float | None, **more: Any) -> dict[str, Any]:
    """A row of incident_metrics."""
    started = NOW - timedelta(days=days_ago)
    return {
        "started_at": started,
        "month": date(started.year, started.month, 1),
        "severity": severity,
        "severity_rank": {"Major": 1, "Minor": 0}.get(severity),
        "is_counted": True,
        "left_out_because": None if hours is not None else "not resolved yet",
        "seconds_to_resolve": None if hours is None else hours * 3600,
        **more,
    }


def page_of(person: str, day: int, hour: int, **more: bool) -> dict[str, Any]:
    """A row of stg_pages."""
    flags = {"is_at_night": False, "is_in_working_hours": False, **more}
    return {"person": person, "paged_at": NOW, "day_of_week": day, "hour_of_day": hour, **flags}


MARTS: dict[str, list[dict[str, Any]]] = {
    "incident_metrics": [
        incident(1, "Minor", 1),
        incident(2, "Major", 2),
        incident(3, "Major", 4),
        incident(3, "Major", None),
        incident(100, "Major", 10),
        incident(5, "Minor", None, is_counted=False, left_out_because="uncounted status"),
    ],
    "open_follow_ups": [{"team": team, "age": "8 to 30 days"} for team in ("A", "B", "B")],
    "stg_pages": [
        page_of("Ann", 1, 10, is_in_working_hours=True),
        page_of("Ann", 7, 3, is_at_night=True),
        page_of("<Bo>", 7, 19),
    ],
    "alert_yield": [{"source": "web", "alerts": 8, "alerts_in_an_incident": 2, "percent_in_an_incident": 25.0}],
}


@pytest.fixture
def found() -> dict[str, Section]:
    """The sections by title."""
    return {section.title: section for section in sections(MARTS, NOW)}


def test_incidents_are_counted_by_month_and_severity_the_worst_first(found: dict[str, Section]) -> None:
    section = found["Incidents by month and severity"]
    assert section.header == ("month", "Major", "Minor", "all")
    assert section.rows == (("2026-02", 1, 0, 1), ("2026-05", 3, 1, 4))
    assert section.left_out == "1 of 6 incidents are left out (uncounted status: 1)."


def test_time_to_resolve_is_compared_with_the_period_before(found: dict[str, Section]) -> None:
    section = found["Time to resolve"]
    assert section.rows == (
        ("Major", 2, 3.0, 10.0, 3.8, 10.0),
        ("Minor", 1, 1.0, None, 1.0, None),
        ("all", 3, 2.0, 10.0, 3.6, 10.0),
    )
    assert section.period == "2026-03-03 to 2026-06-01, against 2025-12-03 to 2026-03-03"
    assert section.left_out == "1 of 4 incidents of the period are left out (not resolved yet: 1)."


def test_follow_ups_pages_and_alerts_are_counted(found: dict[str, Section]) -> None:
    assert found["Open follow-ups"].rows == (("B", 2, 2), ("A", 1, 1))
    assert found["Pages by person"].rows == (("Ann", 1, 0, 1, 2), ("<Bo>", 0, 1, 0, 1))
    by_hour = {row[0]: row[1:] for row in found["Pages by hour"].rows}
    assert by_hour["Mon"] == (0, 0, 1, 0, 0, 0)
    assert by_hour["Sun"] == (1, 0, 0, 0, 1, 0)
    assert found["Alerts that become incidents"].rows == (("web", 8, 2, 25.0),)


def test_what_was_not_loaded_has_words_and_no_chart() -> None:
    empty = sections({name: [] for name in MARTS}, NOW)
    text = page.html(empty, lambda section: pytest.fail(section.title), NOW)
    assert "incident_alerts, which is not selected by default, was not loaded" in text


def test_page_needs_no_network_and_escapes_what_people_wrote(found: dict[str, Section]) -> None:
    text = page.html(list(found.values()), lambda section: "<svg></svg>", NOW)
    assert not re.search(r"(src|href)=.?http|@import|url\(", text)
    assert "&lt;Bo&gt;" in text
    assert "<Bo>" not in text
    assert text.count("<svg>") == len(found) == 6


def test_markdown_has_the_same_numbers(found: dict[str, Section]) -> None:
    text = page.markdown(list(found.values()), NOW)
    assert "| 2026-05 | 3 | 1 | 4 |" in text
    assert "| Minor | 1 | 1.0 |  | 1.0 |  |" in text
