"""The files in schemas/: how they are read and laid out, and what the API's facts say of each part of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap_incident.streams import ROW_ID, Stream

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
Withheld = tuple[tuple[str, ...], ...]
"""Paths of properties that a schema must not have, relative to a part of it, without the brackets of lists."""


def read(folder: Path = FOLDER) -> dict[str, Json]:
    """The parsed schema files, by the path that a `$ref` has."""
    return {file.relative_to(folder).as_posix(): json.loads(file.read_text("utf-8")) for file in folder.rglob("*.json")}


def write(files: Mapping[str, Json], folder: Path = FOLDER) -> None:
    """Write each file whose schema is not what the folder has. The layout of the other files stays as it is."""
    there = read(folder)
    for name, schema in files.items():
        if there.get(name) != schema:
            (folder / name).write_text(rendered(schema) + "\n", "utf-8")


def rendered(schema: Any, indent: str = "") -> str:
    """The JSON text of a schema: a reference or a plain type on one line, a property per line otherwise."""
    is_long = isinstance(schema, dict) and (
        "additionalProperties" in schema or any(isinstance(part, dict) for part in schema.values())
    )
    if not is_long:
        return json.dumps(schema, ensure_ascii=False)
    inner = indent + "  "
    lines = (f"{inner}{json.dumps(name)}: {rendered(part, inner)}" for name, part in schema.items())
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def nullable(kind: str, **others: Any) -> Json:
    """A schema for null or the JSON type `kind`."""
    return {"type": ["null", kind], **others}


def made_by_the_tap(stream: Stream, streams: Iterable[Stream]) -> dict[str, Json]:
    """The schemas of the stream's columns that no row of the API has, by name."""
    nested = {
        child.parent.nested_as: nullable("array", items={"$ref": f"{child.name}.json"})
        for child in streams
        if child.parent.stream == stream.name and child.parent.nested_as
    }
    columns = [column for column, _ in stream.parent.added_columns]
    own = (*columns, stream.answer.list_column, ROW_ID if stream.answer.row_id_from else None)
    return nested | {name: nullable("string") for name in own if name}


def row_of(facts: Json, stream: Stream) -> Json:
    """The fact of a stream's row: that of the list, with what only a single row has."""
    item: Json = facts["endpoints"][stream.path]["item"]
    if stream.detail is None:
        return item
    single = facts["endpoints"][stream.detail.path]
    listed, one = (resolved(facts, part).get("properties", {}) for part in (item, single["item"]))
    own = {name: one[name] for name in stream.detail.columns if name in one}
    beside = {name: single["beside"][name] for name in stream.detail.beside if name in single.get("beside", {})}
    # What only the single row has and no column takes shows as a difference.
    return {"type": "object", "properties": {**one, **listed, **own, **beside}}


def component_of(fact: Json) -> str:
    """The name of the component that a fact refers to; empty if it isn't a reference."""
    name: str = fact.get("$ref", "").rpartition("/")[2]
    return name


def resolved(facts: Json, fact: Json) -> Json:
    """The fact that a reference leads to."""
    found: Json = facts["components"][component_of(fact)] if "$ref" in fact else fact
    return found


def below(withheld: Withheld, name: str) -> Withheld:
    """What is withheld within the property `name`; an empty path stands for all of it."""
    return tuple(path[1:] for path in withheld if path[:1] == (name,))


@dataclass(frozen=True)
class Spot:
    """A part of a schema, and the fact about what the API has there."""

    place: str
    """The file and the path in it, to print."""
    schema: Json
    fact: Json
    withheld: Withheld = ()
    above: tuple[str, ...] = ()
    """The components that hold it in the same file, and its own."""


def top(facts: Json, stream: Stream, schema: Json) -> Spot:
    """The whole schema of a stream, and the fact about its rows."""
    withheld = tuple(tuple(path.replace("[]", "").split(".")) for path in stream.privacy.withheld)
    return Spot(stream.name, schema, row_of(facts, stream), withheld)


def walk(facts: Json, files: Mapping[str, Json], spot: Spot, stop: str = "") -> Iterator[Spot]:
    """The spot and all below it that schema and facts have, without references; not what has the keyword `stop`."""
    schema, above = spot.schema, (*spot.above, component_of(spot.fact))
    if stop in schema:
        return
    if "$ref" in schema:
        file = schema["$ref"]
        yield from walk(facts, files, Spot(file.removesuffix(".json"), files[file], spot.fact, spot.withheld), stop)
        return
    fact = resolved(facts, spot.fact)
    yield Spot(spot.place, schema, fact, spot.withheld, above)
    if "items" in fact and "items" in schema:
        items = Spot(f"{spot.place}[]", schema["items"], fact["items"], spot.withheld, above)
        yield from walk(facts, files, items, stop)
    for name, part in schema.get("properties", {}).items():
        if name in fact.get("properties", {}):
            inner = Spot(f"{spot.place}.{name}", part, fact["properties"][name], below(spot.withheld, name), above)
            yield from walk(facts, files, inner, stop)
