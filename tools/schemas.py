"""What schemas/ lacks of the API's lists, taken from tests/fake_api/facts.json: `make schemas` writes it.

It adds new properties to the files that are there, and writes the file of a stream that has none. All else stays: what
is ours, and a type that has changed, which `make schema-drift` names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tap_incident.streams import STREAMS, Stream
from tools.facts import FACTS
from tools.personal import questions
from tools.schema_files import (
    FOLDER,
    Json,
    Spot,
    Withheld,
    below,
    component_of,
    made_by_the_tap,
    nullable,
    read,
    resolved,
    top,
    walk,
    write,
)


def bring_up(facts: Json, files: dict[str, Json], streams: Sequence[Stream] = STREAMS) -> list[str]:
    """Add to `files` what they lack, and return a line for each addition.

    `files` has the schemas by the path of their file in schemas/. Raises ValueError for a stream that has neither a
    file nor facts.
    """
    endpoints = facts["endpoints"]
    lost = [f"{s.name}: the facts have no {s.path}" for s in streams if not (s.path in endpoints or _file(s) in files)]
    if lost:
        raise ValueError("\n".join(lost))
    tops = [top(facts, stream, files.get(_file(stream), {})) for stream in streams if stream.path in endpoints]
    # All files are compared before one is changed, so that each new part can use the shared files that are there.
    spots = [spot for each in tops for spot in walk(facts, files, each)]
    shared: dict[str, str] = {}
    for spot in spots:
        file = f"{spot.place}.json"
        if file.startswith("shared/") and file in files and spot.above[0]:
            shared.setdefault(spot.above[0], file)
    done = [line for spot in spots for line in _fill(Maker(facts, shared), files, spot)]
    return done + [line for stream in streams for line in _add_columns(files[_file(stream)], stream, streams)]


def _file(stream: Stream) -> str:
    return f"{stream.name}.json"


def _fill(maker: Maker, files: dict[str, Json], spot: Spot) -> Iterator[str]:
    if not spot.schema:
        files[f"{spot.place}.json"] = maker.own(spot.fact, spot.above, spot.withheld)
        yield f"schemas/{spot.place}.json: new file"
    # A schema without properties is a free object: what it holds is no concern of ours.
    for name, fact in spot.fact.get("properties", {}).items() if "properties" in spot.schema else ():
        withheld = below(spot.withheld, name)
        # Several places lead to the same shared file.
        if name not in spot.schema["properties"] and () not in withheld:
            _put(spot.schema["properties"], name, maker.part(fact, spot.above, withheld))
            yield f"{spot.place}.{name}: new property"


class Maker:
    """Makes schemas from facts. `shared` has the file in schemas/shared/ of a component, where there is one."""

    def __init__(self, facts: Json, shared: Mapping[str, str]) -> None:
        self._facts, self._shared = facts, shared

    def part(self, fact: Json, above: tuple[str, ...], withheld: Withheld) -> Json:
        """The schema of a fact, nullable. `above` are the components that hold it in the same file.

        A component within itself, and an object whose properties have no fixed names, becomes a free object.
        """
        component = component_of(fact)
        if component and component in above:
            return nullable("object", additionalProperties=True)
        if component in self._shared and not withheld:
            return {"$ref": self._shared[component]}
        return self.own(resolved(self._facts, fact), (*above, component), withheld)

    def own(self, fact: Json, above: tuple[str, ...], withheld: Withheld) -> Json:
        """The same, written out."""
        if fact.get("properties"):
            properties = {
                name: self.part(part, above, below(withheld, name))
                for name, part in sorted(fact["properties"].items())
                if () not in below(withheld, name)
            }
            return nullable("object", properties=properties, additionalProperties=False)
        if fact["type"] == "object":
            return nullable("object", additionalProperties=True)
        if fact["type"] == "array":
            return nullable("array", items=self.part(fact["items"], above, withheld))
        # Other formats are widths of numbers, which JSON Schema doesn't have.
        formats = {"format": "date-time"} if fact.get("format") == "date-time" else {}
        return nullable(fact["type"], **formats)


def _add_columns(schema: Json, stream: Stream, streams: Sequence[Stream]) -> Iterator[str]:
    for name, column in made_by_the_tap(stream, streams).items():
        if name not in schema["properties"]:
            _put(schema["properties"], name, column)
            yield f"{stream.name}.{name}: new column, made by the tap"


def _put(properties: Json, name: str, schema: Json) -> None:
    properties[name] = schema
    # The document and the files sort properties by their names.
    in_order = sorted(properties.items())
    properties.clear()
    properties.update(in_order)


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
