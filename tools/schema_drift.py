"""What the API's OpenAPI document has that schemas/ and the table of streams have not, and the other way round.

`make schema-drift SPEC=openapi.json` compares with a document that you fetched; exit code 1 if there is a difference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tap_incident.protocol.schemas import schema
from tap_incident.streams import ROW_ID, STREAMS, Stream

Json = dict[str, Any]


class Document:
    """An OpenAPI document, read for its lists."""

    def __init__(self, content: Json) -> None:
        self._components: Json = content.get("components", {}).get("schemas", {})
        self._paths: Json = content.get("paths", {})

    def resolved(self, part: Json) -> Json:
        """The part that a chain of references leads to."""
        while "$ref" in part:
            part = self._components[part["$ref"].rsplit("/", 1)[-1]]
        return part

    def operation(self, path: str) -> Json | None:
        """GET of a path."""
        found: Json | None = self._paths.get(path, {}).get("get")
        return found

    def lists(self, path: str) -> dict[str, list[Json]]:
        """By key, what the entries are of each list in the answer of a path, or of the lists in an object there."""
        operation = self.operation(path) or {}
        content = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        properties = self.resolved(content.get("schema", {})).get("properties", {})
        found = {key: self._entries(value) for key, value in properties.items()}
        return {key: entries for key, entries in found.items() if entries}

    def _entries(self, part: Json) -> list[Json]:
        within = self.resolved(part)
        lists = [within, *(self.resolved(inner) for inner in within.get("properties", {}).values())]
        return [found["items"] for found in lists if found.get("type") == "array"]

    def unread(self) -> list[str]:
        """Paths of lists that no stream reads, a single thing's and deprecated ones left out."""
        read = {stream.path for stream in STREAMS}
        return sorted(
            path
            for path, operations in self._paths.items()
            if path not in read and "{" not in path and self.lists(path) and not operations["get"].get("deprecated")
        )


def drift(document: Document) -> list[str]:
    """A line for each difference, in the order of the stream table."""
    return [line for stream in STREAMS for line in _of_stream(document, stream)]


def _of_stream(document: Document, stream: Stream) -> Iterator[str]:
    operation = document.operation(stream.path)
    if operation is None:
        yield f"{stream.name}: the document has no {stream.path}"
        return
    if operation.get("deprecated"):
        yield f"{stream.name}: {stream.path} is deprecated"
    scopes = operation.get("x-rbac-scopes") or [""]
    if stream.scope not in scopes:
        yield f"{stream.name}: the permission is {' or '.join(scopes) or 'none'}, not {stream.scope or 'none'}"
    yield from _of_parameters(operation, stream)
    key = stream.answer.key or stream.name
    lists = document.lists(stream.path).get(key, [])
    if not lists:
        yield f'{stream.name}: the answer of {stream.path} has no list "{key}"'
    ours = schema(stream)
    for name in made_by_the_tap(stream):
        del ours["properties"][name]
    withheld = tuple(f"{stream.name}.{name}:" for name in stream.privacy.withheld)
    lines = dict.fromkeys(line for rows in lists for line in _of_schema(document, rows, ours, stream.name, ()))
    yield from (line for line in lines if not line.startswith(withheld))


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
    return {name.split("[")[0] for name in names}


def _of_parameters(operation: Json, stream: Stream) -> Iterator[str]:
    known = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    names = sent(stream)
    for name in sorted(names):
        if name not in known:
            yield f"{stream.name}: {stream.path} takes no parameter {name}"
    most = known.get("page_size", {}).get("schema", {}).get("maximum")
    if stream.page_size and most and stream.page_size > most:
        yield f"{stream.name}: page_size is {most} at most, the table says {stream.page_size}"
    for name, parameter in known.items():
        if parameter.get("required") and parameter["in"] == "query" and name not in names:
            yield f"{stream.name}: {stream.path} requires the parameter {name}"


def _of_schema(document: Document, theirs: Json, ours: Json, at: str, above: tuple[str, ...]) -> Iterator[str]:
    reference = theirs.get("$ref", "")
    if reference and reference in above:
        return  # A type that holds itself: the schema stops there with a free object.
    above = (*above, reference)
    theirs = document.resolved(theirs)
    wanted = theirs.get("type", "object")
    if wanted not in ours["type"]:
        yield f"{at}: the document says {wanted}, the schema {' or '.join(ours['type'])}"
        return
    if (theirs.get("format") == "date-time") != (ours.get("format") == "date-time"):
        yield f"{at}: only one of document and schema says date-time"
    if wanted == "array":
        yield from _of_schema(document, theirs.get("items", {}), ours["items"], f"{at}[]", above)
    properties, own = theirs.get("properties", {}), ours.get("properties", {})
    for name in sorted(properties.keys() | own.keys()):
        if name not in own:
            yield f"{at}.{name}: new in the document"
        elif name not in properties:
            yield f"{at}.{name}: no longer in the document"
        else:
            yield from _of_schema(document, properties[name], own[name], f"{at}.{name}", above)


def main(path: str) -> int:
    """Print the differences with the document in the file `path`."""
    document = Document(json.loads(Path(path).read_text("utf-8")))
    lines = drift(document)
    for line in lines:
        print(line)
    unread = document.unread()
    if unread:
        print(f"Lists that no stream reads: {', '.join(unread)}")
    print(f"{len(STREAMS)} streams compared, {len(lines)} differences")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
