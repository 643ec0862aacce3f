"""What becomes of a log line: masked, printable, short."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest
import singer

from tap_incident.logs import LONGEST_LINE, clean_logs, masked, printable, shortened

KEYS = ["inc_live_0123456789", '0"k\\e/y+&=%~<>;,{}$(x)']
LOGGER = logging.getLogger("tests.logs")


def in_go(key: str) -> str:
    """The key in JSON as a Go server writes it."""
    return "".join(f"\\u{ord(char):04x}" if char in "<>&" else json.dumps(char)[1:-1] for char in key)


@pytest.mark.parametrize("key", KEYS)
def test_masked_secret_in_each_form(key: str) -> None:
    forms = [key, json.dumps(key)[1:-1], json.dumps(json.dumps(key)[1:-1])[1:-1], repr(key)[1:-1], in_go(key)]
    forms += [quote(key), quote(key, safe=""), quote(key, safe="").lower(), quote(quote(key, safe=""), safe="")]
    for form in forms:
        assert masked(f"Bearer {form}, then {form}{form}.", key) == "Bearer ***, then ******."


@pytest.mark.parametrize(("secret", "expected"), [("GET", "*** GETS a"), ("", "GET GETS a"), ("a", "GET GETS ***")])
def test_masked_short_secret_only_as_a_word(secret: str, expected: str) -> None:
    assert masked("GET GETS a", secret) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Größe 数据 🚒 %s {}", "Größe 数据 🚒 %s {}"),
        ("\x1b[2J\a\x00\x7f", "\\x1b[2J\\x07\\x00\\x7f"),
        ("\x9b31m\x85", "\\x9b31m\\x85"),
        ("a\nCRITICAL b\r\u2028\u2029", "a\\nCRITICAL b\\r\\u2028\\u2029"),
        ("\u202eabc\u2066\u200e\u061c\ufeff", "\\u202eabc\\u2066\\u200e\\u061c\\ufeff"),
        ("\ud800x\U000e0041", "\\ud800x\\U000e0041"),
    ],
)
def test_printable_escapes_control_characters(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_shortened_text_lacks_its_middle() -> None:
    assert shortened("a" * 60 + "b" * 60 + "c" * 20, 100) == (
        "a" * 60 + "b" * 15 + " ... (40 characters left out) ... " + "b" * 5 + "c" * 20
    )
    assert shortened("a" * 100, 100) == "a" * 100


def test_log_is_clean_whichever_handlers_are_set(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with clean_logs() as secrets:
        secrets.append(KEYS[0])
        # It sets the handlers and filters of the root logger anew.
        singer.get_logger()
        logging.getLogger().addHandler(caplog.handler)
        LOGGER.info("name %s, %d%%", f"\x1b{KEYS[0]}", 5)
        LOGGER.warning("x" * 100_000 + " the end")
        LOGGER.info("%d", "a mistake in a library")
    LOGGER.info("\x1bas before")
    texts = [record.getMessage() for record in caplog.records if record.name == LOGGER.name]
    assert texts[0] == "name \\x1b***, 5%"
    assert len(texts[1]) < LONGEST_LINE + 100
    assert texts[1].endswith(" the end")
    assert texts[2] == "%d ('a mistake in a library',)"
    assert texts[3] == "\x1bas before"


def test_log_of_a_traceback_is_masked_and_indented(caplog: pytest.LogCaptureFixture) -> None:
    with clean_logs() as secrets:
        secrets.append(KEYS[0])
        try:
            raise RuntimeError(f"\x1b[2J {KEYS[0]}\nCRITICAL forged" + "\nline" * 1000)
        except RuntimeError:
            LOGGER.exception("Unexpected:")
    text = caplog.text.rstrip("\n")
    assert KEYS[0] not in text
    assert "\x1b" not in text
    first, *others = text.split("\n")
    assert "Unexpected:" in first
    assert all(line.startswith("  ") for line in others)
    assert len(others) == 200
