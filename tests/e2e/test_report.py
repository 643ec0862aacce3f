"""`make report` on the sample organisation, opened in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

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


@pytest.mark.smoke
def test_report_has_its_charts_and_needs_no_network(report: Path) -> None:
    text = report.read_text("utf-8")
    assert text.count("<svg") == 5
    assert "incident_alerts, which is not selected by default, was not loaded" in text
    assert not re.search(r"""(src|href)=["']?https?:""", text)
    assert len(text) < 500_000


def test_report_in_markdown_counts_the_same_incidents(report: Path) -> None:
    text = report.with_suffix(".md").read_text("utf-8")
    months = re.findall(r"^\| 20\d\d-\d\d \|.* (\d+) \|$", text, re.MULTILINE)
    assert "12 of 200 incidents are left out" in text
    assert sum(map(int, months)) == 188


@pytest.mark.parametrize("width", [1280, 400])
def test_report_opens_in_a_browser_without_an_error(report: Path, width: int, tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    page = tmp_path / "page.html"
    # Says after the page was drawn what can't be seen from outside.
    probe = "document.title = [document.documentElement.scrollWidth, document.querySelectorAll('svg path').length]"
    page.write_text(report.read_text("utf-8").replace("</body>", f"<script>{probe}</script></body>"))
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    command += [f"--window-size={width},2000", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    found = re.search(r"<title>(\d+),(\d+)</title>", done.stdout)
    assert found
    # Headless Chromium has no window below 500 pixels.
    assert int(found[1]) <= max(width, 500)
    assert int(found[2]) > 100


def test_report_of_what_a_loader_stored(report: Path, layout: Layout) -> None:
    if layout.target == "files":
        pytest.skip("make run writes files")
    database = layout.environ.get("INCIDENT_DUCKDB", "postgres")
    made(report.parents[1], layout.environ, "report", f"DB={database}")
    text = report.read_text("utf-8")
    # The loaders also stored the links between alerts and incidents.
    assert text.count("<svg") == 6
    assert "12 of 200 incidents are left out" in text
