"""The parts of docs/assumptions.md that come from the code."""

from __future__ import annotations

from tap_incident.assumptions.probe import MOST_REQUESTS, MOST_SECONDS
from tap_incident.assumptions.table import assumptions

SOURCES = {
    "document": "incident.io documents it.",
    "observed": "Other people saw it. incident.io does not document it, or documents something else.",
    "guess": "Nobody has said it.",
}


def limits() -> str:
    """What the command takes."""
    return f"It only reads, sends at most {MOST_REQUESTS} requests, and takes at most {MOST_SECONDS // 60} minutes."


def page() -> str:
    """What the tap believes of the API, and what happens to a sync if it is wrong."""
    lines = ["The source says where an assumption comes from:", ""]
    lines += [f"- `{source}`: {text}" for source, text in SOURCES.items()]
    lines += ["", "| id | source | the tap believes | if it is wrong |", "| --- | --- | --- | --- |"]
    lines += [f"| `{each.id}` | {each.source} | {each.belief} | {each.if_wrong} |" for each in assumptions()]
    return "\n".join(lines)
