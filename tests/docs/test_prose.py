"""Words that make the documents hard to read do not come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "AGENTS.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
INSTEAD = {
    r"\btold\b": "log, report",
    r"\bspeaks? for\b": "cover",
    r"\balone\b": "only",
    r"\bbut for\b": "except",
    r"\ba request an? \w+": "a request per ...",
    r"\bthose that\b": "name it",
    r"\bso many\b": "say the number",
    r"\bas long as\b": "while, if",
    r"\b(goes|go|going|gone) on\b": "continue, resume",
    r"\bhas gone\b": "was deleted",
    r"\bis no (JSON|text|object|list)\b": "is not",
    r"\bcan be none\b": "there may be none",
}


def prose(path: Path) -> str:
    """The text of a document without its code."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`", "`code`", text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_is_in_plain_words(path: Path) -> None:
    found = [
        f"{line.strip()[:90]} ({instead})"
        for pattern, instead in INSTEAD.items()
        for line in prose(path).splitlines()
        if re.search(pattern, line)
    ]
    assert not found, "\n".join(found)


def test_a_word_of_the_list_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\nalone\n```\nThe key alone, `alone`.\n")
    assert len(re.findall(r"\balone\b", prose(page))) == 1
