"""Words that make the documents hard to read do not come back, nor do sentences that are too long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "AGENTS.md", "models/README.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
INSTEAD = {
    r"\btold\b": "log, report",
    r"\bspeaks? for\b": "cover",
    r"\balone\b": "only",
    r"\bbut for\b": "except",
    r"\b(a|one|many|\d+) requests? an? \w+": "a request per ...",
    r"\brequests? for (each|every)\b": "a request per ...",
    r"\b(this|that|those) (that|of)\b": "name it",
    r"\bso many\b": "say the number",
    r"\b(as|exactly) (much|far|long) as\b": "while, if, until",
    r"\b(goes|go|going|gone) (on|round)\b": "continue, resume",
    r"\bha(s|ve) (all )?gone\b": "was deleted",
    r"\bis no (JSON|text|object|list)\b": "is not",
    r"\bcan be none\b": "there may be none",
    r"\bby hand\b": "manually",
    r"\bof (its|their|your|our) own\b": "its own ...",
    r"\b(written|writes|read|reads|make|made) anew\b": "again",
    r"\ball the same\b": "still, or leave it out",
    r"\bfaults? that (can |may )?pass(es)?\b": "a temporary error",
    r"\bpass(es|ed)? over\b": "ignore, skip",
    r"\bin the place of\b": "instead of",
    r"\bthe (run|try|one) before\b": "the last run",
    r"\bunder way\b": "running, in flight",
    r"\b(lead|leads|led) to (nothing|it|there)\b": "join, have a row",
    r"\bwhatever\b": "say which ones: any, every",
    r"\b(asks?|asked|asking) (once )?for\b": "request",
    r"\b(was|is|are|were) out\b": "complete, written",
    r"\bmis(spelt|typed)\b": "has a typing mistake",
    r"\bin words\b": "say what the message has",
    r"\bno obstacle\b": "this is safe",
    r"(^|[.:;] )What [^.?]*\.": "a subject, then a verb",
    r"(^|[.;] )(Of|Behind|Below|Besides?) [^,.]*, ": "a subject, then a verb",
}
"""What to write instead of a pattern."""
MOST_WORDS = 35
"""Words in one sentence. Code counts as one word, and so does a list of code."""


def prose(path: Path) -> str:
    """The text of a document without its code and the addresses of its links. Each paragraph is one line."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "`code`", text))
    return re.sub(r"(?<!\n)\n(?! *- | *\d+\. |[\n#|<])\s*(?=\S)", " ", text)


def bits(path: Path) -> list[str]:
    """The sentences of a document, also those in the cells of its tables."""
    lines = (line.strip(" -").split("|") for line in prose(path).splitlines() if not line.startswith("#"))
    found = (re.split(r"(?<=[.:;!?]) (?=\S)", cell.strip(" -*")) for cells in lines for cell in cells)
    return [sentence for sentences in found for sentence in sentences if sentence]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_is_in_plain_words(path: Path) -> None:
    found = [
        f"{line.strip()[max(0, match.start() - 40) : match.end() + 40]} ({instead})"
        for pattern, instead in INSTEAD.items()
        for line in prose(path).splitlines()
        if (match := re.search(pattern, line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_has_no_long_sentence(path: Path) -> None:
    found = [each for each in bits(path) if len(re.sub(r"`code`(, `code`)*", "code", each).split()) > MOST_WORDS]
    assert not found, "\n".join(found)


def test_a_word_of_the_list_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\nalone\n```\nThe key alone, `alone`.\n")
    assert len(re.findall(r"\balone\b", prose(page))) == 1


def test_a_pattern_across_two_lines_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A title\n\n- It waits exactly as\n  long as needed.\n- It ends.\n\n| a | b |\n")
    assert prose(page).splitlines() == [
        "# A title",
        "",
        "- It waits exactly as long as needed.",
        "- It ends.",
        "",
        "| a | b |",
    ]
    assert bits(page) == ["It waits exactly as long as needed.", "It ends.", "a", "b"]
