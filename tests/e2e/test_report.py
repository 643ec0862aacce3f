"""`make report` on the sample organisation, opened in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from tests.fake_api import Organisation
from tests.fake_api.making import instant
from tests.support.paths import REPOSITORY

from .answers import incident_metrics
from .dbt import Layout

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, made in a copy of the checkout that has only `make run` behind it."""
    folder = tmp_path_factory.mktemp("report") / "checkout"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "output", "target", "logs", "*.egg-info", "__pycache__")
    shutil.copytree(REPOSITORY, folder, ignore=ignored)
    for name in (".venv", ".dbt"):
        if (REPOSITORY / name).exists():
            (folder / name).symlink_to(REPOSITORY / name)
    made(folder, {}, "run", "report")
    return folder / "output" / "report.html"


def made(folder: Path, variables: Mapping[str, str], *words: str) -> None:
    """Run make there."""
    command = [shutil.which("make") or "make", *words]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def figures(text: str, section: str) -> list[list[str]]:
    """The rows of a table of report.md."""
    _, _, found = text.partition(f"## {section}\n")
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
    text = report.with_suffix(".md").read_text("utf-8")
    months = {row[0][:7]: int(row[-1]) for row in figures(text, "Incidents by month")}
    assert months == counted(report.parent)
    assert len(figures(text, "Alerts that became incidents")) > 2
    assert len(figures(text, "Who is interrupted at night")) > 5


@pytest.mark.parametrize("width", [1280, 400])
def test_report_opens_in_a_browser_without_an_error(report: Path, width: int, tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    page, frame = tmp_path / "page.html", tmp_path / "frame.html"
    # Says after the page was drawn what can't be seen from outside. Headless Chromium has no window below 500 pixels.
    probe = "parent.document.title = [document.documentElement.scrollWidth, document.querySelectorAll('.bar i').length]"
    page.write_text(report.read_text("utf-8").replace("</body>", f"<script>{probe}</script></body>"))
    frame.write_text(f'<iframe src="{page.as_uri()}" style="width: {width}px; height: 1000px; border: 0"></iframe>')
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    command += ["--allow-file-access-from-files", "--window-size=1400,2000", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    found = re.search(r"<title>(\d+),(\d+)</title>", done.stdout)
    assert found
    assert int(found[1]) <= width
    assert int(found[2]) > 50


def test_report_counts_days_by_the_clocks_of_the_reader(report: Path) -> None:
    made(report.parents[1], {}, "report", "TZ=Etc/GMT+12", "PERIOD=28d", "BY=Affected service: Owner", "NAMES=no")
    text = report.with_suffix(".md").read_text("utf-8")
    months = {row[0][:7]: int(row[-1]) for row in figures(text, "Incidents by month")}
    assert months == counted(report.parent, timezone(timedelta(hours=-12)))
    assert "- Time zone: Etc/GMT\\+12" in text
    assert "## Incidents by Affected service: Owner" in text
    assert "Checkout" in {row[0] for row in figures(text, "Incidents by Affected service: Owner")}
    assert re.search(r"\| person \d+", text)


def test_report_of_the_files_of_several_runs(report: Path, tmp_path: Path) -> None:
    for run in ("20260101T000000", "20260102T000000"):
        for file in report.parent.glob("*.jsonl"):
            shutil.copy(file, tmp_path / f"{file.stem}-{run}.jsonl")
    made(report.parents[1], {}, "report", f"DB={tmp_path}")
    text = report.with_suffix(".md").read_text("utf-8")
    assert {row[0][:7]: int(row[-1]) for row in figures(text, "Incidents by month")} == counted(report.parent)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["DB=nothing.duckdb"], "there is no such file"),
        (["TEAM=Nobody"], "there are: Checkout, Mobile"),
        (["PERIOD=year"], "PERIOD=year: week, month"),
    ],
)
def test_report_says_what_it_cannot_do(report: Path, words: list[str], said: str) -> None:
    command = [shutil.which("make") or "make", "report", *words]
    done = subprocess.run(command, cwd=report.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_report_of_what_a_loader_stored(report: Path, layout: Layout, sample: Organisation) -> None:
    if layout.target == "files":
        pytest.skip("make run writes files")
    database = layout.environ.get("INCIDENT_DUCKDB", "postgres")
    made(report.parents[1], layout.environ, "report", f"DB={database}")
    text = report.with_suffix(".md").read_text("utf-8")
    months = Counter(row["month"][:7] for row in incident_metrics(sample) if row["is_counted"])
    assert {row[0][:7]: int(row[-1]) for row in figures(text, "Incidents by month")} == months
    still_open = sum(row["is_open"] for row in incident_metrics(sample))
    assert re.search(rf"\| Open now \| \*\*{still_open}\*\*", text)
    assert len(figures(text, "Alerts that became incidents")) == 4
