"""The README's tables, from the code: `make readme` writes them, a test compares them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tap_incident.config import SETTINGS
from tap_incident.streams import STREAMS, Stream

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    """One row a setting, in Markdown."""
    lines = ["| setting | environment | default | accepts | what it is |", "| --- | --- | --- | --- | --- |"]
    for key, setting in SETTINGS["properties"].items():
        # The version changes with each release, and the README must not.
        default = "`tap-incident/VERSION`" if key == "user_agent" else _code(json.dumps(setting.get("default")))
        if "default" not in setting:
            default = "(required)" if key in SETTINGS["required"] else "none"
        lines.append(
            f"| `{key}` | {_code(setting.get('env'))} | {default} | {setting['accepts']} | {setting['description']} |"
        )
    return "\n".join(lines)


def streams_table() -> str:
    """One row a stream, in Markdown."""
    lines = [
        "| stream | a row is | key | endpoint | permission | by default |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_stream_row(stream) for stream in STREAMS),
    ]
    return "\n".join(lines)


def _stream_row(stream: Stream) -> str:
    keys = ", ".join(f"`{key}`" for key in stream.key_properties)
    endpoint = f"`{stream.path}`" + (f", for each of {stream.parent}" if stream.parent else "")
    selected = "yes" if stream.selected_by_default else "no"
    permission = _code(stream.scope or None) or "any"
    return f"| `{stream.name}` | {stream.holds} | {keys} | {endpoint} | {permission} | {selected} |"


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


TABLES = {"settings": settings_table, "streams": streams_table}


def rendered(text: str) -> str:
    """The README's text with each table between its two markers written anew."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: made by make readme -->", f"<!-- end of {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md has no markers for the table of {name}")
        written = f"{begin}\n{table()}\n{end}"
        text = pattern.sub(lambda _, written=written: written, text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(rendered(README.read_text("utf-8")), "utf-8")
