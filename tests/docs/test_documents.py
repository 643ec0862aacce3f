"""The documents: their links, their tables that come from the code, and the tests that they name or need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tap_incident.settings import VERSION
from tests.support.paths import REPOSITORY
from tools.docs import DOCS, FILES, new_text

DOCUMENTS = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "models" / "README.md",
]
SOURCES = [
    *(REPOSITORY / name for name in ("Dockerfile", "Makefile", "setup.py", ".ci/run")),
    *(path for folder in ("tap_incident", "tools", "examples", "models") for path in (REPOSITORY / folder).rglob("*")),
]
"""Files that are no documents and name some."""
TEXTS = ("", ".py", ".sql", ".yml", ".sh", ".md", ".toml")
BLOCK = "^```.*?^```$"
PAGES = [DOCS / "getting-started.md", *sorted((DOCS / "guides").glob("*.md"))]
RUN = ("sh", "crontab")
"""Languages whose blocks tests/e2e runs."""
SHOWN = ("bash", "yaml", "python", "")
"""Languages of examples, which are tested as files, and of what a command prints."""
NOT_RUN = {"csv.md": ("shell",), "docker.md": ("shell",), "warehouses.md": ("shell",)}
"""They would need Python 3.9, a Docker daemon, and an account."""


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    text = re.sub(BLOCK, "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)
    shown = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in shown}


def dead(document: Path) -> list[str]:
    """The links of a document that lead nowhere."""
    found = []
    text = re.sub(rf"{BLOCK}|`[^`\n]*`", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            found.append(target)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    assert dead(document) == []


def test_documents_that_other_files_name_are_there() -> None:
    found = {
        (path.name, name)
        for path in SOURCES
        # What dbt makes of the models names its own documents.
        if path.is_file() and path.suffix in TEXTS and "target" not in path.parts
        for name in re.findall(r"\bdocs/[\w/-]+\.(?:md|sql|png)\b", path.read_text("utf-8"))
    }
    assert [(file, name) for file, name in sorted(found) if not (REPOSITORY / name).exists()] == []


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_page_are_run_by_a_test(page: Path) -> None:
    found = set(re.findall(r"^```(.*)\n(?s:.*?)^```$", page.read_text("utf-8"), re.MULTILINE))
    assert found <= {*RUN, *SHOWN, *NOT_RUN.get(page.name, ())}
    tests = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tests" / "e2e").glob("test_*.py"))
    if found & set(RUN):
        assert re.search(rf'= DOCS / .*"{page.name}"|commands\(DOCS / .*"{page.name}"\)', tests), page.name
