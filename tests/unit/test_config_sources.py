"""Settings: where they come from, which one wins, and what is said about names that are not known."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tap_incident.config import Config, load, load_all
from tap_incident.settings import SETTINGS
from tests.support.logs import infos, warnings
from tests.unit.test_config_values import GOOD

KEY = {"TAP_INCIDENT_API_KEY": "k"}


def from_files(*files: tuple[str, Any], **environ: str) -> Config:
    """The configuration from these files and the environment."""
    return load_all([(name, json.dumps(settings)) for name, settings in files], KEY | environ)


@pytest.mark.parametrize("name", SETTINGS["properties"])
def test_each_setting_has_a_variable(name: str) -> None:
    for text, value in GOOD[name]:
        if isinstance(text, str):
            assert getattr(load(None, KEY | {f"TAP_INCIDENT_{name.upper()}": text}), name) == value
    empty = {"INCIDENT_API_KEY": "k", f"TAP_INCIDENT_{name.upper()}": ""}
    assert load(None, empty) == load(None, KEY)


def test_variable_with_the_name_of_the_tap_takes_precedence() -> None:
    assert load(None, KEY | {"INCIDENT_API_KEY": "official"}).api_key == "k"


def test_later_files_take_precedence_over_earlier_ones_and_the_environment() -> None:
    first = ("a.json", {"max_concurrency": 1, "user_agent": "a", "schedule_window_days": 1})
    second = ("b.json", {"user_agent": "b", "schedule_window_days": None, "max_concurrency": ""})
    found = from_files(first, second, TAP_INCIDENT_USER_AGENT="env", TAP_INCIDENT_REQUEST_TIMEOUT="9")
    assert (found.user_agent, found.request_timeout) == ("b", 9.0)
    # Null and "" are not set.
    assert (found.schedule_window_days, found.max_concurrency) == (1, 1)


def test_env_in_the_place_of_a_file_is_the_environment() -> None:
    environ = {"TAP_INCIDENT_USER_AGENT": "env"}
    assert from_files(("ENV", None), **environ).user_agent == "env"
    assert from_files(("ENV", None), ("a.json", {"user_agent": "a"}), **environ).user_agent == "a"
    assert from_files(("a.json", {"user_agent": "a"}), ("ENV", None), **environ).user_agent == "env"


def test_activate_version_has_the_name_of_the_meltano_sdk_too() -> None:
    assert from_files(("a.json", {"emit_activate_version_messages": True})).activate_version
    assert load(None, KEY | {"TAP_INCIDENT_EMIT_ACTIVATE_VERSION_MESSAGES": "true"}).activate_version
    both: dict[str, Any] = {"activate_version": False, "emit_activate_version_messages": True}
    for settings in (both, dict(reversed(both.items()))):
        assert not from_files(("a.json", settings)).activate_version


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
        load(None, KEY | others | {"TAP_INCIDENT_MAX_CONCURENCY": "4", "TAP_INCIDENT_FLATTENING_ENABLED": "true"})
    assert infos(caplog) == []
    assert warnings(caplog) == [
        "The environment: this tap has no setting flattening_enabled, so nothing is hidden: set it for the target, or "
        "read the nested columns as JSON",
        "TAP_INCIDENT_MAX_CONCURENCY in the environment is no setting of this tap "
        "(did you mean TAP_INCIDENT_MAX_CONCURRENCY?): ignored",
    ]


def test_mistake_names_the_file_or_variable_that_it_is_in(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Exception, match=r"^b\.json: 3 settings can't be used \(see above\)$"):
        from_files(
            ("a.json", {"max_concurrency": 99}), ("b.json", {"activate_version": 5}), TAP_INCIDENT_START_DATE="today"
        )
    assert [message.split(" must be ")[0] for message in caplog.messages] == [
        "TAP_INCIDENT_START_DATE in the environment",
        "b.json: activate_version",
        "a.json: max_concurrency",
    ]
