"""What is personal in the rows: what in schemas/ lacks a mark, and the tables of docs/personal-data.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tap_incident.protocol.schemas import DETAILS, MARK, TEXT, marks
from tap_incident.streams import STREAMS, Stream
from tools.schema_files import Json, resolved, row_of

_LOOKS = re.compile(
    r"e_?mail|slack_(user|id)|phone|mobile|avatar|photo|picture|birth|gender|external_user|fallback_user|holiday_name|"
    r"(first|last|full|middle|nick|display|user|real|given|family)_?name|^handle$"
)
"""A property with such a name tells who a person is."""
_PERSON = re.compile(r"(user|person|people|member|assignee|editor|responder|caller|participant|contact|subscriber)s?$")
"""An object with such a name is a person, whose `name` is one."""


def questions(files: Mapping[str, Json], facts: Json, streams: Iterable[Stream] = STREAMS) -> list[str]:
    """A line for each place that looks personal and has no mark, in the schemas of `schema_files.read`."""
    found: dict[int, str] = {}
    for stream in streams:
        fact = row_of(facts, stream) if stream.path in facts["endpoints"] else {}
        for place, part in _unmarked(files, facts, files[f"{stream.name}.json"], fact, stream.name):
            # A shared file has many places: the first one is enough.
            found.setdefault(id(part), place)
    return [f"{place}: is it personal? Give it the mark {MARK} (docs/contributing.md)" for place in found.values()]


def _unmarked(files: Mapping[str, Json], facts: Json, part: Json, fact: Json, place: str) -> Iterator[tuple[str, Json]]:
    """The parts of a schema that look personal and have no mark, each with its place."""
    if MARK in part:
        return
    part, fact = files[part["$ref"]] if "$ref" in part else part, resolved(facts, fact)
    if "items" in part:
        yield from _unmarked(files, facts, part["items"], fact.get("items", {}), place)
    elif "properties" in part:
        for name, inner in part["properties"].items():
            inner_fact = fact.get("properties", {}).get(name, {})
            if MARK not in inner and _is_text(inner) and _looks_personal(name, place, part["properties"]):
                yield f"{place}.{name}", inner
            yield from _unmarked(files, facts, inner, inner_fact, f"{place}.{name}")
    elif "object" in part["type"] and _holds_people(facts, fact, ()):
        yield place, part


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
    return any(_looks_personal(name, "", properties) for name in properties) or any(
        _holds_people(facts, each, above) for each in inner
    )


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
