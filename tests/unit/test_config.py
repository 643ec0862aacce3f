"""Settings: the file, the environment, the defaults, and how errors are reported."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest

from tap_incident.config import Config, load
from tap_incident.errors import BadInput
from tap_incident.settings import SETTINGS, VERSION
from tests.support.runs import KEY

PAYLOAD = "sesame"


def load_settings(environ: dict[str, str] | None = None, **settings: Any) -> Config:
    """The configuration from a file with these settings."""
    return load(json.dumps(settings), environ or {}, source="conf.json")


def error_for(text: str | None, environ: dict[str, str] | None = None) -> str:
    """The text of the error that a config file causes."""
    with pytest.raises(BadInput) as caught:
        load(text, environ or {}, source="conf.json")
    return str(caught.value)


def test_settings_have_defaults_except_the_api_key() -> None:
    assert load_settings(api_key=KEY) == Config(
        api_key=KEY,
        endpoint="https://api.incident.io",
        streams=(),
        exclude_personal_data=False,
        incident_modes=("standard", "retrospective"),
        child_strategy="list",
        schedule_window_days=14,
        replication_method="FULL_TABLE",
        start_date=None,
        activate_version=False,
        max_concurrency=32,
        requests_per_minute=None,
        request_timeout=300.0,
        user_agent=f"tap-incident/{VERSION}",
    )


def test_settings_errors_are_each_logged_and_counted_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    error = error_for(json.dumps({key: [None] for key in SETTINGS["properties"]}))
    assert error == f"conf.json: {len(SETTINGS['properties'])} settings can't be used (see above)"
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert [message.split(" ")[1] for message in caplog.messages] == list(SETTINGS["properties"])
    caplog.clear()
    error_for(json.dumps({"endpoint": "http://example.com", "max_concurrency": 99}))
    assert [message.split(" ")[1] for message in caplog.messages] == ["api_key", "endpoint", "max_concurrency"]


def test_environment_comes_after_the_file_and_before_the_default() -> None:
    environ = {"INCIDENT_API_KEY": "from-env", "INCIDENT_ENDPOINT": "https://env.example.com"}
    assert load(None, environ).api_key == "from-env"
    assert load("{}", environ).endpoint == "https://env.example.com"
    both = load_settings(environ, api_key="from-file", endpoint="https://file.example.com")
    assert (both.api_key, both.endpoint) == ("from-file", "https://file.example.com")
    assert load(None, {"INCIDENT_API_KEY": "k", "INCIDENT_ENDPOINT": ""}).endpoint == "https://api.incident.io"


@pytest.mark.parametrize("text", ["", f'{{"api_key": "{PAYLOAD}"', "null,", "NaN", "[1e999]", "[" * 100_000], ids=len)
def test_config_that_is_not_json_is_an_error_without_its_content(text: str) -> None:
    with pytest.raises(BadInput, match=r"^conf\.json: not valid JSON") as caught:
        load(text, {}, source="conf.json")
    # A traceback also shows the cause of an error, and the one of the JSON parser contains the whole file.
    assert PAYLOAD not in "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=False).format()
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["null", "[]", f'"{PAYLOAD}"'])
def test_config_that_is_not_an_object_is_an_error(text: str) -> None:
    assert error_for(text) == "conf.json: must be a JSON object of settings"


def test_api_key_is_not_in_repr_or_str() -> None:
    config = load_settings(api_key=PAYLOAD)
    assert PAYLOAD not in repr(config) + str(config) + f"{config}"
    assert "endpoint" in repr(config)
