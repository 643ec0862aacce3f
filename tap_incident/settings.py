"""The table of settings: `settings.json`, a JSON Schema with what documents and forms need in addition."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

try:
    VERSION = version("tap-incident")
except PackageNotFoundError:  # python -m tap_incident in a checkout that isn't installed
    VERSION = "0+checkout"

SETTINGS: dict[str, Any] = json.loads(Path(__file__).with_name("settings.json").read_text("utf-8"))
SETTINGS["properties"]["user_agent"]["default"] = f"tap-incident/{VERSION}"

INCIDENT_MODES: tuple[str, ...] = tuple(SETTINGS["properties"]["incident_modes"]["items"]["enum"])
REPLICATION_METHODS: tuple[str, ...] = tuple(SETTINGS["properties"]["replication_method"]["enum"])
NAMES = {name: key for key, s in SETTINGS["properties"].items() for name in (*s.get("aliases", ()), key)}
"""The setting of each name that a file can have. The own name of a setting comes after its aliases, and wins."""
OWN_KEYWORDS = ("official_variable", "aliases", "accepts")
"""Keys of a setting that are not JSON Schema."""


def variables(name: str) -> tuple[str, ...]:
    """The environment variables of a setting. The first that is set counts."""
    setting = SETTINGS["properties"][name]
    official = [setting["official_variable"]] if "official_variable" in setting else []
    return (*(f"TAP_INCIDENT_{each}".upper() for each in (name, *setting.get("aliases", ()))), *official)
