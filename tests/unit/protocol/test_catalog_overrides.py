"""What a catalog says of types, formats, keys and properties: one WARNING per stream, because it has no effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME
from tests.support.logs import warnings
from tests.support.runs import Json

FIXED = "cat.json: severities: types, formats, keys and properties are fixed, so these have no effect: "


def changed(change: Callable[[Json], Any], name: str = "severities") -> Json:
    """The discovered catalog with one entry that was changed."""
    (entry,) = (each for each in discover()["streams"] if each["tap_stream_id"] == name)
    change(entry)
    return {"streams": [entry]}


def in_schema(field: str, **part: Any) -> Callable[[Json], Any]:
    """A change of the schema of a field, as Meltano's `schema` extra makes it."""
    return lambda entry: entry["schema"]["properties"].setdefault(field, {}).update(part)


def in_metadata(**values: Any) -> Callable[[Json], Any]:
    """A change of the stream's own metadata."""

    def change(entry: Json) -> None:
        (root,) = (each for each in entry["metadata"] if not each["breadcrumb"])
        root["metadata"].update(values)

    return change


CASES: list[tuple[Callable[[Json], Any], str | None]] = [
    (lambda entry: None, None),
    (in_schema("created_at", type=["string", "null"], format=None), "format none of created_at"),
    (in_schema("rank", type=["string"]), "type string of rank"),
    (in_schema("rank", type="integer"), None),
    (in_schema("rank", type=["integer"]), None),
    (in_schema("my_new_field", type=["string"]), "property my_new_field"),
    (in_metadata(**{"table-key-properties": ["name"]}), "key properties name"),
    (in_metadata(**{"table-key-properties": ["id"]}), None),
    (lambda entry: entry.update(key_properties=["name", "id"]) or in_metadata(**{"table-key-properties": None})(entry),
     "key properties name, id"),
    (in_schema("rank", type=[{}], format=5), None),
    (in_metadata(**{"table-key-properties": [{}, []]}), None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CASES, ids=[str(said) for _, said in CASES])
def test_change_of_a_catalog_that_has_no_effect_is_a_warning(
    caplog: pytest.LogCaptureFixture, change: Callable[[Json], Any], said: str | None
) -> None:
    found = select(changed(change), source="cat.json")
    assert found["severities"].schema == schema(BY_NAME["severities"])
    assert warnings(caplog) == ([FIXED + said] if said else [])
