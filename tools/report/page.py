"""The report as one HTML page that needs no network, and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

from tools.report.sections import Cell, Section

_STYLE = """
:root { color-scheme: light dark; --line: #8885; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1180px; padding: 16px; }
main { display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
section { border-top: 1px solid var(--line); min-width: 0; }
svg { height: auto; max-width: 100%; }
p { margin: 4px 0; }
small, .period { opacity: 0.75; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid var(--line); padding: 2px 5px; text-align: right; }
td:first-child, th:first-child { text-align: left; }
@media print { section { break-inside: avoid; } }
"""


def html(sections: Sequence[Section], draw: Callable[[Section], str], now: datetime) -> str:
    """The page. `draw` makes the SVG of a section that has numbers."""
    body = "\n".join(_section(section, draw) for section in sections)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>Incident report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f"<h1>Incident report</h1>\n<p class=period>{_as_of(now)}</p>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(section: Section, draw: Callable[[Section], str]) -> str:
    lines = [f"<h2>{escape(section.title)}</h2>", f"<p class=period>{escape(section.period)}</p>"]
    if section.rows:
        head = "".join(f"<th>{escape(name)}</th>" for name in section.header)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in row) + "</tr>" for row in section.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        lines += [draw(section), f"<div class=wide>{table}</div>"]
    lines.append(f"<p><small>{escape(section.method)} {escape(section.left_out)}</small></p>")
    return "<section>\n" + "\n".join(lines) + "\n</section>"


def markdown(sections: Sequence[Section], now: datetime) -> str:
    """The same for a chat message or the summary of a CI job, without charts."""
    lines = ["# Incident report", "", _as_of(now), ""]
    for section in sections:
        lines += [f"## {section.title}", "", f"{section.period}. {section.method} {section.left_out}".strip(), ""]
        if section.rows:
            lines += [_line(section.header), _line(["---", *["---:"] * (len(section.header) - 1)])]
            lines += [*(_line(list(map(_shown, row))) for row in section.rows), ""]
    return "\n".join(lines)


def _as_of(now: datetime) -> str:
    return f"As of {now:%Y-%m-%d %H:%M} UTC, from the data that was loaded."


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _shown(cell: Cell) -> str:
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int | float) else cell
