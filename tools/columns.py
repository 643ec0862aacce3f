"""The text of docs/columns.md: the meaning of every column, from the schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import STREAMS, Stream
from tests.fake_api.organisation import Organisation, sample_organisation
from tests.support.runs import as_read

Json = dict[str, Any]

_NOW = datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)
_INCIDENTS = 40
_LONGEST_TEXT = 70


def sections() -> str:
    """A section for each stream."""
    organisation = sample_organisation(_INCIDENTS, now=_NOW)
    return "\n".join(_section(stream, organisation) for stream in STREAMS)


def described(part: Json, path: str = "", *, deep: bool) -> Iterator[tuple[str, Json]]:
    """Each property of a schema with its path, outermost first; only those of the row itself if not `deep`."""
    for name, inner in part.get("properties", {}).items():
        yield path + name, inner
        if deep:
            yield from described(inner, f"{path}{name}.", deep=True)
    if "items" in part and deep:
        yield from described(part["items"], f"{path.removesuffix('.')}[].", deep=True)


def _section(stream: Stream, organisation: Organisation) -> str:
    keys = ", ".join(f"`{key}`" for key in stream.key_properties)
    default = "Selected by default." if stream.selected_by_default else "Not selected by default."
    changes = " Can be read incrementally." if stream.replication_key else ""
    rows = [
        f"| `{path}` | {_kind(part)} | {part.get('description', '')} |"
        for path, part in described(schema(stream), deep=stream.selected_by_default)
    ]
    lines = [f"## {stream.name}", "", f"{stream.description}. Primary key: {keys}. {default}{changes}", ""]
    lines += ["| column | type | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join([*lines, *_example(stream, organisation)])


def _kind(part: Json) -> str:
    if "items" in part:
        return f"list of {_kind(part['items'])}s".replace("texts", "text")
    kinds = [kind for kind in part.get("type", ()) if kind != "null"]
    if part.get("format") == "date-time":
        return "timestamp"
    return " or ".join({"string": "text"}.get(kind, kind) for kind in kinds) or "any JSON"


def _example(stream: Stream, organisation: Organisation) -> list[str]:
    """The fullest record of the made-up organisation, as a block of JSON."""
    rows = [as_read(stream, row) for row in organisation.rows[stream.path]]
    if not rows:
        return []
    whole = schema(stream)
    shape = shaper(Selected(stream, whole), whole, lambda _: None)
    records = (shape(row) for row in rows)
    fullest = max(records, key=lambda record: sum(value not in (None, [], {}) for value in record.values()))
    return ["```json", json.dumps(_short(fullest), ensure_ascii=False, indent=2), "```", ""]


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value[:1]]
    return f"{value[:_LONGEST_TEXT]}..." if isinstance(value, str) and len(value) > _LONGEST_TEXT else value
