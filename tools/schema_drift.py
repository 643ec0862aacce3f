"""`make schema-drift`: what the newest API has that schemas, streams and facts have not, and the other way round."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from tap_incident.protocol.schemas import breadcrumbs, schema
from tap_incident.settings import INCIDENT_MODES
from tap_incident.streams import STATUS_CATEGORIES, STREAMS, Stream
from tools.facts import FACTS, facts_of
from tools.openapi import UNAVAILABLE, newest
from tools.schema_files import Json, below, made_by_the_tap, resolved, top, walk
from tools.unread import unread

DROPPED = ("layer_id",)
"""Properties that the document has dropped and the schemas keep, since answers may still have them."""
VALUES = (
    ("/v1/incident_statuses", ("category",), STATUS_CATEGORIES),
    ("/v2/incidents", ("incident_status", "category"), STATUS_CATEGORIES),
    ("/v2/incidents", ("mode",), INCIDENT_MODES),
)
"""Path, property, and the values of it that the requests name: the API leaves out what has another value."""
OF_A_VALUE = ("type", "format", "deprecated", "nullable")
OF_AN_ENDPOINT = ("holds", "answer_key", "lists", "scope", "beside")


def drift(facts: Json, present: Json) -> list[str]:
    """A line for each difference of streams and schemas with `facts`, and of those with the `present` facts."""
    found = [line for stream in STREAMS for line in of_stream(facts, stream)]
    found += of_values(facts)
    try:
        unread(facts)
    except ValueError as error:
        found.append(str(error))
    return [*found, *of_facts(facts, present)]


def of_stream(facts: Json, stream: Stream) -> Iterator[str]:
    """A line for each difference of a stream and its schema with the facts."""
    keys = {stream.path: stream.answer.key or stream.name}
    if stream.detail:
        keys[stream.detail.path] = stream.detail.key
    missing = [path for path in keys if path not in facts["endpoints"]]
    for path in missing:
        reason = facts["left_out"].get(path)
        yield f"{stream.name}: " + (f"{path} is {reason}" if reason else f"the document has no {path}")
    if missing:
        return
    for path in keys:
        scopes = (facts["endpoints"][path]["scope"] or "").split(" or ")
        if stream.scope not in scopes:
            yield f"{stream.name}: the permission is {' or '.join(scopes) or 'none'}, not {stream.scope or 'none'}"
    yield from _of_parameters(facts["endpoints"][stream.path], stream)
    for path, key in keys.items():
        if facts["endpoints"][path].get("answer_key", key) != key:
            yield f'{stream.name}: the answer of {path} has no "{key}"'
            return
    yield from _of_schema(facts, stream)


def sent(stream: Stream) -> set[str]:
    """The parameters that a stream's requests can have, without the brackets of operators."""
    pairs = (*stream.params, *stream.parent.params, *stream.parent.also_by, *stream.parent.orphan_params)
    names = {name for name, _ in pairs} | set(stream.window or ())
    names |= {name for child in STREAMS if child.parent.stream == stream.name for name, _ in child.parent.only_if}
    names |= {stream.mode_param} if stream.mode_param else set()
    names |= {"created_at"} if stream.filters_created_at else set()
    names |= {stream.replication_key} if stream.replication_key else set()
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
    modes = known.get(stream.mode_param or "", {}).get("enum")
    if modes and {*modes} != {*INCIDENT_MODES, *(value for _, value in stream.parent.orphan_params)}:
        yield f"{stream.name}: the values of {stream.mode_param} are {', '.join(modes)}"


def _of_schema(facts: Json, stream: Stream) -> Iterator[str]:
    ours = schema(stream)
    for name in made_by_the_tap(stream, STREAMS):
        del ours["properties"][name]
    for spot in walk(facts, {}, top(facts, stream, ours)):
        wanted, kinds = spot.fact.get("type", "object"), spot.schema["type"]
        if wanted not in kinds:
            yield f"{spot.place}: the document says {wanted}, the schema {' or '.join(kinds)}"
            continue
        if (spot.fact.get("format") == "date-time") != (spot.schema.get("format") == "date-time"):
            yield f"{spot.place}: only one of document and schema says date-time"
        if "properties" in spot.schema:  # A free object holds whatever the API sends.
            theirs, own = spot.fact.get("properties", {}), spot.schema["properties"]
            for name in sorted(theirs.keys() - own.keys()):
                if () not in below(spot.withheld, name):
                    yield f"{spot.place}.{name}: new in the document"
            for name in sorted(own.keys() - theirs.keys() - set(DROPPED)):
                yield f"{spot.place}.{name}: no longer in the document"


def of_values(facts: Json) -> Iterator[str]:
    """A line for each property by whose values the tap asks for rows, if the API knows other values of it."""
    for path, names, ours in VALUES:
        part = facts["endpoints"].get(path, {}).get("item", {})
        for name in names:
            part = resolved(facts, part).get("properties", {}).get(name, {})
        theirs = resolved(facts, part).get("enum", ours)
        if {*theirs} != {*ours}:
            yield f"{path}: the values of {'.'.join(names)} are {', '.join(theirs)}, the tap asks for {', '.join(ours)}"


def of_facts(facts: Json, present: Json) -> Iterator[str]:
    """A line for each difference with the present facts: operations, their parameters, and what values look like."""
    before, after = present["endpoints"], facts["endpoints"]
    was, now = ({**dict.fromkeys(found["endpoints"], "read"), **found["left_out"]} for found in (present, facts))
    for path in sorted(was.keys() | now.keys()):
        if path in before and path in after:
            yield from _changes(path, *(_picked(found[path], OF_AN_ENDPOINT) for found in (before, after)))
            yield from _changes(f"{path}?", parameters_of(before[path]), parameters_of(after[path]))
        elif was.get(path) != now.get(path):
            earlier, later = (found.get(path, "not in the document") for found in (was, now))
            yield f"{path}: {earlier} before, {later} now"
    for name in sorted(present["components"].keys() & facts["components"].keys()):
        earlier, later = (dict(_values_in(found["components"][name], name)) for found in (present, facts))
        for at in sorted(earlier.keys() & later.keys()):
            yield from _changes(at, earlier[at], later[at])


def _picked(found: Json, names: tuple[str, ...]) -> Json:
    return {name: found[name] for name in names if found.get(name) is not None}


def _values_in(part: Json, at: str) -> Iterator[tuple[str, Json]]:
    """What the facts say of each value in a component, by its place."""
    yield at, _picked(part, OF_A_VALUE) | {f"value {value}": True for value in part.get("enum", ())}
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from _values_in(part[key], f"{at}[]")
    for name, inner in part.get("properties", {}).items():
        yield from _values_in(inner, f"{at}.{name}")


def _changes(at: str, before: Json, after: Json) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"{at}: new {name} {_shown(after[name])}".rstrip()
        elif name not in after:
            yield f"{at}: no longer {name} {_shown(before[name])}".rstrip()
        elif before[name] != after[name]:
            yield f"{at}: {name} was {_shown(before[name])}, and is {_shown(after[name])}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is True else json.dumps(value)


def main(arguments: list[str]) -> int:
    """Print the differences with the document in the file that the argument names, or else with the newest one.

    Gives 1 if there are any, 2 if there is nothing to compare with.
    """
    try:
        source, content = newest(next(iter(arguments), None), os.environ)
        lines = drift(facts_of(content), json.loads(FACTS.read_text("utf-8")))
    except UNAVAILABLE as error:
        print(f"There is no document to compare with: {error}", file=sys.stderr)
        return 2
    count = sum(1 for stream in STREAMS for _ in breadcrumbs(schema(stream)))
    total = f"{source}: {len(STREAMS)} streams and {count} properties compared, {len(lines)} differences"
    print("\n".join((*lines, total)))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
