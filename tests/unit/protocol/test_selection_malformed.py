"""Selection from files that are not catalogs, and from generated JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_incident.errors import BadInput
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import select
from tap_incident.streams import BY_NAME
from tests.support.runs import Json
from tests.unit.protocol.catalogs import property_names

GOOD: Json = {"breadcrumb": [], "metadata": {}}


NOT_CATALOGS: list[Any] = [[], "x", 5, True, {}, {"streams": None}, {"streams": {}}]


NOT_ENTRIES: list[Any] = [None, "users", 5, [], {}, {"tap_stream_id": 5}, {"tap_stream_id": None}]


NOT_SCHEMAS: list[Any] = [None, [], "x", 5]


NOT_METADATA: list[Any] = [
    {"breadcrumb": []},
    "x",
    5,
    [None],
    ["x"],
    [GOOD, {}],
    [{"breadcrumb": []}],
    [{"metadata": {}}],
    [{**GOOD, "breadcrumb": "x"}],
    [{**GOOD, "metadata": []}],
    [{**GOOD, "metadata": None}],
]


MALFORMED = [
    *NOT_CATALOGS,
    *({"streams": [bad]} for bad in NOT_ENTRIES),
    *({"streams": [{"tap_stream_id": "users", "schema": bad}]} for bad in NOT_SCHEMAS),
    *({"streams": [{"tap_stream_id": "users", "metadata": bad}]} for bad in NOT_METADATA),
]


@pytest.mark.parametrize("catalog", MALFORMED, ids=str)
@pytest.mark.parametrize("old_form", [False, True])
def test_catalog_that_is_malformed_is_an_error_with_the_file_name(catalog: Any, old_form: bool) -> None:
    with pytest.raises(BadInput, match=r"^cat\.json: ") as caught:
        select(catalog, source="cat.json", old_form=old_form)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


NAMES = st.sampled_from(["users", "incidents", "zebras", "properties", "items", "email", "creator", "user"])


FLAGS = st.fixed_dictionaries({}, optional=dict.fromkeys(("selected", "inclusion", "selected-by-default"), JSON))


FIELD = st.deferred(lambda: FLAGS | SCHEMA | JSON)


# "properties" that are not an object have a test of their own.
PROPERTIES = st.none() | st.dictionaries(NAMES, FIELD, max_size=3)


SCHEMA: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {}, optional={"selected": JSON, "properties": PROPERTIES, "items": FIELD}
)


ITEM = st.fixed_dictionaries({"breadcrumb": st.lists(NAMES | JSON, max_size=4), "metadata": FLAGS})


ENTRY = st.fixed_dictionaries(
    {"tap_stream_id": NAMES}, optional={"schema": SCHEMA, "metadata": st.lists(ITEM, max_size=3) | JSON}
)


CATALOG = st.fixed_dictionaries({"streams": st.lists(ENTRY | JSON, max_size=3)})


@given(JSON | CATALOG, st.booleans())
def test_catalog_of_any_json_is_a_selection_or_bad_input(catalog: Any, old_form: bool) -> None:
    try:
        selection = select(catalog, source="cat.json", old_form=old_form)
    except BadInput as error:
        assert str(error).startswith("cat.json: ")
    else:
        for name, found in selection.items():
            assert (
                set(BY_NAME[name].key_properties)
                <= set(property_names(found.schema))
                <= set(property_names(schema(BY_NAME[name])))
            )
