"""Numbers in texts and ids, and catalogs whose properties are not an object."""

from __future__ import annotations

from typing import Any

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected, select
from tap_incident.streams import BY_NAME
from tests.support.runs import (
    only,
)


@pytest.mark.parametrize("value", ["1e-400", "9007199254740993.0", "0.1234567890123456789", "007", "1e999", "nan", ""])
def test_number_in_a_text_that_would_lose_digits_is_an_error(value: str) -> None:
    stream = BY_NAME["severities"]
    document = schema(stream)
    document["properties"]["rank"] = {"type": ["null", "number"]}
    with pytest.raises(BadData, match="rank should be of type number"):
        shaper(Selected(stream, document), document, lambda _: None)({"id": "1", "rank": value})


def test_id_that_is_a_number_is_named_in_the_error() -> None:
    stream = BY_NAME["severities"]
    document = schema(stream)
    with pytest.raises(BadData, match="row 5: rank"):
        shaper(Selected(stream, document), document, lambda _: None)({"id": 5, "rank": []})


@pytest.mark.parametrize("properties", [5, True, "name", ["name"], None])
def test_catalog_properties_that_are_no_object_select_all_fields(properties: Any) -> None:
    catalog = only("severities")
    next(e for e in catalog["streams"] if e["stream"] == "severities")["schema"]["properties"] = properties
    assert select(catalog)["severities"].schema == schema(BY_NAME["severities"])
