"""make schemas: what it adds to the schema files, and what it leaves as it is."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tap_incident.streams import ROW_ID, Answer, Parent, Privacy, Stream
from tests.fake_api.facts import CONTENT
from tools.personal import questions
from tools.schema_files import FOLDER, Json, nullable, read, rendered, write
from tools.schemas import bring_up, main

TEXT: Json = {"type": "string"}
FREE = nullable("object", additionalProperties=True)
THINGS = Stream("things", "/v1/things", "Things")


def ref(name: str) -> Json:
    """A fact that refers to a component."""
    return {"$ref": f"#/components/{name}"}


def listing(item: Json) -> Json:
    """A fact about a list."""
    return {"type": "array", "items": item}


def holding(**properties: Json) -> Json:
    """A fact about an object."""
    return {"type": "object", "properties": properties}


def closed(**properties: Json) -> Json:
    """The schema of an object that has these properties."""
    return nullable("object", properties=properties, additionalProperties=False)


def facts(*streams: Stream, item: Json | None = None, **components: Json) -> Json:
    """Facts in which each stream's rows are `item`, or else the component Thing."""
    return {"components": components, "endpoints": {s.path: {"item": item or ref("Thing")} for s in streams}}


def brought_up(files: dict[str, Json], *streams: Stream, **components: Json) -> list[str]:
    """What was added to `files` by the facts, which a second time has nothing to add."""
    found = facts(*streams, **components)
    done = bring_up(found, files, streams)
    before = copy.deepcopy(files)
    assert bring_up(found, files, streams) == []
    assert files == before
    return done


def test_committed_schemas_lack_nothing() -> None:
    assert bring_up(CONTENT, read()) == []
    assert questions(read(), CONTENT) == []


def test_committed_schemas_have_the_layout_that_the_tool_writes() -> None:
    for name, schema in read().items():
        assert (FOLDER / name).read_text("utf-8") == rendered(schema) + "\n", name


def test_new_property_is_added_in_the_order_of_names() -> None:
    files = {"things.json": closed(a=nullable("string"), z=nullable("string"))}
    at: Json = {"type": "string", "format": "date-time"}
    kind: Json = {"type": "string", "enum": ["x", "y"]}
    done = brought_up(files, THINGS, Thing=holding(a=TEXT, at=at, kind=kind, z=TEXT))
    assert done == ["things.at: new property", "things.kind: new property"]
    properties = files["things.json"]["properties"]
    assert list(properties) == ["a", "at", "kind", "z"]
    assert properties["at"] == {"type": ["null", "string"], "format": "date-time"}
    assert properties["kind"] == {"type": ["null", "string"]}


def test_new_properties_are_found_at_any_depth_and_in_shared_files_once() -> None:
    files = {
        "things.json": closed(list=nullable("array", items=closed()), owner={"$ref": "shared/owner.json"}),
        "more.json": closed(owners=nullable("array", items={"$ref": "shared/owner.json"})),
        "shared/owner.json": closed(),
    }
    more = Stream("more", "/v1/more", "More")
    found = facts(THINGS, Owner=holding(id=TEXT), Thing=holding(list=listing(holding(x=TEXT)), owner=ref("Owner")))
    found["endpoints"][more.path] = {"item": holding(owners=listing(ref("Owner")))}
    done = bring_up(found, files, (THINGS, more))
    assert done == ["things.list[].x: new property", "shared/owner.id: new property"]
    assert files["things.json"]["properties"]["list"]["items"] == closed(x=nullable("string"))
    assert files["shared/owner.json"] == closed(id=nullable("string"))


@pytest.mark.parametrize(
    ("fact", "schema"),
    [
        ({"type": "integer", "format": "int64"}, nullable("integer")),
        ({"type": "number", "format": "double"}, nullable("number")),
        ({"type": "boolean"}, nullable("boolean")),
        ({"type": "object"}, FREE),
        ({"type": "object", "additionalProperties": TEXT}, FREE),
        (listing({"type": "object", "additionalProperties": TEXT}), nullable("array", items=FREE)),
        (holding(b=TEXT, a=listing(TEXT)), closed(a=nullable("array", items=nullable("string")), b=nullable("string"))),
        (ref("Single"), closed(id=nullable("string"))),
    ],
)
def test_type_of_a_new_property(fact: Json, schema: Json) -> None:
    files = {"things.json": closed()}
    brought_up(files, THINGS, Thing=holding(new=fact), Single=holding(id=TEXT))
    assert files["things.json"] == closed(new=schema)


def test_component_within_itself_becomes_a_free_object() -> None:
    files: dict[str, Json] = {}
    fork = holding(then=listing(ref("Node")), other=ref("Node"))
    brought_up(files, THINGS, Thing=holding(path=listing(ref("Node"))), Node=holding(fork=ref("Fork")), Fork=fork)
    node = closed(fork=closed(other=FREE, then=nullable("array", items=FREE)))
    assert files == {"things.json": closed(path=nullable("array", items=node))}


def test_new_part_uses_the_shared_file_of_its_component_whatever_its_name() -> None:
    files = {"things.json": closed(owner={"$ref": "shared/someone.json"}), "shared/someone.json": closed(id=FREE)}
    done = brought_up(files, THINGS, Thing=holding(maker=ref("User"), owner=ref("User")), User=holding(id=TEXT))
    assert done == ["things.maker: new property"]
    assert files["things.json"]["properties"]["maker"] == {"$ref": "shared/someone.json"}


def test_what_is_ours_stays_as_it_is() -> None:
    row = closed(
        dropped=nullable("string"),
        free=FREE,
        id=nullable("string", description="Made by the API"),
        changed=nullable("string"),
    )
    files = {"things.json": copy.deepcopy(row)}
    now = holding(id=TEXT, free=holding(inside=TEXT), changed={"type": "integer"}, secret=TEXT)
    stream = Stream("things", "/v1/things", "Things", privacy=Privacy(withheld=("secret",)))
    assert brought_up(files, stream, Thing=now) == []
    assert json.dumps(files["things.json"]) == json.dumps(row)


def test_withheld_properties_are_not_written_even_where_others_share_their_component() -> None:
    files: dict[str, Json] = {}
    stream = Stream("things", "/v1/things", "Things", privacy=Privacy(withheld=("token", "callers[].number")))
    caller = holding(name=TEXT, number=TEXT)
    brought_up(
        files, stream, Thing=holding(token=TEXT, callers=listing(ref("Caller")), by=ref("Caller")), Caller=caller
    )
    properties = files["things.json"]["properties"]
    assert properties["callers"] == nullable("array", items=closed(name=nullable("string")))
    assert properties.keys() == {"by", "callers"}


def test_columns_that_the_tap_makes_are_in_the_schema() -> None:
    parts = Stream(
        "parts",
        "/v1/things/{thing_id}/parts",
        "Parts",
        key_properties=(ROW_ID,),
        parent=Parent(
            "things", (("thing_id", "id"),), nested_as="all_parts", added_columns=(("thing_id", "thing_id"),)
        ),
        answer=Answer(list_column="list", row_id_from=("a",)),
    )
    files = {"things.json": closed()}
    done = brought_up(files, THINGS, parts, Thing=holding(a=TEXT))
    text = nullable("string")
    assert files["parts.json"] == closed(a=text, list=text, row_id=text, thing_id=text)
    assert list(files["parts.json"]["properties"]) == ["a", "list", "row_id", "thing_id"]
    assert files["things.json"]["properties"]["all_parts"] == nullable("array", items={"$ref": "parts.json"})
    assert "parts.thing_id: new column, made by the tap" in done


def test_make_schemas_writes_only_what_is_missing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "others.json").write_text('{"type": ["null",   "object"], "properties": {}}')
    others = Stream("others", "/v1/others", "Others")
    path = tmp_path / "facts"
    path.write_text(
        json.dumps(facts(THINGS, Thing=holding(id=TEXT, a=ref("User"), b=ref("User")), User=holding(x=TEXT)))
    )

    def run(*streams: Stream) -> tuple[int, Any]:
        return main(path, tmp_path, streams), capsys.readouterr()

    code, printed = run(THINGS, others)
    assert code == 0
    *written, advice = printed.out.splitlines()
    assert written == ["schemas/things.json: new file"]
    assert advice == "write a description for each, then: make docs"
    user = closed(x=nullable("string"))
    assert (tmp_path / "things.json").read_text("utf-8") == rendered(
        closed(a=user, b=user, id=nullable("string"))
    ) + "\n"
    assert (tmp_path / "others.json").read_text("utf-8") == '{"type": ["null",   "object"], "properties": {}}'
    files = {file: file.read_bytes() for file in tmp_path.rglob("*.json")}
    assert run(THINGS, others)[1].out == "nothing to do\n"
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.json")} == files
    code, printed = run(THINGS, Stream("lost", "/v1/lost", "Lost"))
    assert (code, printed.out, printed.err) == (1, "", "lost: the facts have no /v1/lost\n")


def test_make_schemas_requests_a_mark_for_what_looks_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user = holding(id=TEXT, name=TEXT, slack_user_id=TEXT, seen=TEXT)
    binding = holding(label=TEXT, literal=TEXT)
    named = {"type": "object", "additionalProperties": ref("Binding")}
    thing = holding(maker=ref("User"), owners=listing(ref("User")), given=named, emails=listing(TEXT), name=TEXT)
    path = tmp_path / "facts"
    path.write_text(json.dumps(facts(THINGS, Thing=thing, User=user, Binding=binding)))
    shared = {"$ref": "shared/user.json"}
    there = {"things.json": closed(maker=shared, owners=nullable("array", items=shared)), "shared/user.json": closed()}
    write(there, tmp_path)
    assert main(path, tmp_path, [THINGS]) == 0
    asked = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if "is it personal?" in line]
    # The shared file of a person once.
    assert asked == ["things.emails", "things.given", "things.maker.name", "things.maker.slack_user_id"]
    files = read(tmp_path)
    for name, mark in (("emails", False), ("given", "details")):
        files["things.json"]["properties"][name]["personal"] = mark
    for name in ("name", "slack_user_id"):
        files["shared/user.json"]["properties"][name]["personal"] = name
    write(files, tmp_path)
    assert main(path, tmp_path, [THINGS]) == 0
    assert capsys.readouterr().out == "nothing to do\n"
