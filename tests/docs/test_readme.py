"""The documents: their tables come from the code, and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tap_incident.settings import VERSION
from tests.support.paths import REPOSITORY
from tools.docs import FILES, new_text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_made_from_the_code_is_up_to_date(file: Path) -> None:
    assert file.read_text("utf-8") == new_text(file), "run make docs"


def test_changelog_has_this_version_with_a_date() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(VERSION)} - 20\d\d-\d\d-\d\d$", text, re.MULTILINE)


def test_reliability_page_names_only_tests_that_exist() -> None:
    files = (REPOSITORY / "tests").rglob("test_*.py")
    there = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}
    text = (REPOSITORY / "docs" / "reliability.md").read_text("utf-8")
    faults = re.findall(r"^- \*\*.*(?:\n  .*)*", text, re.MULTILINE)
    assert faults
    assert text.count("\n- ") == len(faults)
    for fault in faults:
        assert set(re.findall(r"`(test_\w+)`", fault)) <= there, fault
