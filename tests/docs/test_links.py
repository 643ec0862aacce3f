"""Links of the documents: each file and each heading that one names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

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


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    text = re.sub(BLOCK, "", text, flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    times: Counter[str] = Counter()
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found.add(f"{anchor}-{times[anchor]}" if times[anchor] else anchor)
        times[anchor] += 1
    return found


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
