"""The setting exclude_personal_data: what is marked in schemas/, and what selection and discovery leave out."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.catalog import discover
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import DETAILS, MARK, OF_PEOPLE, TEXT, marks, schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME, Stream
from tests.fake_api.facts import COMPONENTS, CONTENT, resolve
from tests.support.each import EACH_STREAM
from tests.support.logs import warnings
from tests.support.runs import Json, only, set_field
from tests.unit.protocol.catalogs import places, property_names
from tools.schema_files import row_of

KINDS = {"name", "email", "slack_id", "other_id", "label", DETAILS, TEXT}
PERSON = {"email", "name", "slack_user_id"}
PEOPLE = {name for name, fact in COMPONENTS.items() if PERSON & set(fact.get("properties", ())) > {"name"}}
"""The vendor's types of people."""
NAMES_A_PERSON = ("actor", "assignee", "creator", "participant", "person", "user")


def components(fact: Json, path: str = "", above: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each component at or below a fact, with its path. Maps of any names are a level without a name."""
    component = fact.get("$ref", "").rsplit("/", 1)[-1]
    if component in above:
        return
    if component:
        yield path, component
    found = resolve(fact)
    for name, inner in found.get("properties", {}).items():
        yield from components(inner, f"{path}.{name}".lstrip("."), (*above, component))
    if "items" in found:
        yield from components(found["items"], f"{path}[]", above)
    if isinstance(found.get("additionalProperties"), dict):
        yield from components(found["additionalProperties"], f"{path}.*", above)


def is_left_out(path: str, left_out: set[str]) -> bool:
    """True if a property or what holds it is left out."""
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in left_out)


def left_out(stream: Stream) -> set[str]:
    """The columns that the setting leaves out."""
    return {path for path, kind in marks(stream).items() if kind not in (TEXT, DETAILS)}


@EACH_STREAM
def test_each_person_in_the_types_of_the_api_is_marked(stream: Stream) -> None:
    withheld = set(stream.privacy.withheld)
    cleaned = {path for path, kind in marks(stream).items() if kind == DETAILS}
    for path, component in components(row_of(CONTENT, stream)):
        if is_left_out(path, withheld):
            continue
        for name in PERSON & set(COMPONENTS[component]["properties"] if component in PEOPLE else ()):
            where = f"{path}.{name}".lstrip(".")
            assert is_left_out(where, left_out(stream)) or (name in OF_PEOPLE and is_left_out(where, cleaned))


def test_each_user_actor_creator_and_participant_is_a_person_or_has_no_name_of_one() -> None:
    texts = {"AlertActorV2.title", "APIKeyActorV1.name", "APIKeyActorV2.name", "WorkflowActorV2.name"}
    left = {"CallRouteAllowedCallerV2.name", "PolicyFindingScheduleImpactedUserV2.name"}
    named = {
        f"{component}.{name}"
        for component, fact in COMPONENTS.items()
        if component not in PEOPLE and any(word in component.lower() for word in (*NAMES_A_PERSON, "caller"))
        for name in {"name", "title", "label"} & set(fact.get("properties", ()))
    }
    assert named == texts | left


@EACH_STREAM
def test_mark_is_of_a_known_kind_and_never_on_a_key(stream: Stream) -> None:
    found = marks(stream)
    assert set(found.values()) <= KINDS
    assert not {*stream.key_properties, stream.replication_key} & set(found)


@EACH_STREAM
def test_schema_has_no_mark_and_lacks_exactly_what_is_left_out(stream: Stream) -> None:
    whole, left = schema(stream), schema(stream, exclude_personal_data=True)
    assert not any(MARK in part for document in (whole, left) for _, part in places(document))
    lost = {path for path, _ in places(whole)} - {path for path, _ in places(left)}
    names = {".".join(path).replace(".[]", "[]") for path in lost}
    assert {name for name in names if not is_left_out(name, left_out(stream) - {name})} == left_out(stream)
    assert all(part.get("properties") != {} for _, part in places(left)), "an object has lost all it had"


def test_objects_of_any_form_lose_what_tells_who_a_person_is() -> None:
    entries = BY_NAME["catalog_entries"]
    value = {"literal": "01USER", "label": "Zoltan", "catalog_entry": {"id": "01E", "name": "Zoltan", "aliases": ["z"]}}
    row = {"id": "1", "name": "Payments", "attribute_values": {"01A": {"value": value, "array_value": [value, None]}}}
    left = {"literal": "01USER", "catalog_entry": {"id": "01E"}}
    selected = select(streams=["catalog_entries"], exclude_personal_data=True)["catalog_entries"]
    unknown: list[str] = []
    record = shaper(selected, schema(entries), unknown.append)(copy.deepcopy(row))
    assert record["attribute_values"] == {"01A": {"value": left, "array_value": [left, None]}}
    assert (record["name"], "aliases" in record, unknown) == ("Payments", False, [])
    assert (
        shaper(select()["catalog_entries"], schema(entries), unknown.append)(row)["attribute_values"]
        == (row["attribute_values"])
    )
    with pytest.raises(BadData, match=r"catalog_entries: row 1: attribute_values should be of type object"):
        shaper(selected, schema(entries), unknown.append)({"id": "1", "attribute_values": ["Zoltan"]})


def test_selection_with_the_setting_is_the_same_with_and_without_a_catalog(caplog: pytest.LogCaptureFixture) -> None:
    selection = select(exclude_personal_data=True)
    assert all(found.schema == schema(found.stream, exclude_personal_data=True) for found in selection.values())
    assert select(discover(exclude_personal_data=True), exclude_personal_data=True) == selection
    # The catalog may be older than the setting. Its defaults are no wish.
    assert select(discover(), exclude_personal_data=True) == selection
    assert not warnings(caplog)


def test_explicit_selection_of_a_personal_column_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    catalog = only("users", "incidents")
    set_field(catalog, "users", "properties", "email", selected=True)
    updater = ("properties", "updates", "items", "properties", "updater")
    set_field(catalog, "incidents", *updater, "properties", "user", "properties", "name", selected=True)
    selection = select(catalog, source="catalog.json", exclude_personal_data=True)
    assert not PERSON & property_names(selection["users"].schema)
    (warning,) = warnings(caplog)
    assert warning == (
        "catalog.json: the setting exclude_personal_data leaves out what is selected here: "
        "incidents.updates.updater.user.name, users.email"
    )
    caplog.clear()
    assert "email" in property_names(select(catalog)["users"].schema)
    assert not warnings(caplog)
