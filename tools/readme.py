"""The README's tables, from the code: `make readme` writes them, a test compares them."""

from __future__ import annotations

import re
from pathlib import Path

from tap_incident import about
from tap_incident.config import VERSION

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    """The table of settings, as it is for every version."""
    # The version changes with each release, and the README must not.
    return about.settings_table().replace(f"tap-incident/{VERSION}", "tap-incident/VERSION")


TABLES = {"settings": settings_table, "streams": about.streams_table}


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
