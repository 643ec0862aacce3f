"""The tap's definition for Meltano, in the form of its hub.

Source: https://hub.meltano.com, and the JSON schema for extractors in its repository. The YAML is in the layout that
people write, without a library that the development of the tap would need only for it.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from tap_incident import about
from tap_incident.settings import SETTINGS
from tap_incident.streams import STREAMS

_WITHOUT_VALUE = ("user_agent", "endpoint")
"""Settings whose default is not in the definition: one changes with each release, and one would hide INCIDENT_ENDPOINT,
because Meltano writes values into a file, which takes precedence."""
_OPTIONS = {
    "auto": "The same as list",
    "per_incident": "One request per incident",
    "list": "Lists of the whole organisation",
    "FULL_TABLE": "Every row in every run",
    "INCREMENTAL": "Only what has changed, where the API can filter by that",
}
_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z][\w.*/()>,-]*(?: [\w.*/()>,-]+)*")
_NOT_A_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def definition() -> dict[str, Any]:
    """The definition, as JSON values in the order in which people read it."""
    return {
        "name": about.NAME,
        "variant": "community",
        "namespace": "tap_incident",
        "label": "incident.io",
        "description": about.about()["description"],
        "domain_url": "https://incident.io",
        "keywords": ["api", "incident management"],
        "maintenance_status": "active",
        "quality": "unknown",
        "executable": "tap-incident",
        "pip_url": "${TAP_INCIDENT_WHEEL}",
        **tap_part(),
    }


def tap_part() -> dict[str, Any]:
    """The part of the definition that comes from the tap: capabilities, settings and default streams."""
    return {
        "capabilities": list(about.CAPABILITIES),
        "settings_group_validation": [list(SETTINGS["required"])],
        "settings": [_setting(name, setting) for name, setting in SETTINGS["properties"].items()],
        # Without rules, Meltano selects all streams.
        "select": [f"{stream.name}.*" for stream in STREAMS if stream.selected_by_default],
    }


def definition_file() -> str:
    """The text of meltano/tap-incident.yml."""
    header = "# Made by make docs. Use it so: meltano add --from-ref tap-incident.yml tap-incident"
    return f"{header}\n{yaml_text(definition())}\n"


def example_part() -> str:
    """The lines of examples/meltano.yml that come from the tap."""
    return yaml_text(tap_part(), indent=6)


def _setting(name: str, setting: Mapping[str, Any]) -> dict[str, Any]:
    # Meltano 4.4.1 fails at a decimal that is given as a text, for example in .env; the tap reads the text.
    kind = "string" if setting["type"] == "number" else setting["type"]
    if "enum" in setting:
        kind = "options"
    elif name == "start_date":
        kind = "date_iso8601"
    found = {"name": name, "label": setting["title"], "kind": kind, "description": setting["description"]}
    if setting.get("aliases"):
        found["aliases"] = list(setting["aliases"])
    if setting.get("secret"):
        found["sensitive"] = True
    if "default" in setting and name not in _WITHOUT_VALUE:
        found["value"] = setting["default"]
    if "enum" in setting:
        found["options"] = [{"label": _OPTIONS[value], "value": value} for value in setting["enum"]]
    return found


def yaml_text(value: Any, indent: int = 0) -> str:
    """A non-empty list or object of JSON values as lines of YAML, each after `indent` spaces."""
    return "\n".join(" " * indent + line for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(f"{key}:", inner)
        return
    for inner in value:
        nested = list(_lines(inner)) if isinstance(inner, dict) else [_scalar(inner)]
        yield f"- {nested[0]}"
        yield from (f"  {line}" for line in nested[1:])


def _entry(key: str, value: Any) -> Iterator[str]:
    """A key with its value: behind it if that fits, else below it."""
    line = f"{key} {_scalar(value)}"
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        yield key
        yield from (f"  {below}" for below in _lines(value))
    elif len(line) <= _WIDTH:
        yield line
    elif isinstance(value, list):
        yield key
        yield from (f"  - {_scalar(item)}" for item in value)
    else:
        yield f"{key} >-"
        yield from (f"  {below}" for below in textwrap.wrap(value, _WIDTH - 2, break_on_hyphens=False))


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_A_TEXT and "," not in value:
        return value
    return json.dumps(value, ensure_ascii=False)
