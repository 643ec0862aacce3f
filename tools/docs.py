"""All text that is made from the code: `make docs` writes it, a test compares it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tap_incident import about
from tap_incident.settings import VERSION
from tools import assumptions, personal
from tools.columns import sections
from tools.facts import FACTS
from tools.hub import definition_file, example_part
from tools.model_sources import DUCKDB, SOURCES, macros, sources
from tools.unread import unread_table

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GUIDE = DOCS / "streams.md"
EXAMPLE = ROOT / "examples" / "meltano.yml"
EXAMPLES = {
    DOCS / "guides" / "cron.md": "examples/sync.sh",
    DOCS / "guides" / "github-actions.md": "examples/github-actions.yml",
    DOCS / "guides" / "airflow.md": "examples/airflow_dag.py",
    DOCS / "report.md": "examples/github-actions-report.yml",
}
"""The example that a guide shows."""
LANGUAGES = {".sh": "bash", ".yml": "yaml", ".py": "python"}
MARKS = {".md": "<!-- {} -->", ".yml": "      # {}"}
"""A marker, by the suffix of its document."""

Tables = Mapping[str, Callable[[], str]]


def settings_table() -> str:
    """The table of settings, as it is for every version."""
    # The version changes with each release, and the page must not.
    return about.settings_table().replace(f"tap-incident/{VERSION}", "tap-incident/VERSION")


def block(path: Path) -> str:
    """A file of the repository as a block of code."""
    return f"```{LANGUAGES[path.suffix]}\n{path.read_text('utf-8')}```"


WHOLE: Mapping[Path, Callable[[], str]] = {
    ROOT / "meltano" / "tap-incident.yml": definition_file,
    SOURCES: sources,
    DUCKDB: macros,
}
"""The files that are made from beginning to end."""
PARTS: Mapping[Path, Tables] = {
    EXAMPLE: {"tap-incident": example_part},
    DOCS / "assumptions.md": {"limits": assumptions.limits, "assumptions": assumptions.page},
    DOCS / "columns.md": {"columns": sections},
    DOCS / "personal-data.md": {
        "left out": partial(personal.table, texts=False),
        "texts": partial(personal.table, texts=True),
    },
    DOCS / "settings.md": {"settings": settings_table},
    GUIDE: {"streams": about.streams_table, "unread": lambda: unread_table(json.loads(FACTS.read_text("utf-8")))},
    **{guide: {name: partial(block, ROOT / name)} for guide, name in EXAMPLES.items()},
}
"""The tables of each document. They stand between two markers that bear the table's name."""
FILES = (*WHOLE, *PARTS)


def rendered(text: str, tables: Tables, mark: str = MARKS[".md"]) -> str:
    """A document's text with each of its tables written anew; raises ValueError if there are no markers for one."""
    for name, table in tables.items():
        begin, end = mark.format(f"{name}: made by make docs"), mark.format(f"end of {name}")
        before, found, rest = text.partition(f"{begin}\n")
        _, closed, after = rest.partition(f"\n{end}")
        if not found or not closed:
            raise ValueError(f"there are no markers for the table of {name}")
        text = f"{before}{begin}\n{table()}\n{end}{after}"
    return text


def new_text(path: Path) -> str:
    """What a file of `FILES` must hold."""
    if path in PARTS:
        return rendered(path.read_text("utf-8"), PARTS[path], MARKS[path.suffix])
    return WHOLE[path]()


if __name__ == "__main__":
    for file in FILES:
        file.write_text(new_text(file), "utf-8")
