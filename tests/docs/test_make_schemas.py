"""make schemas: what it adds to the schema files, and what it leaves as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tap_incident.streams import ROW_ID, Answer, Parent, Stream
from tap_incident.streams.definition import Privacy
from tests.fake_api.facts import CONTENT
from tools.personal import questions
from tools.schema_files import Json, nullable, read, rendered
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


def facts(*streams: Stream, **components: Json) -> Json:
    """Facts in which each stream's rows are the component Thing."""
    return {"components": components, "endpoints": {stream.path: {"item": ref("Thing")} for stream in streams}}


def brought_up(files: dict[str, Json], *streams: Stream, **components: Json) -> list[str]:
    """What was added to `files` by the facts, which a second time has nothing to add."""
    found = facts(*streams, **components)
    done = bring_up(found, files, streams)
    assert bring_up(found, files, streams) == []
    return done


def test_committed_schemas_lack_nothing() -> None:
    assert bring_up(CONTENT, read()) == []
    assert questions(read(), CONTENT) == []


def test_new_properties_are_found_at_any_depth_and_in_shared_files_once() -> None:
    files = {
        "things.json": closed(list=nullable("array", items=closed()), owner={"$ref": "shared/owner.json"}),
        "more.json": closed(owners=nullable("array", items={"$ref": "shared/owner.json"})),
        "shared/owner.json": closed(),
    }
    more = Stream("more", "/v1/more", "More")
    thing = holding(list=listing(holding(x=TEXT)), owner=ref("Owner"), second=ref("Owner"))
    found = facts(THINGS, Owner=holding(id=TEXT), Thing=thing)
    found["endpoints"][more.path] = {"item": holding(owners=listing(ref("Owner")))}
    done = bring_up(found, files, (THINGS, more))
    assert sorted(done) == [
        f"{place}: new property" for place in ("shared/owner.id", "things.list[].x", "things.second")
    ]
    assert files["things.json"]["properties"]["second"] == {"$ref": "shared/owner.json"}
    assert files["things.json"]["properties"]["list"]["items"] == closed(x=nullable("string"))
    assert files["shared/owner.json"] == closed(id=nullable("string"))


@pytest.mark.parametrize(
    ("fact", "schema"),
    [
        ({"type": "integer", "format": "int64"}, nullable("integer")),
        (listing({"type": "object", "additionalProperties": TEXT}), nullable("array", items=FREE)),
        (holding(b=TEXT, a=listing(TEXT)), closed(a=nullable("array", items=nullable("string")), b=nullable("string"))),
        (ref("Single"), closed(id=nullable("string"))),
    ],
)
def test_type_of_a_new_property(fact: Json, schema: Json) -> None:
    files = {"things.json": closed()}
    brought_up(files, THINGS, Thing=holding(new=fact), Single=holding(id=TEXT))
    assert files["things.json"] == closed(new=schema)


def test_withheld_properties_are_not_written_and_what_is_ours_stays() -> None:
    dropped = nullable("string", description="Ours")
    files = {"things.json": closed(dropped=dropped)}
    stream = Stream("things", "/v1/things", "Things", privacy=Privacy(withheld=("token", "callers[].number")))
    thing = holding(token=TEXT, callers=listing(ref("Caller")), by=ref("Caller"))
    brought_up(files, stream, Thing=thing, Caller=holding(name=TEXT, number=TEXT))
    properties = files["things.json"]["properties"]
    assert properties["callers"] == nullable("array", items=closed(name=nullable("string")))
    assert properties.keys() == {"by", "callers", "dropped"}
    assert properties["dropped"] == dropped


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


def test_make_schemas_writes_what_is_missing_and_asks_what_is_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = '{"type": ["null",   "object"], "properties": {}}'
    (tmp_path / "others.json").write_text(ours)
    others, path = Stream("others", "/v1/others", "Others"), tmp_path / "facts"
    path.write_text(json.dumps(facts(THINGS, Thing=holding(id=TEXT, maker=ref("User")), User=holding(email=TEXT))))
    assert main(path, tmp_path, [THINGS, others]) == 0
    written, *asked = capsys.readouterr().out.splitlines()
    assert written == "schemas/things.json: new file"
    assert [line for line in asked if line.startswith("things.maker.email") and "is it personal?" in line]
    made = closed(id=nullable("string"), maker=closed(email=nullable("string")))
    assert (tmp_path / "things.json").read_text("utf-8") == rendered(made) + "\n"
    assert (tmp_path / "others.json").read_text("utf-8") == ours
    assert main(path, tmp_path, [THINGS, Stream("lost", "/v1/lost", "Lost")]) == 1
    assert capsys.readouterr().err == "lost: the facts have no /v1/lost\n"
