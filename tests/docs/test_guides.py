"""docs/getting-started.md and docs/guides/: a test runs the commands of each page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = [DOCS / "getting-started.md", *sorted((DOCS / "guides").glob("*.md"))]
RUN = ("sh", "crontab")
"""Languages whose blocks tests/e2e runs."""
SHOWN = ("bash", "yaml", "python", "")
"""Languages of examples, which are tested as files, and of what a command prints."""
NOT_RUN = {"docker.md": ("shell",), "warehouses.md": ("shell",)}
"""They would need a Docker daemon, and an account."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_page_are_run_by_a_test(page: Path) -> None:
    found = set(re.findall(r"^```(.*)\n(?s:.*?)^```$", page.read_text("utf-8"), re.MULTILINE))
    assert found <= {*RUN, *SHOWN, *NOT_RUN.get(page.name, ())}
    tests = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tests" / "e2e").glob("test_*.py"))
    if found & set(RUN):
        assert re.search(rf'= DOCS / .*"{page.name}"|commands\(DOCS / .*"{page.name}"\)', tests), page.name
