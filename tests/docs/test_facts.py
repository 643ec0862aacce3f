"""make facts: what it takes from an OpenAPI document."""

from __future__ import annotations

from typing import Any

from tests.support.runs import Json
from tools.facts import facts_of


def listed(item: Json, **others: Json) -> Json:
    """A schema of an answer with a list."""
    return {"type": "object", "properties": {"things": {"type": "array", "items": item}, **others}}


def operation(answer: Json, *parameters: Json, **others: Any) -> Json:
    """A GET operation with this answer."""
    content = {"application/json": {"schema": answer}}
    return {"get": {"parameters": list(parameters), "responses": {"200": {"content": content}}, **others}}


def parameter(name: str, schema: Json, **others: Any) -> Json:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "allowEmptyValue": True, **others}


META = {"$ref": "#/components/schemas/Meta"}
THING = {"$ref": "#/components/schemas/Thing"}
TEXT = {"type": "string"}
SCHEMAS: Json = {
    "Meta": {"properties": dict.fromkeys(("after", "page_size", "total_record_count"), TEXT)},
    "Thing": {"type": "object", "properties": {"id": TEXT, "inner": {"type": "array", "items": THING}}},
}
PAGE_SIZE = parameter("page_size", {"type": "integer", "default": 25, "maximum": 250, "format": "int64"}, required=True)


def test_a_paged_list() -> None:
    colours = parameter("colour", {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}})
    moments = parameter("created_at", {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}})
    answer = listed(THING, pagination_meta=META, metadata=THING)
    read = operation(
        answer, PAGE_SIZE, parameter("after", TEXT), colours, moments, **{"x-rbac-scopes": ["things.view"]}
    )
    content = {"paths": {"/things": read}, "components": {"schemas": SCHEMAS}}
    assert facts_of(content)["endpoints"]["/things"] == {
        "answer_key": "things",
        "beside": {"metadata": {"$ref": "#/components/Thing"}},
        "holds": "list",
        "item": {"$ref": "#/components/Thing"},
        "paging": {
            "cursor": "after",
            "page_size": {"default": 25, "maximum": 250, "required": True, "type": "integer"},
            "total": True,
        },
        "parameters": {
            "colour": {"enum": ["blue", "red"], "repeats": True, "type": "string"},
            "created_at": {"operators": True},
        },
        "scope": "things.view",
    }


def test_what_is_left_out_says_why() -> None:
    more = {"type": "object", "properties": {"id": TEXT, "weight": TEXT}}
    content: Json = {
        "paths": {
            "/things": operation(listed(THING)),
            "/things/{id}": operation({"type": "object", "properties": {"thing": THING}}),
            "/things/{id}/parts": operation(listed(THING)),
            "/old": operation(listed(THING), deprecated=True),
            "/things/{id}/parts/{part_id}": operation({"type": "object", "properties": {"part": more}}),
            "/v2/secrets": operation(listed(THING)),
            "/file": {"get": {"responses": {"204": {}}}},
        },
        "components": {"schemas": SCHEMAS},
    }
    found = facts_of(content)
    assert list(found["endpoints"]) == ["/things", "/things/{id}/parts"]
    assert found["left_out"] == {
        "/things/{id}": "one row of a list",
        "/things/{id}/parts/{part_id}": "one row of a list, which lacks weight",
        "/old": "deprecated",
        "/v2/secrets": "never read",
        "/file": "not a JSON object",
    }
