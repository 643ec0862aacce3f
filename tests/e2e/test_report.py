"""`make report` on the sample organisation, opened in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from tests.fake_api.making import instant
from tests.support.runs import Json

from .dbt import Layout
from .loaders import ended, output
from .pages import copied, with_dbt

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTH = 400


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, made in a copy of the checkout that has only `make run` behind it."""
    folder = copied(tmp_path_factory.mktemp("report") / "checkout")
    with_dbt(folder)
    made(folder, {}, "run", "report")
    return folder / "output" / "report.html"


def made(folder: Path, variables: Mapping[str, str], *words: str) -> None:
    """Run make there."""
    output("make", *words, cwd=folder, env={**os.environ, **variables})


def months(report: Path) -> Counter[str]:
    """The incidents of each month, as the report counts them."""
    return Counter({row[0][:7]: int(row[-1]) for row in figures(report, "Incidents by month")})


def figures(report: Path, section: str) -> list[list[str]]:
    """The rows of a table of report.md."""
    _, _, found = report.with_suffix(".md").read_text("utf-8").partition(f"## {section}\n")
    rows = [line.strip("| ").split(" | ") for line in found.split("\n## ")[0].splitlines() if line.startswith("| ")]
    return rows[2:]


def counted(folder: Path, zone: timezone = timezone.utc) -> Counter[str]:
    """Incidents that count, by their month, straight from the rows."""
    found: Counter[str] = Counter()
    for line in (folder / "incidents.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        stamps = {each["incident_timestamp"]["name"]: each["value"] for each in row["incident_timestamp_values"]}
        start = instant((stamps["Reported at"] or {"value": row["created_at"]})["value"])[0].astimezone(zone)
        if row["incident_status"]["category"] not in ("declined", "merged", "canceled"):
            found[f"{start:%Y-%m}"] += 1
    return found


@pytest.mark.smoke
def test_report_says_that_it_is_a_sample_and_needs_no_network(report: Path) -> None:
    text = report.read_text("utf-8")
    assert "SAMPLE DATA" in text
    assert not re.search(r"""(src|href)=["']?https?:(?!//[a-z-]+\.example\.com/)""", text)
    assert len(text) < 100_000


def test_report_counts_the_incidents_of_the_rows(report: Path) -> None:
    assert months(report) == counted(report.parent)
    assert len(figures(report, "Alerts that became incidents")) > 2
    assert len(figures(report, "Who is interrupted at night")) > 5


def test_report_opens_in_a_narrow_browser_without_an_error(report: Path, tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    page, frame = tmp_path / "page.html", tmp_path / "frame.html"
    # Says after the page was drawn what can't be seen from outside. Headless Chromium has no window below 500 pixels.
    probe = "parent.document.title = [document.documentElement.scrollWidth, document.querySelectorAll('.bar i').length]"
    page.write_text(report.read_text("utf-8").replace("</body>", f"<script>{probe}</script></body>"))
    frame.write_text(f'<iframe src="{page.as_uri()}" style="width: {WIDTH}px; height: 1000px; border: 0"></iframe>')
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    command += ["--allow-file-access-from-files", "--window-size=1400,2000", frame.as_uri()]
    done = ended(*command)
    assert "CONSOLE" not in done.stderr
    [(width, bars)] = re.findall(r"<title>(\d+),(\d+)</title>", done.stdout)
    assert int(width) <= WIDTH
    assert int(bars) > 50


def test_report_counts_days_by_the_clocks_of_the_reader(report: Path) -> None:
    made(report.parents[1], {}, "report", "TZ=Etc/GMT+12", "PERIOD=28d", "BY=Affected service: Owner", "NAMES=no")
    assert months(report) == counted(report.parent, timezone(timedelta(hours=-12)))
    assert "Checkout" in {row[0] for row in figures(report, "Incidents by Affected service: Owner")}
    assert re.search(r"\| person \d+", report.with_suffix(".md").read_text("utf-8"))


def test_report_of_what_a_loader_stored(report: Path, layout: Layout, marts: Mapping[str, list[Json]]) -> None:
    if layout.target == "files":
        pytest.skip("make run writes files")
    database = layout.environ.get("INCIDENT_DUCKDB", "postgres")
    made(report.parents[1], layout.environ, "report", f"DB={database}")
    incidents = marts["incident_metrics"]
    assert months(report) == Counter(row["month"][:7] for row in incidents if row["is_counted"])
    still_open = sum(row["is_open"] for row in incidents)
    assert f"| Open now | **{still_open}**" in report.with_suffix(".md").read_text("utf-8")
