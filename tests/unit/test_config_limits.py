"""Settings that are far too large, or almost a URL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_incident import config as configs
from tap_incident.errors import BadInput

ENVIRON = {"INCIDENT_API_KEY": "k"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_concurrency", "9" * 5000),
        ("request_timeout", "9" * 400 + ".0"),
        ("request_timeout", 10**10),
        ("requests_per_minute", 10**19),
        ("user_agent", "abc\n"),
        ("endpoint", "https://h?"),
        ("endpoint", "https://h#"),
        ("endpoint", "\x00https://h"),
        ("endpoint", "https://:secret@h"),
    ],
)
def test_setting_that_is_too_large_or_no_url_is_named(key: str, value: Any) -> None:
    with pytest.raises(BadInput, match=f"config: {key} must be"):
        configs.load(json.dumps({key: value}), ENVIRON)
