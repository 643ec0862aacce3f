"""What README.md, docs/ and the files for Meltano have from the code: `make readme` writes it, a test compares it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tap_incident import about
from tap_incident.settings import VERSION
from tools.facts import FACTS
from tools.hub import definition_file, example_part
from tools.unread import unread_table

README = Path(__file__).resolve().parent.parent / "README.md"
GUIDE = README.parent / "docs" / "streams.md"
SETTINGS = README.parent / "docs" / "settings.md"
GUIDES = README.parent / "docs" / "guides"
HUB = README.parent / "meltano" / "tap-incident.yml"
EXAMPLE = README.parent / "examples" / "meltano.yml"
EXAMPLES = {
    GUIDES / "cron.md": "examples/sync.sh",
    GUIDES / "github-actions.md": "examples/github-actions.yml",
    GUIDES / "airflow.md": "examples/airflow_dag.py",
    GUIDES.parent / "report.md": "examples/github-actions-report.yml",
}
"""The example that a page shows."""
LANGUAGES = {".sh": "bash", ".yml": "yaml", ".py": "python"}


def settings_table() -> str:
    """The table of settings, as it is for every version."""
    # The version changes with each release, and the README must not.
    return about.settings_table().replace(f"tap-incident/{VERSION}", "tap-incident/VERSION")


def block(path: Path) -> str:
    """A file of the repository as a block of code."""
    return f"```{LANGUAGES[path.suffix]}\n{path.read_text('utf-8')}```"


Tables = Mapping[str, Callable[[], str]]
DOCUMENTS: Mapping[Path, Tables] = {
    EXAMPLE: {"tap-incident": example_part},
    SETTINGS: {"settings": settings_table},
    GUIDE: {"streams": about.streams_table, "unread": lambda: unread_table(json.loads(FACTS.read_text("utf-8")))},
    **{guide: {name: partial(block, README.parent / name)} for guide, name in EXAMPLES.items()},
}


MARKS = {".md": "<!-- {} -->", ".yml": "      # {}"}
"""A marker, by the suffix of its document."""


def rendered(text: str, tables: Tables, mark: str = MARKS[".md"]) -> str:
    """A document's text with each of its tables written anew between the two markers that bear the table's name."""
    for name, table in tables.items():
        begin, end = mark.format(f"{name}: made by make readme"), mark.format(f"end of {name}")
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"there are no markers for the table of {name}")
        written = f"{begin}\n{table()}\n{end}"
        text = pattern.sub(lambda _, written=written: written, text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    HUB.write_text(definition_file(), "utf-8")
    for document, own in DOCUMENTS.items():
        document.write_text(rendered(document.read_text("utf-8"), own, MARKS[document.suffix]), "utf-8")
