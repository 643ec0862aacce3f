r"""Characters that databases refuse: NUL and halves of surrogate pairs. `\ud83d` as six letters is not one of them."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.protocol.messages import Writer

REFUSED = re.compile("[\ud800-\udfff\x00]")
PIECES = ["\ud83d", "\udc69", "\x00", "👩", "한", "\\", "ud83d", "\\udc69", "u0000", '"', "\n", "x", "\ud7ff", "\ue000"]


def written(value: Any) -> Any:
    """The value as a reader of the RECORD message gets it."""
    out = io.StringIO()
    Writer(out).record("users", {"id": "U1", "value": value})
    return json.loads(out.getvalue())["record"]["value"]


def joined(text: str) -> str:
    """The text with two halves that meet as one character, as each reader of JSON takes them."""
    return str(json.loads(json.dumps(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("\ud83d\ud83d\udc69\udc69", "\ufffd👩\ufffd"),
        ("\\ud83d\udc69", "\\ud83d\ufffd"),
        ("\ud83d\\udc69", "\ufffd\\udc69"),
        ("\x00\\\x00", "\ufffd\\\ufffd"),
        ("\\u0000 \\\\u0000 \\ud800", "\\u0000 \\\\u0000 \\ud800"),
        ("👩‍🚒 한국어 \ud7ff\ue000", "👩‍🚒 한국어 \ud7ff\ue000"),
    ],
)
def test_text_with_characters_that_databases_refuse_is_replaced(text: str, expected: str) -> None:
    assert written(text) == expected
    assert written({text: [{"a": text}]}) == {expected: [{"a": expected}]}


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(st.characters()))
def test_text_of_any_kind_is_replaced_character_by_character(text: str) -> None:
    assert written(text) == REFUSED.sub("\ufffd", joined(text))


def test_text_replacement_is_one_warning_per_stream(caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(io.StringIO())
    for name in ("users", "teams", "users"):
        writer.record(name, {"id": "\ud800"})
    writer.record("alerts", {"id": "\\ud800 \\u0000 👩"})
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [text.split(":")[0] for text in warned] == ["users", "teams"]
    assert all("U+FFFD" in text for text in warned)


def test_state_keeps_its_cursor_unchanged() -> None:
    out = io.StringIO()
    Writer(out).state({"bookmarks": {"users": {"after": "\ud800\x00"}}})
    assert json.loads(out.getvalue())["value"] == {"bookmarks": {"users": {"after": "\ud800\x00"}}}
