"""The configuration: settings from files, from the environment, or by default."""

from __future__ import annotations

import ipaddress
import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator

from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file
from tap_incident.settings import INCIDENT_MODES, NAMES, SETTINGS, variables
from tap_incident.timestamps import in_utc, is_timestamp
from tap_incident.words import listed, nearest, shown, truth

LOGGER = logging.getLogger(__name__)

ENVIRONMENT = "ENV"
"""Instead of a config file: the environment, as taps of the Meltano SDK have it."""
_PREFIX = "TAP_INCIDENT_"
_OF_THE_SDK = {
    "stream_maps": "deselect the fields, or use a mapper such as meltano-map-transformer",
    "flattening_enabled": "set it for the target, or read the nested columns as JSON",
}
"""Settings of Meltano SDK taps that people use to hide personal data, and what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Valid settings, defaults included. The repr hides the key."""

    api_key: str = field(default="", repr=False)
    endpoint: str
    streams: tuple[str, ...] = ()
    """Empty for the default streams."""
    exclude_personal_data: bool
    incident_modes: tuple[str, ...]
    child_strategy: str
    schedule_window_days: int
    replication_method: str
    start_date: str | None = None
    activate_version: bool
    max_concurrency: int
    requests_per_minute: int | None = None
    request_timeout: float
    user_agent: str


def load(files: Sequence[tuple[str, str]], environ: Mapping[str, str], *, key_needed: bool = True) -> Config:
    """Settings from config files, each with its name and its JSON text, else from the environment, else the defaults.

    Later files take precedence. A file with the name `ENVIRONMENT` stands for the environment, which then takes
    precedence over the files before it. A value that is null or "" counts as not set.
    Logs unknown settings and, if there are several mistakes, each of them at ERROR. Raises BadInput for
    mistakes. No text shows a value.
    """
    _log_unknown_variables(environ)
    chosen = {key: setting["default"] for key, setting in SETTINGS["properties"].items() if "default" in setting}
    places: dict[str, str] = {}
    for name, text in [(ENVIRONMENT, ""), *files]:
        for key, place, value in _of_environment(environ) if name == ENVIRONMENT else _of_file(name, text):
            chosen[key], places[key] = _typed(value, key), place
    mistakes = _mistakes(chosen, places)
    file = next((f"{name}: " for name, _ in reversed(files) if name != ENVIRONMENT), "")
    if key_needed and "api_key" not in chosen:
        where = "set it there" if file else "set it in a file for --config"
        mistakes.insert(0, f"{file}api_key is missing ({where}, or set INCIDENT_API_KEY in the environment)")
    if len(mistakes) > 1:
        for mistake in mistakes:
            LOGGER.error("%s", mistake)
        raise BadInput(f"{file}{len(mistakes)} settings can't be used (see above)")
    for mistake in mistakes:
        raise BadInput(mistake)
    return _config(chosen)


def _config(chosen: Mapping[str, Any]) -> Config:
    converted = {
        "endpoint": chosen["endpoint"].rstrip("/"),
        "streams": tuple(chosen.get("streams", ())),
        "incident_modes": tuple(mode for mode in INCIDENT_MODES if mode in chosen["incident_modes"]),
        # "auto" is what versions before 1.2 had.
        "child_strategy": chosen["child_strategy"].replace("auto", "list"),
        "request_timeout": float(chosen["request_timeout"]),
    }
    return Config(**{**chosen, **converted})


_Given = Iterator[tuple[str, str, Any]]
"""Settings that are given: name, place for messages, value."""


def _of_file(source: str, text: str) -> _Given:
    given = parse_file(text, source)
    if not isinstance(given, dict):
        raise BadInput(f"{source}: must be a JSON object of settings")
    _log_unknown(source, [name for name in given if name not in NAMES and (name not in _OF_THE_SDK or given[name])])
    for name, key in NAMES.items():
        if given.get(name) not in (None, ""):
            yield key, f"{source}: {name}", given[name]


def _of_environment(environ: Mapping[str, str]) -> _Given:
    for key in SETTINGS["properties"]:
        for variable in variables(key):
            if environ.get(variable):
                yield key, f"{variable} in the environment", environ[variable]
                break


def _log_unknown(source: str, names: Sequence[str]) -> None:
    """Log the settings of a file that the tap does not have: at WARNING if something else was probably meant."""
    others: dict[int, list[str]] = {logging.WARNING: [], logging.INFO: []}
    for name in names:
        if name in _OF_THE_SDK:
            LOGGER.warning("%s: this tap has no setting %s, so nothing is hidden: %s", source, name, _OF_THE_SDK[name])
        else:
            level = logging.WARNING if nearest(name, SETTINGS["properties"]) else logging.INFO
            others[level].append(shown(name, SETTINGS["properties"]))
    for level, found in others.items():
        if found:
            LOGGER.log(level, "%s: this tap has no setting %s: ignored", source, ", ".join(found))


def _log_unknown_variables(environ: Mapping[str, str]) -> None:
    """Log variables that are almost one of the tap's. Others with its prefix belong to an orchestrator."""
    known = {name.upper() for name in NAMES}
    for name in (name.removeprefix(_PREFIX) for name in sorted(environ) if name.startswith(_PREFIX)):
        if name.lower() in _OF_THE_SDK and environ[_PREFIX + name]:
            _log_unknown("The environment", [name.lower()])
        # A plugin that inherits from this tap in Meltano has names such as TAP_INCIDENT_EMEA_API_KEY.
        elif name not in known and (near := nearest(name, known)) and not name.endswith(f"_{near}"):
            text = "%s in the environment is no setting of this tap (did you mean %s?): ignored"
            LOGGER.warning(text, _PREFIX + name, _PREFIX + near)


def _typed(value: Any, key: str) -> Any:
    """A text as the number, boolean, list, key or timestamp that the setting needs, if it is one."""
    wanted = SETTINGS["properties"][key]["type"]
    if not isinstance(value, str):
        return value
    if wanted == "boolean":
        found = truth(value)
        return value if found is None else found
    if wanted == "array":
        return listed(value)
    if wanted in ("integer", "number") and re.fullmatch(r"\s*\d{1,15}(\.\d{1,15})?\s*", value):
        return float(value) if "." in value else int(value)
    if key == "start_date":
        return in_utc(value)
    return value.strip() if key == "api_key" else value


def _mistakes(chosen: Mapping[str, Any], places: Mapping[str, str]) -> list[str]:
    wrong = {error.path[0] for error in Draft4Validator(SETTINGS).iter_errors(chosen) if error.path}
    if "endpoint" not in wrong and not _is_usable_url(chosen["endpoint"]):
        wrong.add("endpoint")
    if "start_date" in chosen and not is_timestamp(chosen["start_date"]):
        wrong.add("start_date")
    odd = _odd_characters(chosen.get("api_key"))
    if odd:
        wrong.add("api_key")
    table, more = SETTINGS["properties"], {"api_key": odd}
    return [f"{places[key]} must be {table[key]['accepts']}{more.get(key, '')}" for key in table if key in wrong]


def _odd_characters(key: object) -> str:
    """What is wrong with the characters of an API key; "" if nothing is. It shows no part of the key."""
    if not isinstance(key, str):
        return ""
    if re.fullmatch(r"(['\"]).*\1", key):
        return ", but there are quotation marks around it (docker --env-file takes them as part of the value)"
    for number, char in enumerate(key, 1):
        if not "!" <= char <= "~":
            name = unicodedata.name(char, "a control character")
            return f", but character {number} of {len(key)} is U+{ord(char):04X} ({name})"
    return ""


def _is_usable_url(endpoint: str) -> bool:
    try:
        url = urlsplit(endpoint)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    if not host or url.username is not None or re.search(r"[\s\x00-\x1f\x7f?#]", endpoint):
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """True if the host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
