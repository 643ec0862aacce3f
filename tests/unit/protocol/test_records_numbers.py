"""Numbers in texts and ids, and catalogs whose properties are not an object."""

from __future__ import annotations

import pytest

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import BY_NAME


@pytest.mark.parametrize("value", ["1e-400", "9007199254740993.0", "0.1234567890123456789", "007", "1e999", "nan", ""])
def test_number_in_a_text_that_would_lose_digits_is_an_error(value: str) -> None:
    stream = BY_NAME["severities"]
    document = schema(stream)
    document["properties"]["rank"] = {"type": ["null", "number"]}
    with pytest.raises(BadData, match="rank should be of type number"):
        shaper(Selected(stream, document), document, lambda _: None)({"id": "1", "rank": value})
