"""`--about`: name, version, capabilities, settings and streams, for programs and for people.

Keys and layout follow `--about` of the Meltano Singer SDK, so that the same programs can read both. `streams` is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from tap_incident.protocol.schemas import DETAILS, TEXT, marks
from tap_incident.settings import OWN_KEYWORDS, SETTINGS, VERSION, variables
from tap_incident.streams import STREAMS, Stream

NAME = "tap-incident"
CAPABILITIES = ("catalog", "discover", "state", "about", "activate-version", "structured-logging", "test")
"""In the words of the Meltano SDK."""


def about() -> dict[str, Any]:
    """Everything, as JSON values. `settings` is a JSON Schema (Draft 4)."""
    summary, pythons = _packaged()
    return {
        "name": NAME,
        "description": summary,
        "version": VERSION,
        "sdk_version": None,  # Readers expect this key, but the tap does not use the SDK.
        "supported_python_versions": pythons,
        "capabilities": list(CAPABILITIES),
        "settings": {
            "$schema": "http://json-schema.org/draft-04/schema#",
            **SETTINGS,
            "properties": {key: _documented(key) for key in SETTINGS["properties"]},
        },
        "streams": [
            {
                "name": stream.name,
                "description": stream.description,
                "key_properties": list(stream.key_properties),
                "parent": stream.parent.stream,
                "permission": stream.scope or None,
                "selected_by_default": stream.selected_by_default,
                "texts": _texts(stream),
            }
            for stream in STREAMS
        ],
    }


def _as_json() -> str:
    return json.dumps(about(), indent=2)


def _as_text() -> str:
    summary, pythons = _packaged()
    lines = [f"Name: {NAME}", f"Description: {summary}", f"Version: {VERSION}"]
    lines += ["Supported Python Versions:", *(f"  - {python}" for python in pythons or ["unknown"])]
    lines += ["Capabilities:", *(f"  - {capability}" for capability in CAPABILITIES), "Settings:"]
    for key, setting in SETTINGS["properties"].items():
        lines += [
            f"  - Name: {key}",
            f"    Title: {setting['title']}",
            f"    Type: {setting['type']}",
            f"    Default: {_default(key).replace('`', '')}",
            f"    Environment Variable: {' or '.join(variables(key))}",
            f"    Description: {setting['description']}",
        ]
    lines += ["Streams:", *(f"  - {stream.name}" for stream in STREAMS)]
    lines.append("Columns with texts that people write (exclude_personal_data does not change them):")
    for stream in STREAMS:
        columns = dict.fromkeys(path.partition(".")[0].removesuffix("[]") for path in _texts(stream))
        lines += [f"  - {stream.name}: {', '.join(columns)}"] if columns else []
    return "\n".join(lines)


def _as_markdown() -> str:
    summary, pythons = _packaged()
    parts = [f"# `{NAME}`", f"{summary}. Version {VERSION}."]
    parts += ["## Capabilities", "\n".join(f"- `{capability}`" for capability in CAPABILITIES)]
    parts += ["## Supported Python Versions", "\n".join(f"- {python}" for python in pythons or ["unknown"])]
    parts += ["## Settings", settings_table(), "## Streams", streams_table()]
    return "\n\n".join(parts)


FORMATS: Mapping[str, Callable[[], str]] = {"text": _as_text, "json": _as_json, "markdown": _as_markdown}


def settings_table() -> str:
    """A Markdown table with one row per setting."""
    lines = [
        "| setting | title | environment | default | accepts | what it is |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, setting in SETTINGS["properties"].items():
        names = ", ".join(f"`{variable}`" for variable in variables(key))
        facts = (f"`{key}`", setting["title"], names, _default(key), setting["accepts"], setting["description"])
        lines.append(f"| {' | '.join(facts)} |")
    return "\n".join(lines)


def streams_table() -> str:
    """A Markdown table with one row per stream."""
    lines = [
        "| stream | a row is | primary key | endpoint | permission | by default |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for stream in STREAMS:
        keys = ", ".join(f"`{key}`" for key in stream.key_properties)
        endpoint = f"`{stream.path}`" + (f", per row of {stream.parent.stream}" if stream.parent.stream else "")
        endpoint += f", and `{stream.detail.path}` per row" if stream.detail else ""
        permission = f"`{stream.scope}`" if stream.scope else "any"
        selected = "yes" if stream.selected_by_default else "no"
        facts = (f"`{stream.name}`", stream.description, keys, endpoint, permission, selected)
        lines.append(f"| {' | '.join(facts)} |")
    return "\n".join(lines)


def _default(key: str) -> str:
    """The default of a setting, or that it needs a value."""
    default = SETTINGS["properties"][key].get("default")
    if default is None:
        return "(required)" if key in SETTINGS["required"] else "none"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _packaged() -> tuple[str | None, list[str] | None]:
    """Summary and Python versions of the installed package; None for each if it is not installed."""
    try:
        package = metadata(NAME)
    except PackageNotFoundError:  # python -m tap_incident in a checkout that isn't installed
        return None, None
    names = [classifier.rsplit(" :: ", 1) for classifier in package.get_all("Classifier", [])]
    return package["Summary"], [version for kind, version in names if kind == "Programming Language :: Python"]


def _documented(key: str) -> dict[str, Any]:
    """A setting in JSON Schema's own words: the variables are named in the description."""
    setting = SETTINGS["properties"][key]
    facts = {keyword: value for keyword, value in setting.items() if keyword not in OWN_KEYWORDS}
    facts["description"] += f" (environment variable: {' or '.join(variables(key))})"
    if "pattern" in setting:
        # Only Python has \Z; in JSON Schema, `$` means the end of the text.
        facts["pattern"] = setting["pattern"].replace(r"\Z", "$")
    return facts


def _texts(stream: Stream) -> list[str]:
    """The texts that people write, at every depth."""
    return [path for path, kind in marks(stream).items() if kind in (TEXT, DETAILS)]
