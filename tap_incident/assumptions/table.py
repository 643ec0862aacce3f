"""The assumptions, and the table of `--check --assumptions`. It can be published: it has only words of the tap."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from tap_incident.api.client import Client
from tap_incident.assumptions import contents, paging
from tap_incident.assumptions.probe import Probe, Untold
from tap_incident.errors import Rejected, Unreadable
from tap_incident.settings import VERSION
from tap_incident.streams import BY_NAME, STREAMS, Answer, Stream

_IDENTITY = Stream("identity", "/v1/identity", "Whose key it is", answer=Answer(one_row_with="identity"))
# A check must not request what people are paid.
_PAGED = [s for s in STREAMS if s.page_size and s.parent.stream is None and not s.name.startswith("pay_")]
_CHECKS = {**paging.CHECKS, **contents.CHECKS}


@dataclass(frozen=True)
class Assumption:
    """What the tap believes of some lists."""

    id: str
    source: str
    """`document`, `observed` (by others), or `guess`."""
    lists: Sequence[Stream]
    belief: str
    if_wrong: str
    """What happens to a sync then."""


def assumptions() -> list[Assumption]:
    """All of them, in the order in which they are checked: those that cost most come last."""
    rows = json.loads((files("tap_incident.assumptions") / "table.json").read_text("utf-8"))
    return [Assumption(**{**row, "lists": _lists(row["lists"])}) for row in rows]


def _lists(names: str) -> Sequence[Stream]:
    return _PAGED if names == "all" else [_IDENTITY if name == "identity" else BY_NAME[name] for name in names.split()]


def report(client: Client) -> Iterator[str]:
    """The lines of the table. Raises BadKey, BadEndpoint or PassingFault if the API can't be asked."""
    began = time.monotonic()
    client.identity()
    probe, every = Probe(client), assumptions()
    yield f"tap-incident {VERSION}: assumptions about the API (docs/assumptions.md)"
    yield ""
    width = max(len(each.id) for each in every)
    for each in every:
        found: dict[str, list[str]] = {}
        for stream in each.lists:
            found.setdefault(_result(each, stream, probe), []).append(stream.name)
        for result, names in found.items():
            yield f"{each.id:{width}}  {each.source:8}  {result}: {', '.join(names)}"
    yield ""
    yield f"{client.sent} requests in {time.monotonic() - began:.0f} s"


def _result(each: Assumption, stream: Stream, probe: Probe) -> str:
    try:
        holds, if_not, seen = _CHECKS[each.id](probe, stream)
    except Rejected:
        holds, if_not, seen = False, "refused", ""
    except (Untold, Unreadable, AttributeError, LookupError, TypeError, ValueError):
        # Rows of any form may come: what can't be read as expected tells nothing.
        return "can't be told here"
    noted = seen or ("" if holds else if_not)
    return f"{'holds' if holds else 'does not hold'}{f' ({noted})' if noted else ''}"
