"""Selection from files that are not catalogs."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.errors import BadInput
from tap_incident.protocol.selection import select
from tests.support.runs import Json

GOOD: Json = {"breadcrumb": [], "metadata": {}}
NOT_ENTRIES: list[Any] = [None, "users", [], {}, {"tap_stream_id": 5}]
NOT_METADATA: list[Any] = [
    *({"breadcrumb": []}, "x", [None], [GOOD, {}], [{"breadcrumb": []}], [{"metadata": {}}]),
    *([{**GOOD, "breadcrumb": "x"}], [{**GOOD, "metadata": []}], [{**GOOD, "metadata": None}]),
]
MALFORMED = [
    *([], "x", 5, {}, {"streams": None}, {"streams": {}}),
    *({"streams": [bad]} for bad in NOT_ENTRIES),
    *({"streams": [{"tap_stream_id": "users", "schema": bad}]} for bad in (None, [], "x", 5)),
    *({"streams": [{"tap_stream_id": "users", "metadata": bad}]} for bad in NOT_METADATA),
]


@pytest.mark.parametrize("catalog", MALFORMED, ids=str)
@pytest.mark.parametrize("old_form", [False, True])
def test_catalog_that_is_malformed_is_an_error_with_the_file_name(catalog: Any, old_form: bool) -> None:
    with pytest.raises(BadInput, match=r"^cat\.json: ") as caught:
        select(catalog, source="cat.json", old_form=old_form)
    assert "\n" not in str(caught.value)
