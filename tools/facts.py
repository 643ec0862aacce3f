"""Facts about the API's lists, taken from its OpenAPI document: `make facts` writes tests/fake_api/facts.json.

The same document gives the same bytes, whatever order its parts are in.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tap_incident.streams import STREAMS
from tools.openapi import UNAVAILABLE, newest
from tools.unread import reason_of

Json = dict[str, Any]

FACTS = Path(__file__).resolve().parents[1] / "tests" / "fake_api" / "facts.json"
WIDTH = 140
SCHEMA_KEYS = (
    *("type", "format", "enum", "nullable", "deprecated"),
    *("properties", "required", "items", "additionalProperties"),
)
PARAMETER_KEYS = ("type", "format", "enum", "default", "maximum")
FORMATS = ("date", "date-time", "int32")
"""Others say nothing that the tap or the stand-in could use."""
CURSORS = {"/v2/schedule_entries": "entry_window_start"}
"""Parameters that take the cursor of the next page, where it isn't `after`; the document doesn't say so."""
DETAILS = tuple(stream.detail.path for stream in STREAMS if stream.detail)
"""Paths of single rows that a stream reads."""


class Document:
    """An OpenAPI document; `needed` has the components that the facts refer to."""

    def __init__(self, content: Json) -> None:
        found = ((path, item.get("get")) for path, item in content["paths"].items())
        self.operations: dict[str, Json] = {path: operation for path, operation in found if operation}
        self._schemas: Mapping[str, Json] = content.get("components", {}).get("schemas", {})
        self.needed: dict[str, Json] = {}

    def resolve(self, schema: Json) -> Json:
        """The schema that a reference leads to."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def answer(self, path: str) -> Json:
        """The schema of the JSON object that a path answers with, without properties if it answers with none."""
        content = self.operations[path]["responses"].get("200", {}).get("content", {}).get("application/json")
        schema = self.resolve(content["schema"]) if content else {}
        return {"properties": {}, **schema}

    def fact(self, schema: Json) -> Json:
        """The part of a schema that says what a value looks like, with its components put into `needed`."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name not in self.needed:
                self.needed[name] = {}  # Some components hold themselves.
                self.needed[name] = self.fact(self._schemas[name])
            return {"$ref": f"#/components/{name}"}
        found = picked(schema, SCHEMA_KEYS)
        if "properties" in found:
            found["properties"] = {name: self.fact(part) for name, part in found["properties"].items()}
        for key in ("items", "additionalProperties"):
            if isinstance(found.get(key), dict):
                found[key] = self.fact(found[key])
        return found


def picked(schema: Json, keys: tuple[str, ...]) -> Json:
    """What a schema says under these keys, sorted where the order has no meaning."""
    found = {key: schema[key] for key in keys if key in schema and (key != "format" or schema[key] in FORMATS)}
    return found | {key: sorted(found[key]) for key in ("required", "enum") if key in found}


def facts_of(content: Json) -> Json:
    """The facts of an OpenAPI document: endpoints, the components of their rows, and why operations are left out."""
    document = Document(content)
    endpoints: dict[str, Json] = {}
    left_out: dict[str, str] = {}
    for path in sorted(document.operations):
        reason = why_not(document, path)
        if reason:
            left_out[path] = reason
        else:
            endpoints[path] = endpoint(document, path)
    return {"components": document.needed, "endpoints": endpoints, "left_out": left_out}


def why_not(document: Document, path: str) -> str:
    """Why the facts leave an operation out; empty if they don't."""
    if document.operations[path].get("deprecated"):
        return "deprecated"
    if reason_of(path).startswith("Never"):
        return "never read"
    if not document.answer(path)["properties"]:
        return "not a JSON object"
    collection, _, last = path.rpartition("/")
    if path in DETAILS or not (last.startswith("{") and collection in document.operations):
        return ""
    more = sorted(more_than_the_list(document, path, collection))
    return f"one row of a list, which lacks {', '.join(more)}" if more else "one row of a list"


def more_than_the_list(document: Document, path: str, collection: str) -> set[str]:
    """What the answer with a single row has, and an answer with the list has not."""
    own, listed = document.answer(path)["properties"], document.answer(collection)["properties"]
    parts = {name: document.resolve(part) for name, part in own.items() if name not in listed}
    single = next((name for name, part in parts.items() if "id" in part.get("properties", {})), "")
    lists = (document.resolve(part) for part in listed.values())
    row: Json = next((document.resolve(part["items"]) for part in lists if part.get("type") == "array"), {})
    single_row = parts.pop(single, {}).get("properties", {})
    return {*parts, *(single_row.keys() - row.get("properties", {}).keys())}


def endpoint(document: Document, path: str) -> Json:
    """The facts of one operation.

    `holds` says what is under the `answer_key`: a list of items, an object of `lists`, or one item. Without an
    `answer_key` the whole answer is the item.
    """
    operation, answer = document.operations[path], document.answer(path)
    parts = {name: part for name, part in answer["properties"].items() if name != "pagination_meta"}
    found = held(document, parts) or {"holds": "item", "item": document.fact(answer)}
    beside = {name: document.fact(part) for name, part in parts.items() if name != found.get("answer_key", name)}
    parameters = {
        parameter["name"]: parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"
    }
    meta = answer["properties"].get("pagination_meta")
    if meta is not None:
        found["paging"] = paging(document.resolve(meta), CURSORS.get(path, "after"), parameters)
    found["parameters"] = {name: parameter_fact(parameter) for name, parameter in parameters.items()}
    if beside:
        found["beside"] = beside
    found["scope"] = " or ".join(operation.get("x-rbac-scopes") or ()) or None
    return found


def held(document: Document, parts: Mapping[str, Json]) -> Json | None:
    """Under which key of an answer its rows are, and what holds them there; None if the answer itself is the row."""
    for name, part in parts.items():
        schema = document.resolve(part)
        if schema.get("type") == "array":
            return {"answer_key": name, "holds": "list", "item": document.fact(schema["items"])}
    # The one row of an answer has an id; what is beside it has none.
    rows = [name for name, part in parts.items() if "id" in document.resolve(part).get("properties", {})]
    if len(rows) != 1 and len(parts) != 1:
        return None
    (name,) = rows if len(rows) == 1 else parts
    schema = document.resolve(parts[name])
    lists = {key: document.resolve(found) for key, found in schema.get("properties", {}).items()}
    if lists and all(found.get("type") == "array" for found in lists.values()):
        item = document.fact(next(iter(lists.values()))["items"])
        # A list of texts or numbers is a property of the one item.
        if "$ref" in item:
            return {"answer_key": name, "holds": "lists", "item": item, "lists": sorted(lists)}
    return {"answer_key": name, "holds": "item", "item": document.fact(parts[name])} if "properties" in schema else None


def paging(meta: Json, cursor: str, parameters: dict[str, Json]) -> Json:
    """How a list is paged; takes the parameters of paging out of `parameters`, but not a cursor with another use."""
    found: Json = {"cursor": cursor, "total": "total_record_count" in meta["properties"]}
    if cursor == "after":
        del parameters["after"]
    if "page_size" in parameters:
        found["page_size"] = parameter_fact(parameters.pop("page_size"))
    return found


def parameter_fact(parameter: Json) -> Json:
    """The facts of a query parameter; `repeats` if it may stand there several times, `operators` if it takes them."""
    schema = parameter["schema"]
    repeats = schema.get("type") == "array"
    values = schema["items"] if repeats else schema
    found = {"operators": True} if values.get("type") == "object" else picked(values, PARAMETER_KEYS)
    flags = {"repeats": repeats, "required": parameter.get("required"), "deprecated": parameter.get("deprecated")}
    return found | {name: True for name, is_set in flags.items() if is_set}


def rendered(value: Any, indent: str = "") -> str:
    """The JSON text of a value, sorted, with everything on one line that fits there."""
    flat = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(indent) + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"{inner}{rendered(part, inner)}" for part in value) + f"\n{indent}]"
    lines = (f"{inner}{json.dumps(name)}: {rendered(value[name], inner)}" for name in sorted(value))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def main(arguments: list[str]) -> int:
    """Write the facts of the document that the argument names, or else of the newest one; gives 2 if there is none."""
    try:
        source, content = newest(next(iter(arguments), None), os.environ)
        found = facts_of(content)
    except UNAVAILABLE as error:
        print(f"There is no document to read: {error}", file=sys.stderr)
        return 2
    FACTS.write_text(rendered(found) + "\n", "utf-8")
    print(f"{FACTS}: {len(found['endpoints'])} endpoints, {len(found['components'])} components, from {source}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
