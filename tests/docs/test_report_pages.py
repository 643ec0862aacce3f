"""`make report`: the pages, the choices of the reader, and the warnings."""

from __future__ import annotations

import json
import os
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tools.report.__main__ import warnings
from tools.report.marts import Origin, files, origin
from tools.report.options import BadOption, Options, options
from tools.report.page import pages

from .report_rows import READ, alert, counted, follow_up, incident, of, page_of, text


@pytest.mark.parametrize(
    ("name", "value"),
    [("PERIOD", "0d"), ("TZ", "Mars/Olympus"), ("FROM", "1.5.2026"), ("NAMES", "never"), ("NIGHT", "22-25")],
)
def test_an_option_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadOption, match=f"^{name}={re.escape(value)}: "):
        options({name: value})


def test_options_come_from_the_environment() -> None:
    given = {"DB": "postgres", "FROM": "2026-05-01", "TZ": "Europe/London", "TEAM": "O'B", "NAMES": "no"}
    given["NIGHT"] = "0-6"
    wanted = Options("postgres", "90d", date(2026, 5, 1), None, "Europe/London", "O'B", "team", False, (0, 6))
    assert options(given) == wanted
    assert options({"TZ": ""}) == Options()


def test_the_head_says_what_the_numbers_are_of() -> None:
    found = of(incident(1), zone="Europe/London")
    page = text(found)
    assert "- Organisation: https:&#8203;//app.incident.io/acme" in page
    assert "- Data: read Mon 2026-06-01 12:00" in page
    assert "- Time zone: Europe/London" in page
    assert "SAMPLE" not in "".join(pages(found, []).values())


def test_sample_data_are_named_on_every_page() -> None:
    made = pages(of(incident(1), origin=Origin(READ.as_of, sample=True)), [])
    assert all("SAMPLE DATA" in page for page in made.values())
    loaded = pages(of(incident(1, permalink="https://app.example.com/incidents/1"), origin=Origin(READ.as_of)), [])
    assert all("SAMPLE DATA" in page for page in loaded.values())


def test_old_or_unfinished_data_are_a_warning_on_every_page() -> None:
    found = of(incident(1), incident(200), origin=Origin(READ.as_of, code=1))
    unfinished, old = warnings(found, READ.as_of + timedelta(days=3))
    assert unfinished == "The run that read the data did not finish (exit code 1): rows are missing."
    assert old == "The data were read 3 days ago."
    assert all("did not finish" in page and old in page for page in pages(found, [unfinished, old]).values())
    assert warnings(of(incident(1), incident(200)), READ.as_of) == []
    loaded = of(incident(20), incident(300), origin=Origin(READ.as_of, read=False))
    assert warnings(loaded, READ.as_of) == ["The newest row is of 2026-05-12: is the database still loaded?"]
    assert "The first incident is of 2026-02-21" in warnings(of(incident(100)), READ.as_of)[0]


def test_what_the_files_say_of_themselves(tmp_path: Path) -> None:
    chosen = Options(str(tmp_path))
    with pytest.raises(BadOption, match="no incidents"):
        files(chosen)
    (tmp_path / "incidents-20260101T000000.jsonl").touch()
    os.utime(tmp_path / "incidents-20260101T000000.jsonl", (0, 0))
    assert origin(files(chosen), READ.as_of) == Origin(datetime(1970, 1, 1, tzinfo=timezone.utc))
    said = {"organisation": {"name": "Mine", "dashboard_url": "https://x"}, "sample": False, "exit_code": 1}
    said |= {"began": "2026-06-01T12:00:00+00:00", "missing": {"users": "users.view"}}
    (tmp_path / "run.json").write_text(json.dumps(said))
    noted = Origin(READ.as_of, "https://x (API key “Mine”)", False, True, True, 1, {"users": "users.view"})
    assert origin(tmp_path, READ.as_of) == noted


def test_names_can_be_left_out() -> None:
    tables = {"incident_metrics": [incident(1)], "follow_up_metrics": [follow_up("f", 3)]}
    tables["stg_pages"] = [page_of("u2", datetime(2026, 5, 20, 23), "Bob")]
    made = pages(counted(tables, names=False), [])
    assert not re.search(r"\b(Ann|Bob)\b", "".join(made.values()))
    assert "person 1" in made["report.md"]
    assert re.search(r"\bAnn\b", pages(counted(tables), [])["report.md"])


@pytest.mark.parametrize(
    ("missing", "noted", "sentence"),
    [
        ({}, True, "The organisation has no follow-up."),
        ({"follow_ups": ""}, True, "The stream follow_ups was not selected."),
        ({"follow_ups": "follow_ups.view"}, True, "The key lacks the permission follow_ups.view"),
        ({"follow_ups": ""}, False, "it was not selected, or the key lacks its permission."),
    ],
)
def test_nothing_has_three_reasons(missing: dict[str, str], noted: bool, sentence: str) -> None:
    page = text(counted({}, Origin(READ.as_of, missing=missing, noted=noted)))
    assert sentence in page
    assert ("Follow-ups overdue" in page) == (not missing)
    assert "| Incidents | **0** started in the period | before: 0 |" in page


HOSTILE = "<script>alert(1)</script> | `a` [b](javascript:c)\n# d <b> @here & *e*"


def test_what_people_wrote_stays_text() -> None:
    tables = {"incident_metrics": [incident(1, name=HOSTILE, permalink="javascript:alert(1)", teams=HOSTILE)]}
    tables |= {"follow_up_metrics": [follow_up("f", 3, HOSTILE, title=HOSTILE, issue_permalink="https://x/|>) y")]}
    tables |= {"stg_pages": [page_of("u", datetime(2026, 5, 20, 23), HOSTILE)]}
    tables |= {"alert_metrics": [alert(HOSTILE, True, source=HOSTILE)]}
    made = pages(counted(tables), [])
    assert "<script>" not in "".join(made.values())
    assert "javascript:alert" not in "".join(made.values())
    assert not re.search(r"(src|href)=.?http(?!s://(app.incident.io|x/))|@import|url\(", made["report.html"])
    rows = [line for line in made["report.md"].splitlines() if "script" in line]
    assert len(rows) >= 4
    for line in rows:
        assert line.startswith("| ")
        assert not re.search(r"(?<!\\)[`*#@]|<(?!https://)", line.replace("**", ""))
    assert "@here" not in made["message.txt"]


def test_the_message_is_short() -> None:
    rows = [incident(n, "SEV1", None) for n in range(9)]
    lines = pages(of(*rows), ["Something is odd."])["message.txt"].splitlines()
    assert len(lines) <= 16
    assert "Warning: Something is odd." in lines
