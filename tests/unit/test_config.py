"""Settings: where they come from, which one wins, the defaults, and what is said about mistakes."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from tap_incident.config import Config, load
from tap_incident.errors import BadInput
from tap_incident.settings import SETTINGS, VERSION
from tests.support.logs import infos, warnings

KEY = {"TAP_INCIDENT_API_KEY": "k"}
PAYLOAD = "sesame"


def from_files(*files: tuple[str, Any], **environ: str) -> Config:
    """The configuration from these files and the environment, which has a key."""
    return load([(name, json.dumps(settings)) for name, settings in files], KEY | environ)


def error_for(text: str) -> str:
    """The text of the error that a config file causes."""
    with pytest.raises(BadInput) as caught:
        load([("conf.json", text)], {})
    return str(caught.value)


def test_settings_have_defaults_except_the_api_key() -> None:
    assert load([], KEY) == Config(
        api_key="k",
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


def test_api_key_is_not_in_repr_or_str() -> None:
    config = from_files(("a.json", {"api_key": PAYLOAD}))
    assert PAYLOAD not in repr(config) + str(config) + f"{config}"
    assert "endpoint" in repr(config)


def test_later_files_come_before_earlier_ones_the_environment_and_the_default() -> None:
    first = ("a.json", {"max_concurrency": 1, "user_agent": "a", "schedule_window_days": 1})
    second = ("b.json", {"user_agent": "b", "schedule_window_days": None, "max_concurrency": ""})
    found = from_files(first, second, TAP_INCIDENT_USER_AGENT="env", TAP_INCIDENT_REQUEST_TIMEOUT="9")
    assert (found.user_agent, found.request_timeout) == ("b", 9.0)
    # Null and "" are not set.
    assert (found.schedule_window_days, found.max_concurrency) == (1, 1)


def test_env_in_the_place_of_a_file_is_the_environment() -> None:
    environ = {"TAP_INCIDENT_USER_AGENT": "env"}
    assert from_files(("ENV", None), ("a.json", {"user_agent": "a"}), **environ).user_agent == "a"
    assert from_files(("a.json", {"user_agent": "a"}), ("ENV", None), **environ).user_agent == "env"


def test_official_variables_come_after_those_with_the_name_of_the_tap() -> None:
    official = {"INCIDENT_API_KEY": "official", "INCIDENT_ENDPOINT": "https://example.com"}
    assert (load([], official).api_key, load([], official).endpoint) == ("official", "https://example.com")
    assert load([], KEY | official).api_key == "k"


def test_activate_version_has_the_name_of_the_meltano_sdk_too() -> None:
    assert from_files(("a.json", {"emit_activate_version_messages": True})).activate_version
    assert from_files(TAP_INCIDENT_EMIT_ACTIVATE_VERSION_MESSAGES="true").activate_version
    both: dict[str, Any] = {"activate_version": False, "emit_activate_version_messages": True}
    for settings in (both, dict(reversed(both.items()))):
        assert not from_files(("a.json", settings)).activate_version


def test_settings_errors_are_each_logged_and_counted_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    error = error_for(json.dumps({key: [None] for key in SETTINGS["properties"]}))
    assert error == f"conf.json: {len(SETTINGS['properties'])} settings can't be used (see above)"
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert [message.split(" ")[1] for message in caplog.messages] == list(SETTINGS["properties"])
    caplog.clear()
    error_for(json.dumps({"endpoint": "http://example.com", "max_concurrency": 99}))
    assert [message.split(" ")[1] for message in caplog.messages] == ["api_key", "endpoint", "max_concurrency"]


def test_mistake_names_the_file_or_variable_that_it_is_in(caplog: pytest.LogCaptureFixture) -> None:
    files = ("a.json", {"max_concurrency": 99}), ("b.json", {"activate_version": 5})
    with pytest.raises(BadInput, match=r"^b\.json: 3 settings can't be used \(see above\)$"):
        from_files(*files, TAP_INCIDENT_START_DATE="today")
    assert [message.split(" must be ")[0] for message in caplog.messages] == [
        "TAP_INCIDENT_START_DATE in the environment",
        "b.json: activate_version",
        "a.json: max_concurrency",
    ]


@pytest.mark.parametrize("text", ["", f'{{"api_key": "{PAYLOAD}"', "null,", "NaN", "[1e999]", "[" * 100_000], ids=len)
def test_config_that_is_not_json_is_an_error_without_its_content(text: str) -> None:
    with pytest.raises(BadInput, match=r"^conf\.json: not valid JSON") as caught:
        load([("conf.json", text)], {})
    # A traceback also shows the cause of an error, and the one of the JSON parser contains the whole file.
    assert PAYLOAD not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["null", "[]", f'"{PAYLOAD}"'])
def test_config_that_is_not_an_object_is_an_error(text: str) -> None:
    assert error_for(text) == "conf.json: must be a JSON object of settings"


def test_unknown_settings_are_logged_with_the_nearest_name(caplog: pytest.LogCaptureFixture) -> None:
    sdk = {"stream_maps": {"users": {"email": "secret-value"}}, "flattening_enabled": False}
    with caplog.at_level(logging.INFO):
        from_files(("a.json", {"endpiont": "secret-value", "of_another_tap": 1}), ("b.json", {"concurrency": 4} | sdk))
    assert infos(caplog) == ["a.json: this tap has no setting of_another_tap: ignored"]
    assert warnings(caplog) == [
        "a.json: this tap has no setting endpiont (did you mean endpoint?): ignored",
        "b.json: this tap has no setting stream_maps, so nothing is hidden: deselect the fields, or use a mapper such "
        "as meltano-map-transformer",
        "b.json: this tap has no setting concurrency (did you mean max_concurrency?): ignored",
    ]


def test_unknown_variables_are_logged_only_if_they_are_almost_known(caplog: pytest.LogCaptureFixture) -> None:
    others = {"TAP_INCIDENT__SELECT": "[]", "TAP_INCIDENT_LOGLEVEL": "debug", "TAP_INCIDENT_WHEEL": "x"}
    others |= {"PATH": "/", "TAP_INCIDENT_EMEA_API_KEY": "x"}
    with caplog.at_level(logging.INFO):
        from_files(**others, TAP_INCIDENT_MAX_CONCURENCY="4", TAP_INCIDENT_FLATTENING_ENABLED="true")
    assert infos(caplog) == []
    assert warnings(caplog) == [
        "The environment: this tap has no setting flattening_enabled, so nothing is hidden: set it for the target, or "
        "read the nested columns as JSON",
        "TAP_INCIDENT_MAX_CONCURENCY in the environment is no setting of this tap "
        "(did you mean TAP_INCIDENT_MAX_CONCURRENCY?): ignored",
    ]
