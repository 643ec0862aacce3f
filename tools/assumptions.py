"""docs/assumptions.md: what the tap believes of the API, and what happens to a sync if it is wrong."""

from __future__ import annotations

from tap_incident.assumptions.probe import MOST_REQUESTS, MOST_SECONDS
from tap_incident.assumptions.table import Assumption, assumptions

SOURCES = {
    "document": "incident.io documents it.",
    "observed": "Other people saw it. incident.io does not document it, or documents something else.",
    "guess": "Nobody has said it.",
}
HEAD = f"""\
# Assumptions about the API

The developers of the tap have no key: they built it from documents, from what others saw, and from guesses. If you have
a key, one command checks all of them:

```bash
tap-incident --check --assumptions
```

It only reads, sends at most {MOST_REQUESTS} requests, and takes at most {MOST_SECONDS // 60} minutes. It prints a line
per assumption and result, with the names of the lists:

- `holds`: the answers agree with the assumption.
- `does not hold`: they do not. In brackets is what was found.
- `can't be told here`: there are no such rows, or the key may not read them.

The table has no data of your organisation: no ids, names, texts or counts. So you can paste it into a public issue (use
the template "Assumptions about the API").
"""


def page() -> str:
    """The whole page."""
    every = assumptions()
    sources = "\n".join(f"- `{source}`: {text}" for source, text in SOURCES.items())
    return (
        f"{HEAD}\n## What the tap believes\n\nThe source says where an assumption comes from:\n\n{sources}\n\n"
        + "\n".join(
            ["| id | source | the tap believes | if it is wrong |", "| --- | --- | --- | --- |", *map(_row, every), ""]
        )
    )


def _row(each: Assumption) -> str:
    return f"| `{each.id}` | {each.source} | {each.belief} | {each.if_wrong} |"
