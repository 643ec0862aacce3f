"""What is personal in the rows: what in schemas/ lacks a mark, and the tables of docs/personal-data.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tap_incident.protocol.schemas import DETAILS, MARK, TEXT, marks
from tap_incident.streams import STREAMS, Stream
from tools.schema_files import Json, Spot, resolved, top, walk

_LOOKS = re.compile(
    r"e_?mail|slack_(user|id)|phone|mobile|avatar|photo|picture|birth|gender|external_user|fallback_user|holiday_name|"
    r"(first|last|full|middle|nick|display|user|real|given|family)_?name|^handle$"
)
"""A property with such a name tells who a person is."""
_PERSON = re.compile(r"(user|person|people|member|assignee|editor|responder|caller|participant|contact|subscriber)s?$")
"""An object with such a name is a person, whose `name` is one."""


def questions(files: Mapping[str, Json], facts: Json, streams: Iterable[Stream] = STREAMS) -> list[str]:
    """A line for each place that looks personal and has no mark, in the schemas of `schema_files.read`."""
    places: dict[str, None] = {}  # Several streams can have the same shared file.
    for stream in streams:
        if stream.path in facts["endpoints"]:
            for spot in walk(facts, files, top(facts, stream, files[f"{stream.name}.json"]), MARK):
                places |= dict.fromkeys(_unmarked(facts, spot))
    return [f"{place}: is it personal? Give it the mark {MARK} (docs/contributing.md)" for place in places]


def _unmarked(facts: Json, spot: Spot) -> Iterator[str]:
    """The places directly below a spot that look personal and have no mark, or the spot itself if it is free."""
    properties = spot.schema.get("properties", {})
    for name, part in properties.items():
        if MARK not in part and _is_text(part) and _looks_personal(name, spot.place.removesuffix("[]"), properties):
            yield f"{spot.place}.{name}"
    if not {"items", "properties"} & spot.schema.keys() and _holds_people(facts, spot.fact, ()):
        yield spot.place


def _is_text(part: Json) -> bool:
    return "string" in part.get("items", part).get("type", ()) and "format" not in part


def _looks_personal(name: str, place: str, beside: Json) -> bool:
    if name == "name":
        holder = place.rpartition(".")[2]
        return bool(_PERSON.search(holder) or {"user_id", "email", "slack_user_id"} & set(beside))
    return bool(_LOOKS.search(name)) or (name == "label" and "literal" in beside)


def _holds_people(facts: Json, fact: Json, above: tuple[str, ...]) -> bool:
    """Whether an object whose properties have no schema has some that would need a mark."""
    if fact.get("$ref") in above:
        return False
    above, fact = (*above, fact.get("$ref", "")), resolved(facts, fact)
    properties = fact.get("properties", {})
    inner = [*properties.values(), *(fact[key] for key in ("items", "additionalProperties") if key in fact)]
    looks = any(_looks_personal(name, "", properties) for name in properties)
    return looks or any(_holds_people(facts, each, above) for each in inner)


def columns(stream: Stream, *, texts: bool) -> str:
    """The texts of a stream that stay, or else the columns that are left out: names of properties, and where they are.

    Values and their labels are in many places, so only the column is named.
    """
    names: dict[str, dict[str, None]] = {}
    people = []
    for path, kind in marks(stream).items():
        if kind == DETAILS and not texts:
            people.append(path)
        elif (kind in (TEXT, DETAILS)) == texts:
            holder, _, name = path.rpartition(".")
            is_value = name in ("label", "literal")
            names.setdefault(holder.partition(".")[0].removesuffix("[]") if is_value else holder, {})[name] = None
    own = [_code(names.pop(""))] if "" in names else []
    holders: dict[str, list[str]] = {}
    for holder, found in names.items():
        holders.setdefault(_code(found), []).append(holder)
    parts = [*own, *(f"{found} in {_code(where)}" for found, where in holders.items())]
    return "; ".join([*parts, *([f"people in {_code(people)}"] if people else [])])


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def table(*, texts: bool) -> str:
    """A Markdown table with a row per stream that has such columns."""
    lines = ["| stream | texts that stay |" if texts else "| stream | left out |", "| --- | --- |"]
    found = ((stream.name, columns(stream, texts=texts)) for stream in STREAMS)
    return "\n".join([*lines, *(f"| `{name}` | {cells} |" for name, cells in found if cells)])
