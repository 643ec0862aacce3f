"""Settings: valid and invalid values of each setting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.config import load
from tap_incident.errors import BadInput
from tap_incident.settings import SETTINGS
from tests.support.runs import KEY
from tests.unit.test_config import PAYLOAD, error_for, load_settings

GOOD_ENDPOINTS = [
    "https://api.incident.io",
    "https://example.com:8443",
    "https://example.com/some/path",
    "https://[2001:db8::1]:8443",
    "http://localhost:8080",
    "http://LOCALHOST/path",
    "http://127.0.0.1:8080",
    "http://127.8.9.10",
    "http://[::1]:8080",
]
BAD_ENDPOINTS = [
    PAYLOAD,
    "example.com",
    "//example.com",
    "/v2",
    "https://",
    "https:///path",
    "http://example.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://128.0.0.1",
    "http://[::2]",
    "http://0.0.0.0",
    "ftp://localhost",
    f"https://{PAYLOAD}@example.com",
    f"https://{PAYLOAD}:word@example.com",
    "https://@example.com",
    "https://:@example.com",
    "https://localhost@example.com",
    f"https://example.com?q={PAYLOAD}",
    f"https://example.com#{PAYLOAD}",
    "https://example.com/a b",
    " https://example.com",
    "https://example.com\n",
    "https://exam\tple.com",
    "https://example.com:port",
    "https://example.com:70000",
    "https://[::1",
]
GOOD: list[tuple[str, Any, Any]] = [
    ("api_key", "k", "k"),
    ("api_key", "inc_!#~", "inc_!#~"),
    ("api_key", "123", "123"),
    ("api_key", "  k\n", "k"),
    *(("endpoint", url, url) for url in GOOD_ENDPOINTS),
    ("endpoint", "https://example.com/", "https://example.com"),
    ("endpoint", "https://example.com/path//", "https://example.com/path"),
    ("streams", ["users", "!x", "*"], ("users", "!x", "*")),
    ("streams", "users, !teams,", ("users", "!teams")),
    ("streams", ' ["users"]', ("users",)),
    ("incident_modes", ["test"], ("test",)),
    ("incident_modes", "test", ("test",)),
    ("incident_modes", '["test"]', ("test",)),
    (
        "incident_modes",
        ["tutorial", "test", "retrospective", "standard"],
        ("standard", "retrospective", "test", "tutorial"),
    ),
    ("child_strategy", "list", "list"),
    ("child_strategy", "per_incident", "per_incident"),
    ("child_strategy", "auto", "list"),
    *(("schedule_window_days", value, int(value)) for value in (1, 365, "14")),
    ("replication_method", "INCREMENTAL", "INCREMENTAL"),
    ("replication_method", "FULL_TABLE", "FULL_TABLE"),
    ("start_date", "2026-01-31", "2026-01-31T00:00:00Z"),
    ("start_date", "2026-01-31T00:00:00", "2026-01-31T00:00:00Z"),
    ("start_date", "2026-01-31 00:00:00", "2026-01-31T00:00:00Z"),
    ("start_date", "2026-08-29T23:57:35.084443", "2026-08-29T23:57:35.084443Z"),
    *(("start_date", at, at) for at in ("2026-01-31T00:00:00Z", "2026-01-31T23:59:59.123456789+05:30")),
    *(
        (name, given, kept)
        for name in ("activate_version", "exclude_personal_data")
        for given, kept in (
            (True, True),
            (False, False),
            ("true", True),
            (" False", False),
            ("yes", True),
            ("0", False),
        )
    ),
    ("max_concurrency", 1, 1),
    ("max_concurrency", 64, 64),
    ("max_concurrency", "32", 32),
    ("max_concurrency", " 4 ", 4),
    ("requests_per_minute", 1, 1),
    ("requests_per_minute", "60", 60),
    ("requests_per_minute", 100_000, 100_000),
    ("request_timeout", 0.5, 0.5),
    ("request_timeout", 10, 10.0),
    ("request_timeout", "10", 10.0),
    ("request_timeout", "2.5", 2.5),
    ("user_agent", "me", "me"),
    ("user_agent", "acme/1.0 (ops@example.com)", "acme/1.0 (ops@example.com)"),
]
BAD: dict[str, list[Any]] = {
    "api_key": [5, True, [], {}, " ", f"{PAYLOAD} {PAYLOAD}", f"{PAYLOAD}\n1", "schlüssel"],
    "endpoint": [5, [], {}, *BAD_ENDPOINTS],
    "replication_method": [5, "incremental", "LOG_BASED", ["INCREMENTAL"]],
    "start_date": [
        5,
        "2026-01",
        "31.01.2026",
        "2026-01-31T00:00",
        "2026-02-30",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
    ],
    "activate_version": [0, 1, 2.5, "maybe", "2", [], {}],
    "exclude_personal_data": [0, 1, "names", ["email"], {}],
    "streams": [[], {}, 5, True, [5], [""], ",", "[", '["users"', "[5]", [["users"]]],
    "incident_modes": [[], {}, 5, [PAYLOAD], PAYLOAD, "test,test", ["stream"], ["test", "test"], [None]],
    "child_strategy": [PAYLOAD, "LIST", [], 5],
    "schedule_window_days": [0, -14, 366, 1.5, True, "0", "366", "1.5", PAYLOAD, []],
    "max_concurrency": [0, -1, 65, 1.5, True, "0", "65", "-1", "1.5", PAYLOAD, "1e1", []],
    "requests_per_minute": [0, -5, 2.5, True, "0", "2.5", PAYLOAD, "1,200", []],
    "request_timeout": [0, -1, 0.0, True, "0", "0.0", "-1", PAYLOAD, "5s", [], {}],
    "user_agent": [" ", "a ", " a", "a\nb", "a\r\nX: y", "bücher", "a\x7f", 5, []],
}


@pytest.mark.parametrize(("key", "value", "kept"), GOOD)
def test_setting_accepts_valid_values(key: str, value: Any, kept: Any) -> None:
    found = getattr(load_settings(**{"api_key": KEY, key: value}), key)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_setting_rejects_invalid_values_without_showing_them(key: str, value: Any) -> None:
    error = error_for(json.dumps({"api_key": KEY, key: value}))
    must = f"conf.json: {key} must be {SETTINGS['properties'][key]['accepts']}"
    assert error == must or (key == "api_key" and error.startswith(f"{must}, but "))
    assert PAYLOAD not in error


ODD_KEYS = {
    '"inc_key"': "quotation marks around it (docker --env-file",
    "'inc_key'": "quotation marks",
    "inc_\u200bkey": "character 5 of 8 is U+200B (ZERO WIDTH SPACE)",
    "\ufeffinc_key": "character 1 of 8 is U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
    "inc key": "character 4 of 7 is U+0020 (SPACE)",
    "inc\x07key": "character 4 of 7 is U+0007 (a control character)",
}


@pytest.mark.parametrize("key", ODD_KEYS)
def test_key_with_odd_characters_is_refused_with_their_name(key: str) -> None:
    error = error_for(None, {"INCIDENT_API_KEY": key})
    assert error.startswith("INCIDENT_API_KEY in the environment must be text without spaces, but ")
    assert ODD_KEYS[key] in error
    assert "inc" not in error.removeprefix("INCIDENT_API_KEY")


@pytest.mark.parametrize("key", SETTINGS["properties"])
def test_setting_is_described_and_tested_here(key: str) -> None:
    assert key in {name for name, *_ in GOOD}
    assert key in BAD
    assert SETTINGS["properties"][key]["accepts"]
    assert SETTINGS["properties"][key]["description"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
OFTEN_RIGHT = {name: ANYTHING | st.sampled_from([value for key, value, _ in GOOD if key == name]) for name, *_ in GOOD}
FILES = st.fixed_dictionaries({}, optional=OFTEN_RIGHT).map(json.dumps)


@given(st.text() | ANYTHING.map(json.dumps) | FILES)
def test_config_of_any_text_is_valid_or_bad_input(text: str) -> None:
    try:
        config = load(text, {}, source="conf.json")
    except BadInput as error:
        assert str(error).startswith("conf.json: ")
        assert "\n" not in str(error)
    else:
        assert 1 <= config.max_concurrency <= 64
        assert config.api_key
