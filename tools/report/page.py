"""The report as a page that needs no network, as Markdown, and as a short message: templates/ has the words."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.report import numbers, sections
from tools.report.marts import definition
from tools.report.numbers import Data, Grey, Link
from tools.report.tiles import tiles

MOST = 10
"""Rows of a list that can be long."""
FORMS = {"report.html": "html", "report.md": "markdown", "message.txt": "text"}
_LISTS = (
    *("of_the_week", "open_now", "months", "resolved", "times", "slices", "repeated", "follow_ups", "oldest", "people"),
    *("schedules", "hours", "sources", "noisiest"),
)


def pages(data: Data, warnings: list[str]) -> dict[str, str]:
    """The text of each file, by its name."""
    given = {name: getattr(sections, name)(data) for name in _LISTS}
    given |= {"data": data, "warnings": warnings, "tiles": tiles(data), "week": sections.week(data), "MOST": MOST}
    given |= {
        "organisation": (name := organisation(data)),
        "sample": data.origin.sample or (not data.origin.noted and ".example.com" in name),
    }
    given |= {"AGES": [name for name, _ in numbers.AGES], "KINDS": list(numbers.KINDS), "definition": definition}
    return {name: _environment(form).get_template(f"{name}.j2").render(**given) for name, form in FORMS.items()}


def _environment(form: str) -> Environment:
    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    made = Environment(
        loader=loader,
        autoescape=form == "html",  # noqa: S701 - the others are no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.filters |= {"shown": shown, "plain": plain, "bare": bare}
    made.globals["cut"] = cut
    return made


def organisation(data: Data) -> str:
    """What the run noted, else the address that the incidents have in common."""
    found = Counter(row["permalink"].split("/incidents/")[0] for row in data.incidents if row["permalink"])
    if data.origin.sample:
        return "a sample, made on this machine"
    return data.origin.organisation or min(found, key=lambda address: (-found[address], address), default="")


def shown(value: Any) -> str:
    """A value as people write it: a float is hours, a timedelta an age."""
    if isinstance(value, (Grey, Link)):
        return shown(value.value if isinstance(value, Grey) else value.text)
    if isinstance(value, float):
        return f"{value * 60:.0f} min" if value < 1 else f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} d"
    if isinstance(value, timedelta):
        return "today" if not value.days else f"{value.days} day{'s' * (value.days != 1)}"
    return "–" if value in (None, 0) else f"{value:,}" if isinstance(value, int) else str(value)


def plain(value: Any) -> str:
    """A text that stays a text in Markdown, also in a table: what people wrote must not become markup or a new row."""
    text = re.sub(r"([\\`*_{}\[\]<>()#+!|~@$&])", r"\\\1", " ".join(shown(value).split()))
    return text.replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;").replace("://", ":&#8203;//")


def bare(value: Any) -> str:
    """A text without the marks of chat programs."""
    return re.sub(r"[\\`*_\[\]<>~|@#]", "", " ".join(shown(value).split()))


def cut(lines: list[numbers.Line], what: str, most: int = MOST) -> str:
    """Says what of a list is not shown; of a ranked one, how much its first line has."""
    more = lines[most:]
    rank = f", with at most {more[0].rank:,} each" if more and more[0].rank is not None else ""
    return f"{len(more):,} more {what} are not shown{rank}." if more else ""
