"""The configuration: settings from files, from the environment, or by default."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator

from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file
from tap_incident.settings import INCIDENT_MODES, SETTINGS, own_name, variables
from tap_incident.suspicions import OF_THE_SDK, log_unknown, log_unknown_variables, odd_characters
from tap_incident.timestamps import in_utc, is_timestamp
from tap_incident.words import listed, truth

LOGGER = logging.getLogger(__name__)

ENVIRONMENT = "ENV"
"""Instead of a config file: the environment, as taps of the Meltano SDK have it."""


@dataclass(frozen=True)
class Config:
    """Valid settings, defaults included. The repr hides the key."""

    api_key: str = field(repr=False)
    endpoint: str
    streams: tuple[str, ...]
    """Empty for the default streams."""
    exclude_personal_data: bool
    incident_modes: tuple[str, ...]
    child_strategy: str
    schedule_window_days: int
    replication_method: str
    start_date: str | None
    activate_version: bool
    max_concurrency: int
    requests_per_minute: int | None
    request_timeout: float
    user_agent: str


def load_all(files: Sequence[tuple[str, str]], environ: Mapping[str, str], *, key_needed: bool = True) -> Config:
    """Settings from config files, each with its name and its JSON text, else from the environment, else the defaults.

    Later files take precedence. A file with the name `ENVIRONMENT` stands for the environment, which then takes
    precedence over the files before it. A value that is null or "" counts as not set.
    Logs unknown settings and, if there are several mistakes, each of them at ERROR. Raises BadInput for
    mistakes. No text shows a value.
    """
    log_unknown_variables(environ)
    chosen = {key: setting["default"] for key, setting in SETTINGS["properties"].items() if "default" in setting}
    places: dict[str, str] = {}
    for name, text in [(ENVIRONMENT, ""), *files]:
        for key, place, value in _of_environment(environ) if name == ENVIRONMENT else _of_file(name, text):
            chosen[key], places[key] = _typed(value, key), place
    if isinstance(chosen.get("api_key"), str):
        chosen["api_key"] = chosen["api_key"].strip()
    if isinstance(chosen.get("start_date"), str):
        chosen["start_date"] = in_utc(chosen["start_date"])
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


def load(text: str | None, environ: Mapping[str, str], *, source: str = "config", key_needed: bool = True) -> Config:
    """The same from the text of one file (None: no file) with the name `source`."""
    return load_all([] if text is None else [(source, text)], environ, key_needed=key_needed)


def _config(chosen: Mapping[str, Any]) -> Config:
    return Config(
        api_key=chosen.get("api_key", ""),
        endpoint=chosen["endpoint"].rstrip("/"),
        streams=tuple(chosen.get("streams", ())),
        exclude_personal_data=chosen["exclude_personal_data"],
        incident_modes=tuple(mode for mode in INCIDENT_MODES if mode in chosen["incident_modes"]),
        # "auto" is what versions before 1.2 had.
        child_strategy=chosen["child_strategy"].replace("auto", "list"),
        schedule_window_days=int(chosen["schedule_window_days"]),
        replication_method=chosen["replication_method"],
        start_date=chosen.get("start_date"),
        activate_version=chosen["activate_version"],
        max_concurrency=int(chosen["max_concurrency"]),
        requests_per_minute=int(chosen["requests_per_minute"]) if "requests_per_minute" in chosen else None,
        request_timeout=float(chosen["request_timeout"]),
        user_agent=chosen["user_agent"],
    )


_Given = Iterator[tuple[str, str, Any]]
"""Settings that are given: name, place for messages, value."""


def _of_file(source: str, text: str) -> _Given:
    given = parse_file(text, source)
    if not isinstance(given, dict):
        raise BadInput(f"{source}: must be a JSON object of settings")
    unknown = [key for key in given if own_name(key) not in SETTINGS["properties"]]
    log_unknown(source, [key for key in unknown if key not in OF_THE_SDK or given[key]])
    for key, value in sorted(given.items(), key=lambda item: item[0] in SETTINGS["properties"]):
        if own_name(key) in SETTINGS["properties"] and value not in (None, ""):
            yield own_name(key), f"{source}: {key}", value


def _of_environment(environ: Mapping[str, str]) -> _Given:
    for key in SETTINGS["properties"]:
        for variable in variables(key):
            if environ.get(variable):
                yield key, f"{variable} in the environment", environ[variable]
                break


def _typed(value: Any, key: str) -> Any:
    """A text as the number, boolean or list that the setting needs, if it is one."""
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
    return value


def _mistakes(chosen: Mapping[str, Any], places: Mapping[str, str]) -> list[str]:
    wrong = {error.path[0] for error in Draft4Validator(SETTINGS).iter_errors(chosen) if error.path}
    if "endpoint" not in wrong and not _is_usable_url(chosen["endpoint"]):
        wrong.add("endpoint")
    if "start_date" in chosen and not is_timestamp(chosen["start_date"]):
        wrong.add("start_date")
    odd = odd_characters(chosen.get("api_key"))
    if odd:
        wrong.add("api_key")
    table, more = SETTINGS["properties"], {"api_key": odd}
    return [f"{places[key]} must be {table[key]['accepts']}{more.get(key, '')}" for key in table if key in wrong]


def _is_usable_url(endpoint: str) -> bool:
    try:
        url = urlsplit(endpoint)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    if not host or url.username is not None or re.search(r"[\s\x00-\x1f\x7f?#]", endpoint):
        return False
    if url.scheme not in ("http", "https"):
        return False
    return url.scheme == "https" or is_loopback(host)


def is_loopback(host: str) -> bool:
    """True if the host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
