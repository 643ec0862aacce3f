"""Settings: one JSON Schema defines them; a config file and the environment give their values."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator

from tap_incident.errors import BadInput
from tap_incident.json_input import parse_file
from tap_incident.timestamps import is_timestamp
from tap_incident.words import listed

try:
    VERSION = version("tap-incident")
except PackageNotFoundError:  # python -m tap_incident in a checkout that isn't installed
    VERSION = "0+checkout"

INCIDENT_MODES = ("standard", "retrospective", "test", "tutorial")
REPLICATION_METHODS = ("FULL_TABLE", "INCREMENTAL")
CHILD_STRATEGIES = ("auto", "per_incident", "list")

SETTINGS: dict[str, Any] = {
    "type": "object",
    "required": ["api_key"],
    "properties": {
        "api_key": {
            "title": "API key",
            "type": "string",
            "pattern": r"^[!-~]+\Z",
            "secret": True,
            "writeOnly": True,
            "env": "INCIDENT_API_KEY",
            "accepts": "text without spaces",
            "description": "API key, made under Settings > API keys in the dashboard",
        },
        "endpoint": {
            "title": "Endpoint",
            "type": "string",
            "default": "https://api.incident.io",
            "env": "INCIDENT_ENDPOINT",
            "accepts": "an https URL without user, password, query or fragment (http only for loopback)",
            "description": "URL of the API; may have a path",
        },
        "streams": {
            "title": "Streams",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "minItems": 1,
            "accepts": "a list of names of streams",
            "description": "Streams to read where there is no catalog: names, `*` for all, and `!name` for a stream to "
            "leave out",
        },
        "incident_modes": {
            "title": "Incident modes",
            "type": "array",
            "items": {"type": "string", "enum": list(INCIDENT_MODES)},
            "minItems": 1,
            "uniqueItems": True,
            "default": ["standard", "retrospective"],
            "accepts": f"a list of one or more of {', '.join(INCIDENT_MODES)}, without duplicates",
            "description": "Modes of the incidents to read",
        },
        "child_strategy": {
            "title": "Child strategy",
            "type": "string",
            "enum": list(CHILD_STRATEGIES),
            "default": "auto",
            "accepts": "auto, per_incident or list",
            "description": "How to read actions, follow-ups and updates: with one request per incident, from the "
            "organisation-wide lists (the same rows), or auto: from the lists if that needs less than half of the "
            "requests",
        },
        "schedule_window_days": {
            "title": "Schedule window in days",
            "type": "integer",
            "minimum": 1,
            "maximum": 365,
            "default": 14,
            "accepts": "an integer from 1 to 365",
            "description": "Days before and after the start of the run for which `schedule_entries` is read",
        },
        "replication_method": {
            "title": "Replication method",
            "type": "string",
            "enum": list(REPLICATION_METHODS),
            "default": "FULL_TABLE",
            "accepts": "FULL_TABLE or INCREMENTAL",
            "description": "FULL_TABLE reads every row in every run. INCREMENTAL reads only the incidents, alerts, "
            "escalations, actions and follow-ups that changed since the last run; other streams stay FULL_TABLE",
        },
        "start_date": {
            "title": "Start date",
            "type": "string",
            "accepts": "an RFC 3339 timestamp such as 2026-01-31T00:00:00Z",
            "description": "With INCREMENTAL, the first run reads only rows that changed since then",
        },
        "activate_version": {
            "title": "Activate version",
            "type": "boolean",
            "default": False,
            "accepts": "true or false",
            "description": "Write ACTIVATE_VERSION after each full refresh, so that the target removes deleted rows "
            "(not all targets support it)",
        },
        "max_concurrency": {
            "title": "Most requests at a time",
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 32,
            "accepts": "an integer from 1 to 64",
            "description": "Most requests in flight at the same time",
        },
        "requests_per_minute": {
            "title": "Requests per minute",
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "accepts": "an integer from 1 to 1,000,000",
            "description": "Your own rate limit, to leave quota to other users of the same key; without it, only the "
            "API's limits count (1,200 at once, then 20 per second)",
        },
        "request_timeout": {
            "title": "Request timeout in seconds",
            "type": "number",
            "minimum": 0,
            "exclusiveMinimum": True,
            "maximum": 3600,
            "default": 300,
            "accepts": "a number above 0, at most 3600",
            "description": "Seconds to wait for a connection and for each part of an answer",
        },
        "user_agent": {
            "title": "User agent",
            "type": "string",
            "pattern": r"^[!-~]([ -~]*[!-~])?\Z",
            "default": f"tap-incident/{VERSION}",
            "accepts": "printable ASCII text",
            "description": "Value of the User-Agent header",
        },
    },
}


@dataclass(frozen=True)
class Config:
    """Valid settings, defaults included. The repr hides the key."""

    api_key: str = field(repr=False)
    endpoint: str
    streams: tuple[str, ...]
    """Empty for the default streams."""
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


def load(text: str | None, environ: Mapping[str, str], *, source: str = "config", key_needed: bool = True) -> Config:
    """Settings from the JSON text of a config file (None: no file), else from the environment, else the defaults.

    `source` names the file in errors. Raises BadInput that lists every mistake, without any value.
    """
    given = parse_file(text, source) if text is not None else {}
    if not isinstance(given, dict):
        raise BadInput(f"{source}: must be a JSON object of settings")
    properties = SETTINGS["properties"]
    chosen = {key: setting["default"] for key, setting in properties.items() if "default" in setting}
    chosen |= {key: environ[s["env"]] for key, s in properties.items() if environ.get(s.get("env", ""))}
    # An empty key in the file is an unfilled template: the environment still counts.
    chosen |= {key: _typed(value, key) for key, value in given.items() if (key, value) != ("api_key", "")}
    if isinstance(chosen.get("api_key"), str):
        chosen["api_key"] = chosen["api_key"].strip()
    mistakes = _mistakes(chosen, source, key_needed)
    if mistakes:
        raise BadInput("; ".join(mistakes))
    return Config(
        api_key=chosen.get("api_key", ""),
        endpoint=chosen["endpoint"].rstrip("/"),
        streams=tuple(chosen.get("streams", ())),
        incident_modes=tuple(mode for mode in INCIDENT_MODES if mode in chosen["incident_modes"]),
        child_strategy=chosen["child_strategy"],
        schedule_window_days=int(chosen["schedule_window_days"]),
        replication_method=chosen["replication_method"],
        start_date=chosen.get("start_date"),
        activate_version=chosen["activate_version"],
        max_concurrency=int(chosen["max_concurrency"]),
        requests_per_minute=int(chosen["requests_per_minute"]) if "requests_per_minute" in chosen else None,
        request_timeout=float(chosen["request_timeout"]),
        user_agent=chosen["user_agent"],
    )


def _typed(value: Any, key: str) -> Any:
    """A string as the number or boolean that the setting needs, if it is one: Stitch sends all values as strings."""
    wanted = SETTINGS["properties"].get(key, {}).get("type")
    if wanted == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    if wanted == "array" and isinstance(value, str):
        return listed(value)
    numeric = wanted in ("integer", "number") and isinstance(value, str)
    if numeric and re.fullmatch(r"\s*\d{1,15}(\.\d{1,15})?\s*", value):
        return float(value) if "." in value else int(value)
    return value


def _mistakes(chosen: Mapping[str, Any], source: str, key_needed: bool) -> list[str]:
    mistakes = []
    if key_needed and "api_key" not in chosen:
        mistakes.append(f"{source}: api_key is missing (set it there, or set INCIDENT_API_KEY in the environment)")
    wrong = {error.path[0] for error in Draft4Validator(SETTINGS).iter_errors(chosen) if error.path}
    if "endpoint" not in wrong and not _is_usable_url(chosen["endpoint"]):
        wrong.add("endpoint")
    if "start_date" in chosen and not is_timestamp(chosen["start_date"]):
        wrong.add("start_date")
    for key in SETTINGS["properties"]:
        if key in wrong:
            mistakes.append(f"{source}: {key} must be {SETTINGS['properties'][key]['accepts']}")
    return mistakes


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
    """True if the host name or address is that of this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
