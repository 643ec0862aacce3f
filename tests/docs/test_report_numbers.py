"""`make report`: its numbers, worked out by hand from rows of the marts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tools.report import sections
from tools.report.marts import Row
from tools.report.numbers import Grey
from tools.report.options import BadOption, Options, Period
from tools.report.page import pages

from .report_rows import NOW, alert, cells, counted, follow_up, incident, of, page_of, text, tile


@pytest.mark.parametrize(
    ("chosen", "period", "before"),
    [
        ({"period": "quarter"}, ("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31")),
        ({}, ("2026-03-03", "2026-05-31"), ("2025-12-03", "2026-03-02")),
        ({"period": "month", "last": date(2026, 5, 10)}, ("2026-04-01", "2026-04-30"), ("2026-03-01", "2026-03-31")),
        ({"first": date(2026, 5, 1)}, ("2026-05-01", "2026-05-31"), ("2026-03-31", "2026-04-30")),
    ],
)
def test_a_period_is_of_whole_days(chosen: Any, period: tuple[str, str], before: tuple[str, str]) -> None:
    assert [str(each) for each in Options(**chosen).periods(NOW.date())] == [" to ".join(period), " to ".join(before)]


def test_people_with_one_name_stay_two() -> None:
    night = datetime(2026, 5, 20, 23)
    found = counted({"stg_pages": [*[page_of("u00001", night, "one name")] * 3, page_of("u00002", night, "one name")]})
    named = [(row[0], row[1]) for row in cells(sections.people(found))]
    assert named == [("one name (…0001) (no schedule)", 3), ("one name (…0002) (no schedule)", 1)]


def test_people_are_ranked_by_night_and_equal_ones_by_id() -> None:
    night, day = datetime(2026, 5, 20, 23), datetime(2026, 5, 20, 12)
    pages_of = [page_of(f"u{n:02}", night) for n in range(20)] + [page_of("v", day)] * 9 + [page_of("u05", night)]
    names = [row[0].split(" (")[0] for row in cells(sections.people(counted({"stg_pages": pages_of})))]
    assert names == ["Name of u05", *(f"Name of u{n:02}" for n in range(20) if n != 5), "Name of v"]
    turned = [row[0].split(" (")[0] for row in cells(sections.people(counted({"stg_pages": pages_of[::-1]})))]
    assert turned == names
    assert "11 more people are not shown, with at most 1 each." in text(counted({"stg_pages": pages_of}))


def test_pages_have_a_period_and_a_schedule_and_nights_in_a_row() -> None:
    # 2 o'clock belongs to the night of the 20th, which makes three nights in a row.
    nights = [datetime(2026, 5, 19, 23), datetime(2026, 5, 21, 2), datetime(2026, 5, 21, 23), datetime(2026, 5, 25, 23)]
    rows = [page_of("u", when) for when in [*nights, datetime(2025, 1, 1), datetime(2026, 1, 5, 23)]]
    schedules = [{"user_id": "u", "schedule_id": n, "schedule": n} for n in ("Primary", "Backup")]
    found = counted({"stg_pages": rows, "stg_schedule_people": schedules})
    assert cells(sections.people(found)) == [["Name of u (Backup, Primary)", 4, 0, 0, 3]]
    assert cells(sections.schedules(found)) == [["Backup", 4, 0, 0, 1], ["Primary", 4, 0, 0, 1]]
    assert sections.hours(found)["Thu"][2] == 1
    assert tile(found, "Interruptions at night").note == ("of 4 in all; 1 person",)


def test_each_severity_became_slower_and_so_did_all_of_them() -> None:
    # Many small slow ones before, few now: the median of all falls, though nothing became faster.
    now = [incident(9, "SEV1", 2)] * 20 + [incident(9, "SEV3", 50)] * 6
    before = [incident(120, "SEV1", 1)] * 6 + [incident(120, "SEV3", 40)] * 20
    found = of(*now, *before)
    assert [row[:1] + row[4:7] for row in cells(sections.resolved(found))] == [
        ["SEV1", 6, 1, "+100%"],
        ["SEV3", 20, 40, "+25%"],
    ]
    resolve = tile(found, "Time to resolve")
    assert resolve.ratio == pytest.approx((26 * 2 + 26 * 50) / (26 * 1 + 26 * 40))


def test_few_are_grey_and_not_compared() -> None:
    found = of(*[incident(9, "SEV1", 3)] * 9, *[incident(120, "SEV1", 1)] * 4)
    (row,) = cells(sections.resolved(found))
    assert row == ["SEV1", 9, 3, 3, Grey(4), Grey(1), Grey("too few"), 0, None]
    assert tile(found, "Time to resolve").ratio is None
    assert not tile(of(incident(9), incident(120)), "Incidents").enough


def test_open_incidents_stay_with_their_age() -> None:
    found = of(*(incident(days, "SEV1", None) for days in (80, 120, 3)), incident(3, "SEV1", 1))
    assert [row[2].days for row in cells(sections.open_now(found))] == [120, 80, 3]
    assert cells(sections.resolved(found))[0][-2:] == [3, timedelta(days=120)]
    # At the end of the period before, only the older one was.
    assert (tile(found, "Open now").value, tile(found, "Open now").before) == (3, 1)


def test_months_without_incidents_are_there_and_parts_are_marked() -> None:
    found = of(incident(40, "SEV1"), incident(120, "SEV2"), incident(0, "SEV2"), incident(2000, is_counted=False))
    assert cells(sections.months(found)) == [
        ["2026-02", 0, 1, 1],
        ["2026-03", 0, 0, 0],
        ["2026-04", 1, 0, 1],
        ["2026-05", 0, 0, 0],
        ["2026-06 (to 1.)", 0, 1, 1],
    ]
    assert cells(sections.months(of(incident(5))))[0][0] == "2026-05 (from 27.)"


def test_incidents_that_do_not_count_are_counted_by_reason() -> None:
    found = of(incident(1), incident(2, is_counted=False, left_out_because="uncounted status"))
    assert "Not counted: uncounted status: 1." in text(found)
    assert tile(found, "Incidents").value == 1


def test_follow_ups_of_what_does_not_count_are_told_apart() -> None:
    rows = [follow_up("a", 3), follow_up("b", 40), follow_up("c", 100, "Search"), follow_up("d", 40, is_open=False)]
    rows[3]["closed_on"] = NOW.date() - timedelta(days=10)
    rows += [follow_up(why, 50, left_out_because=why) for why in ("uncounted status", "incident not loaded")]
    rows += [follow_up("deleted", 5, is_open=False, status="deleted")]
    found = counted({"follow_up_metrics": rows})
    assert cells(sections.follow_ups(found)) == [["Payments", 1, 0, 1, 0, 2], ["Search", 0, 0, 0, 1, 1]]
    assert [row[0] for row in cells(sections.oldest(found))] == ["Do c", "Do b", "Do a"]
    assert tile(found, "Follow-ups overdue").value == 2
    page = text(found)
    assert "Not counted: 2 open ones whose incident does not count or was not read" in page
    assert "In the period 3 were created and 1 closed; before, 1 and 0." in page


def test_alerts_count_in_the_period_and_by_incidents_that_count() -> None:
    rows = [alert("Disk", n < 2) for n in range(6)] + [alert("CPU", False, date(2024, 1, 1))]
    found = counted({"alert_metrics": rows, "incident_metrics": [incident(5)] * 5 + [incident(150)] * 5})
    assert cells(sections.sources(found)) == [["web", 6, 2, "33%", 0, Grey(None)]]
    assert cells(sections.noisiest(found)) == [["Disk", "web", 6, 2]]
    assert tile(found, "Alerts per incident").value == "1.2"
    assert tile(found, "Alerts per incident").note == ["6 alerts, 5 incidents"]


def test_a_slice_by_team_type_field_or_attribute_of_an_entry() -> None:
    rows = [incident(n) for n in (1, 2, 3, 120)]
    known = [row["incident_id"] for row in rows]
    teams = [{"incident_id": known[n], "team": team, "position": 1} for n, team in ((0, "B"), (1, "B"), (1, "A"))]
    value = {"incident_id": known[0], "name": "Cause", "value": "Deploy", "catalog_entry_id": "e"}
    tables: dict[str, list[Row]] = {"incident_metrics": rows, "stg_incident_teams": teams}
    tables["stg_custom_field_values"] = [value]
    tables["base_catalog_types"] = [{"schema": '{"attributes": [{"id": "o", "name": "Owner"}]}'}]
    bindings = {"o": {"array_value": [{"label": "Ann"}, {"label": "Bo"}]}}
    tables["base_catalog_entries"] = [{"id": "e", "attribute_values": bindings}]

    def sliced(**chosen: Any) -> list[list[Any]]:
        return [row[:3] for row in cells(sections.slices(counted(tables, **chosen)))]

    assert sliced() == [["B", 2, 0], ["A", 1, 0], ["none", 1, 1]]
    assert sliced(by="Cause") == [["none", 2, 1], ["Deploy", 1, 0]]
    assert sliced(by="incident type") == [["Default", 3, 1]]
    assert sliced(by="Cause: Owner") == [["none", 2, 1], ["Ann", 1, 0], ["Bo", 1, 0]]
    assert tile(counted(tables, team="A"), "Incidents").value == 1
    for choice in ({"by": "Cause: Size"}, {"by": "No field"}, {"team": "Nobody"}, {"first": date(2026, 6, 1)}):
        with pytest.raises(BadOption):
            counted(tables, **choice)


def test_last_week_has_the_worst_incidents_with_link_and_post_mortem() -> None:
    worst, open_now = incident(2, "SEV1", 30, has_postmortem=True), incident(0.1, "SEV2", None)
    found = of(worst, incident(9, "SEV1"), incident(1, "SEV3"), open_now)
    assert sections.week(found) == Period(date(2026, 5, 25), date(2026, 6, 1))
    week = cells(sections.of_the_week(found))
    assert [row[1:] for row in week] == [
        ["SEV2", date(2026, 6, 1), "open", "Ann", "Payments", "no post-mortem"],
        ["SEV1", date(2026, 5, 30), 30, "Ann", "Payments", "yes"],
    ]
    page = pages(found, [])["report.html"]
    assert '<a href="https://app.incident.io/acme/incidents/i2-SEV1-30">' in page
