"""The table of settings: one JSON Schema, and what documents and forms need in addition."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

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
            "official_variable": "INCIDENT_API_KEY",
            "accepts": "text without spaces",
            "description": "API key, made under Settings > API keys in the dashboard",
        },
        "endpoint": {
            "title": "Endpoint",
            "type": "string",
            "default": "https://api.incident.io",
            "official_variable": "INCIDENT_ENDPOINT",
            "accepts": "an https URL without user, password, query or fragment (http only for loopback)",
            "description": "URL of the API. It may have a path",
        },
        "streams": {
            "title": "Streams",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "minItems": 1,
            "accepts": "a list of stream names",
            "description": "Streams to read if there is no catalog: names, `default` for the default streams, `*` for "
            "all, and `!name` to leave out a stream",
        },
        "exclude_personal_data": {
            "title": "Exclude personal data",
            "type": "boolean",
            "default": False,
            "accepts": "true or false",
            "description": "Leave out the names, e-mail addresses and Slack ids of people, at every depth. Their ids "
            "stay. Texts that people write stay as they are",
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
            "default": "list",
            "accepts": "list or per_incident",
            "description": "How to read actions, follow-ups and updates. list reads the lists of the whole "
            "organisation. per_incident sends up to three requests per incident, with the same rows",
        },
        "schedule_window_days": {
            "title": "Schedule window in days",
            "type": "integer",
            "minimum": 1,
            "maximum": 365,
            "default": 14,
            "accepts": "an integer from 1 to 365",
            "description": "`schedule_entries` is read for this number of days before and after the start of the run",
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
            "accepts": "a date or a timestamp such as 2026-01-31T00:00:00Z",
            "description": "With INCREMENTAL, the first run reads only rows that changed since then (UTC "
            "if it has no zone)",
        },
        "activate_version": {
            "title": "Activate version",
            "aliases": ["emit_activate_version_messages"],
            "type": "boolean",
            "default": False,
            "accepts": "true or false",
            "description": "Write ACTIVATE_VERSION after each full refresh of a stream, so that the target removes "
            "deleted rows. Not all targets support it",
        },
        "max_concurrency": {
            "title": "Requests at the same time",
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 32,
            "accepts": "an integer from 1 to 64",
            "description": "The tap sends at most this number of requests at the same time",
        },
        "requests_per_minute": {
            "title": "Requests per minute",
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "accepts": "an integer from 1 to 1,000,000",
            "description": "Your own rate limit, if other programs use the same key. Without it, only the API's "
            "limits apply: 1,200 requests at once, then 20 per second",
        },
        "request_timeout": {
            "title": "Request timeout in seconds",
            "type": "number",
            "minimum": 0,
            "exclusiveMinimum": True,
            "maximum": 3600,
            "default": 300,
            "accepts": "a number above 0, at most 3600",
            "description": "Seconds to wait for a connection, and for each part of a response",
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

NAMES = {name: key for key, s in SETTINGS["properties"].items() for name in (*s.get("aliases", ()), key)}
"""The setting of each name that a file can have. The own name of a setting comes after its aliases, and wins."""
OWN_KEYWORDS = ("official_variable", "aliases", "accepts")
"""Keys of a setting that are not JSON Schema."""


def variables(name: str) -> tuple[str, ...]:
    """The environment variables of a setting. The first that is set counts."""
    setting = SETTINGS["properties"][name]
    official = [setting["official_variable"]] if "official_variable" in setting else []
    return (*(f"TAP_INCIDENT_{each}".upper() for each in (name, *setting.get("aliases", ()))), *official)
