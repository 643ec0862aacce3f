"""Settings: valid and invalid values of each setting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident.config import load
from tap_incident.settings import SETTINGS
from tests.unit.test_config import KEY, PAYLOAD, error_for, from_files

GOOD_ENDPOINTS = [
    *("https://example.com:8443", "https://example.com/some/path", "https://[2001:db8::1]:8443"),
    *("http://LOCALHOST/path", "http://127.8.9.10", "http://[::1]:8080"),
]
BAD_ENDPOINTS = [
    *(PAYLOAD, "//example.com", "https://", "https:///path", "https://example.com:port", "https://example.com:70000"),
    *("http://example.com", "http://localhost.example.com", "http://128.0.0.1", "http://[::2]", "ftp://localhost"),
    *(f"https://{PAYLOAD}@example.com", f"https://{PAYLOAD}:word@example.com", "https://@example.com", "https://[::1"),
    *(f"https://example.com?q={PAYLOAD}", f"https://example.com#{PAYLOAD}", "https://example.com/a b"),
    *(" https://example.com", "https://example.com\n", "https://exam\tple.com"),
]
MODES = ("standard", "retrospective", "test", "tutorial")
GOOD: dict[str, list[tuple[Any, Any]]] = {
    "api_key": [("inc_!#~", "inc_!#~"), ("123", "123"), ("  k\n", "k")],
    "endpoint": [*((url, url) for url in GOOD_ENDPOINTS), ("https://example.com/path//", "https://example.com/path")],
    "streams": [
        (["users", "!x", "*"], ("users", "!x", "*")),
        ("users, !teams,", ("users", "!teams")),
        (' ["users"]', ("users",)),
    ],
    "incident_modes": [(["test"], ("test",)), ("test", ("test",)), ([*reversed(MODES)], MODES)],
    "child_strategy": [("list", "list"), ("per_incident", "per_incident"), ("auto", "list")],
    "schedule_window_days": [(1, 1), (365, 365), ("14", 14)],
    "replication_method": [("INCREMENTAL", "INCREMENTAL"), ("FULL_TABLE", "FULL_TABLE")],
    "start_date": [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 00:00:00", "2026-01-31T00:00:00Z"),
        ("2026-08-29T23:57:35.084443", "2026-08-29T23:57:35.084443Z"),
        ("2026-01-31T23:59:59.123456789+05:30", "2026-01-31T23:59:59.123456789+05:30"),
    ],
    "activate_version": [(True, True), ("true", True), (" False", False), ("yes", True), ("0", False)],
    "exclude_personal_data": [(False, False), ("true", True)],
    "max_concurrency": [(1, 1), (64, 64), (" 4 ", 4)],
    "requests_per_minute": [(1, 1), ("60", 60), (100_000, 100_000)],
    "request_timeout": [(0.5, 0.5), (10, 10.0), ("2.5", 2.5)],
    "user_agent": [("acme/1.0 (ops@example.com)", "acme/1.0 (ops@example.com)")],
}
BAD: dict[str, list[Any]] = {
    "api_key": [5, [], " ", f"{PAYLOAD} {PAYLOAD}", f"{PAYLOAD}\n1", "schlüssel"],
    "endpoint": [5, [], *BAD_ENDPOINTS],
    "replication_method": [5, "incremental", "LOG_BASED", ["INCREMENTAL"]],
    "start_date": [5, "2026-01", "31.01.2026", "2026-01-31T00:00", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+05:00"],
    "activate_version": [0, 1, 2.5, "maybe", "2", []],
    "exclude_personal_data": ["names", ["email"]],
    "streams": [[], {}, 5, [5], [""], ",", '["users"', "[5]", [["users"]]],
    "incident_modes": [[], 5, [PAYLOAD], PAYLOAD, "test,test", ["stream"], ["test", "test"], [None]],
    "child_strategy": [PAYLOAD, "LIST", [], 5],
    "schedule_window_days": [0, 366, 1.5, True, "0", "366", PAYLOAD, []],
    "max_concurrency": [0, 65, 1.5, True, "0", "65", "-1", "1.5", PAYLOAD, "1e1", []],
    "requests_per_minute": [0, -5, 2.5, True, "2.5", PAYLOAD, "1,200", []],
    "request_timeout": [0, -1, True, "0.0", "-1", PAYLOAD, "5s", []],
    "user_agent": ["a ", "a\r\nX: y", "bücher", "a\x7f", 5],
}


@pytest.mark.parametrize("key", SETTINGS["properties"])
def test_setting_accepts_valid_values_from_a_file_and_texts_from_its_variable(key: str) -> None:
    variable = f"TAP_INCIDENT_{key.upper()}"
    for value, kept in GOOD[key]:
        environs = [{variable: value}] if isinstance(value, str) else []
        for config in (from_files(("conf.json", {key: value})), *(from_files(**environ) for environ in environs)):
            found = getattr(config, key)
            assert (found, type(found)) == (kept, type(kept))
    assert load([], {"INCIDENT_API_KEY": "k", variable: ""}) == load([], KEY)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_setting_rejects_invalid_values_without_showing_them(key: str, value: Any) -> None:
    error = error_for(json.dumps({"api_key": "k", key: value}))
    must = f"conf.json: {key} must be {SETTINGS['properties'][key]['accepts']}"
    assert error == must or (key == "api_key" and error.startswith(f"{must}, but "))
    assert PAYLOAD not in error


ODD_KEYS = {
    '"inc_key"': "there are quotation marks around it (docker --env-file",
    "'inc_key'": "there are quotation marks",
    "inc_\u200bkey": "character 5 of 8 is U+200B (ZERO WIDTH SPACE)",
    "inc key": "character 4 of 7 is U+0020 (SPACE)",
    "inc\x07key": "character 4 of 7 is U+0007 (a control character)",
}


@pytest.mark.parametrize("key", ODD_KEYS)
def test_key_with_odd_characters_is_refused_with_their_name(key: str) -> None:
    error = error_for(json.dumps({"api_key": key}))
    assert error.startswith(f"conf.json: api_key must be text without spaces, but {ODD_KEYS[key]}")
    assert "inc" not in error
