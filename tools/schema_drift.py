"""What the newest API has that schemas/, the table of streams and the facts have not, and the other way round.

`make schema-drift` compares with the newest document that it can get, `make schema-drift SPEC=openapi.json` with a
file. Exit code 1 if there is a difference.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tap_incident.protocol.schemas import schema
from tap_incident.streams import ROW_ID, STREAMS, Stream
from tools.facts import FACTS, newest_facts
from tools.openapi import UNAVAILABLE

Json = dict[str, Any]

DROPPED = ("layer_id",)
"""Properties that the document has dropped and the schemas keep, since answers may still have them."""


def drift(facts: Json, present: Json) -> list[str]:
    """A line for each difference of streams and schemas with `facts`, and of those with the `present` facts."""
    found = (line for stream in STREAMS for line in of_stream(facts, stream))
    return [*found, *of_facts(facts, present)]


def of_stream(facts: Json, stream: Stream) -> Iterator[str]:
    """A line for each difference of a stream and its schema with the facts."""
    endpoint = facts["endpoints"].get(stream.path)
    if endpoint is None:
        reason = facts["left_out"].get(stream.path)
        yield f"{stream.name}: " + (f"{stream.path} is {reason}" if reason else f"the document has no {stream.path}")
        return
    scopes = (endpoint["scope"] or "").split(" or ")
    if stream.scope not in scopes and scopes != ["unknown"]:
        yield f"{stream.name}: the permission is {' or '.join(scopes) or 'none'}, not {stream.scope or 'none'}"
    yield from _of_parameters(endpoint, stream)
    key = stream.answer.key or stream.name
    if endpoint["holds"] != "item" and endpoint["answer_key"] != key:
        yield f'{stream.name}: the answer of {stream.path} has no list "{key}"'
        return
    ours = schema(stream)
    for name in made_by_the_tap(stream):
        del ours["properties"][name]
    withheld = tuple(f"{stream.name}.{name}:" for name in stream.privacy.withheld)
    lines = _of_schema(facts["components"], endpoint["item"], ours, stream.name, ())
    yield from (line for line in dict.fromkeys(lines) if not line.startswith(withheld))


def made_by_the_tap(stream: Stream) -> list[str]:
    """Columns of a stream that no row of the API has."""
    nested = [
        other.parent.nested_as for other in STREAMS if other.parent.stream == stream.name and other.parent.nested_as
    ]
    own = [stream.answer.list_column, ROW_ID if stream.answer.row_id_from else None]
    return [*nested, *(column for column, _ in stream.parent.added_columns), *(name for name in own if name)]


def sent(stream: Stream) -> set[str]:
    """The parameters that a stream's requests can have, without the brackets of operators."""
    pairs = (*stream.params, *stream.parent.params, *stream.parent.also_by, *stream.parent.orphan_params)
    names = {name for name, _ in pairs} | set(stream.window.params if stream.window else ())
    names |= {stream.mode_param} if stream.mode_param else set()
    names |= {"page_size", stream.cursor_param} if stream.page_size else set()
    return {name.split("[")[0] for name in names if f"{{{name}}}" not in stream.path}


def parameters_of(endpoint: Json) -> dict[str, Json]:
    """All parameters of the query, those of paging with the others."""
    paging = endpoint.get("paging", {})
    cursor = {paging["cursor"]: {"type": "string"}} if paging else {}
    size = {"page_size": paging["page_size"]} if "page_size" in paging else {}
    return {**cursor, **size, **endpoint["parameters"]}


def _of_parameters(endpoint: Json, stream: Stream) -> Iterator[str]:
    known, names = parameters_of(endpoint), sent(stream)
    for name in sorted(names - known.keys()):
        yield f"{stream.name}: {stream.path} takes no parameter {name}"
    most = known.get("page_size", {}).get("maximum")
    if stream.page_size and most and stream.page_size > most:
        yield f"{stream.name}: page_size is {most} at most, the table says {stream.page_size}"
    for name, parameter in known.items():
        if parameter.get("required") and name not in names:
            yield f"{stream.name}: {stream.path} requires the parameter {name}"


def _of_schema(components: Json, theirs: Json, ours: Json, at: str, above: tuple[str, ...]) -> Iterator[str]:
    reference = theirs.get("$ref", "").rpartition("/")[2]
    if reference and reference in above:
        return  # A type that holds itself: the schema stops there with a free object.
    above = (*above, reference)
    theirs = components[reference] if reference else theirs
    wanted = theirs.get("type", "object")
    if wanted not in ours["type"]:
        yield f"{at}: the document says {wanted}, the schema {' or '.join(ours['type'])}"
        return
    if (theirs.get("format") == "date-time") != (ours.get("format") == "date-time"):
        yield f"{at}: only one of document and schema says date-time"
    if wanted == "array":
        yield from _of_schema(components, theirs.get("items", {}), ours["items"], f"{at}[]", above)
    if "properties" not in ours:
        return  # A free object holds whatever the API sends.
    properties, own = theirs.get("properties", {}), ours["properties"]
    for name in sorted(properties.keys() | own.keys()):
        if name not in own:
            yield f"{at}.{name}: new in the document"
        elif name in properties:
            yield from _of_schema(components, properties[name], own[name], f"{at}.{name}", above)
        elif name not in DROPPED:
            yield f"{at}.{name}: no longer in the document"


def of_facts(facts: Json, present: Json) -> Iterator[str]:
    """A line for each difference with the present facts: endpoints, their parameters, and what is deprecated."""
    streams = {stream.path: stream for stream in STREAMS}
    before, after = present["endpoints"], facts["endpoints"]
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            yield f"{path}: new in the document, {after[path]['holds']}"
        elif path in after:
            known = sent(streams[path]) if path in streams else set()
            yield from _of_endpoint(path, parameters_of(before[path]), parameters_of(after[path]), known)
        elif path not in streams:
            yield f"{path}: {facts['left_out'].get(path, 'no longer in the document')}"
    for name in sorted(set(deprecated(facts["components"])) - set(deprecated(present["components"]))):
        yield f"{name}: deprecated"


def _of_endpoint(path: str, before: Json, after: Json, sent_by_the_tap: set[str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"{path}: new parameter {name}"
        elif name not in after:
            if name not in sent_by_the_tap:  # Its stream says so.
                yield f"{path}: no longer has the parameter {name}"
        elif before[name] != after[name]:
            yield f"{path}: the parameter {name} was {json.dumps(before[name])}, and is {json.dumps(after[name])}"


def deprecated(part: Any, at: str = "") -> Iterator[str]:
    """The paths of what is marked as deprecated below components or properties."""
    for name, schema_of in part.items():
        place = f"{at}.{name}" if at else name
        if schema_of.get("deprecated") is True:
            yield place
        yield from deprecated(schema_of.get("properties", {}), place)


def properties_in(ours: Json) -> int:
    """How many properties a schema spells out, at any depth."""
    found: Mapping[str, Json] = ours.get("properties", {})
    return len(found) + sum(map(properties_in, [*found.values(), *([ours["items"]] if "items" in ours else [])]))


def unread(facts: Json) -> list[str]:
    """Paths of lists that no stream reads."""
    read = {stream.path for stream in STREAMS}
    return sorted(path for path, found in facts["endpoints"].items() if path not in read and found["holds"] != "item")


def main(arguments: list[str], facts_file: Path = FACTS) -> int:
    """Print the differences with the document in the file that the argument names, or else with the newest one.

    In: the file with the present facts. Gives 1 if there are any, 2 if there is nothing to compare with.
    """
    present = json.loads(facts_file.read_text("utf-8"))
    try:
        name, facts = newest_facts(next(iter(arguments), None), os.environ, present)
    except UNAVAILABLE as error:
        print(f"There is no document to compare with: {error}", file=sys.stderr)
        return 2
    lines = drift(facts, present)
    for line in lines:
        print(line)
    if unread(facts):
        print(f"Lists that no stream reads: {', '.join(unread(facts))}")
    count = sum(properties_in(schema(stream)) for stream in STREAMS)
    print(f"{name}: {len(STREAMS)} streams and {count} properties compared, {len(lines)} differences")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
