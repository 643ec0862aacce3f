"""What schemas/ lacks of the API's lists, taken from tests/fake_api/facts.json: `make schemas` writes it.

It adds new properties to the files that are there, and writes the file of a stream that has none. All else in a file
is ours and stays: descriptions, columns that the tap adds, free objects, properties that the document has dropped. A
property that a stream withholds is not added. A type that has changed stays as it is; `make schema-drift` names it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tap_incident.streams import STREAMS, Stream
from tools.facts import FACTS
from tools.personal import questions
from tools.schema_files import FOLDER, Json, made_by_the_tap, read, row_of, write
from tools.schema_parts import Parts, Withheld, below, component_of


@dataclass(frozen=True)
class Spot:
    """Where a schema has its place: under `name` in `holder`, which is all files or a part of one."""

    place: str
    """File and path in it, to print."""
    holder: Json
    name: str
    fact: Json
    """What the API has there."""
    above: tuple[str, ...] = ()
    """The components in this file that hold it."""
    withheld: Withheld = ()


def bring_up(facts: Json, files: dict[str, Json], streams: Sequence[Stream] = STREAMS) -> list[str]:
    """Add to `files` what they lack, and return a line for each addition.

    `files` has the schemas by the path of their file in schemas/. Raises ValueError for a stream that has neither a
    file nor facts.
    """
    endpoints = facts["endpoints"]
    lost = [f"{s.name}: the facts have no {s.path}" for s in streams if not (s.path in endpoints or _file(s) in files)]
    if lost:
        raise ValueError("\n".join(lost))
    known = [stream for stream in streams if stream.path in endpoints]
    parts = Parts(facts["components"])
    rows = [Spot(stream.name, files, _file(stream), row_of(facts, stream), (), _withheld(stream)) for stream in known]
    # All files are compared before one is changed, so that each new part can use the shared files that are there.
    gaps = [gap for row in rows for gap in _gaps(parts, files, row)]
    done = [line for gap in gaps for line in _fill(parts, gap)]
    return done + [line for stream in streams for line in _add_columns(files[_file(stream)], stream, streams)]


def _file(stream: Stream) -> str:
    return f"{stream.name}.json"


def _withheld(stream: Stream) -> Withheld:
    return tuple(tuple(path.replace("[]", "").split(".")) for path in stream.privacy.withheld)


def _gaps(parts: Parts, files: dict[str, Json], spot: Spot) -> Iterator[Spot]:
    if spot.name not in spot.holder:
        yield spot
        return
    schema, component = spot.holder[spot.name], component_of(spot.fact)
    if "$ref" in schema:
        file = schema["$ref"]
        if component:
            parts.shared.setdefault(component, file)
        yield from _gaps(parts, files, Spot(file.removesuffix(".json"), files, file, spot.fact, (), spot.withheld))
        return
    fact, above = parts.resolve(spot.fact), (*spot.above, component)
    if "items" in fact and "items" in schema:
        yield from _gaps(parts, files, Spot(f"{spot.place}[]", schema, "items", fact["items"], above, spot.withheld))
    # A schema without properties is a free object: what it holds is no concern of ours.
    for name, part in fact.get("properties", {}).items() if "properties" in schema else ():
        if (name,) not in spot.withheld:
            withheld = below(spot.withheld, name)
            yield from _gaps(
                parts, files, Spot(f"{spot.place}.{name}", schema["properties"], name, part, above, withheld)
            )


def _fill(parts: Parts, gap: Spot) -> Iterator[str]:
    if gap.name in gap.holder:
        return  # Several places lead to the same shared file.
    if gap.name.endswith(".json"):
        _put(gap.holder, gap.name, parts.row(gap.fact, gap.withheld))
        yield f"schemas/{gap.name}: new file"
    else:
        _put(gap.holder, gap.name, parts.schema(gap.fact, gap.above, gap.withheld))
        yield f"{gap.place}: new property"


def _add_columns(schema: Json, stream: Stream, streams: Sequence[Stream]) -> Iterator[str]:
    for name, column in made_by_the_tap(stream, streams).items():
        if name not in schema["properties"]:
            _put(schema["properties"], name, column)
            yield f"{stream.name}.{name}: new column, made by the tap"


def _put(holder: Json, name: str, schema: Json) -> None:
    holder[name] = schema
    # The document and the files sort properties by their names.
    in_order = sorted(holder.items())
    holder.clear()
    holder.update(in_order)


def main(facts: Path = FACTS, folder: Path = FOLDER, streams: Sequence[Stream] = STREAMS) -> int:
    """Bring the files in `folder` up to the facts and print what was added; 1 if a stream has no facts."""
    files, known = read(folder), json.loads(facts.read_text("utf-8"))
    try:
        done = bring_up(known, files, streams)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    write(files, folder)
    done += questions(files, known, streams)
    print("\n".join((*done, "write a description for each, then: make docs") if done else ("nothing to do",)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
