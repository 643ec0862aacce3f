"""Records of generated rows: compared with the transformer of singer-python, and validated by the schema."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tap_incident.errors import BadData
from tap_incident.protocol.records import shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.streams import STREAMS, Stream
from tests.support.runs import Json
from tests.support.thorough import THOROUGH

# Rows of this API are wide: most of the time is needed to generate them. So each stream gets fewer examples.
FEW_LARGE_EXAMPLES = settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
# One stream in three, but all if thorough.
EACH_STREAM = pytest.mark.parametrize("stream", STREAMS if THOROUGH else STREAMS[::3], ids=lambda stream: stream.name)
pytestmark = pytest.mark.thorough

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "5", "-1.5", "true", "2026-10-01T00:00:00Z"])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def stamps() -> st.SearchStrategy[str]:
    """RFC 3339 timestamps with 0 to 9 fractional digits, and the empty string that this API sends for none."""
    moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc))
    fractions = st.sampled_from(["", *("." + "123456789"[:digits] for digits in range(1, 10))])
    zones = st.sampled_from(["Z", "+02:00", "-05:30"])
    written = st.builds(lambda at, part, zone: f"{at:%Y-%m-%dT%H:%M:%S}{part}{zone}", moments, fractions, zones)
    return st.just("") | written


LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=8),
    "integer": st.integers(),
    # Singer's transformer converts all numbers to float. Beyond this it loses digits that the tap keeps.
    "number": st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "date-time": stamps(),
}


def values(part: Json) -> st.SearchStrategy[Any]:
    """Values that are valid under a schema; any property that can be null can also be missing."""
    kind = next(name for name in part["type"] if name != "null")
    found: st.SearchStrategy[Any]
    if "properties" in part:
        always = {name: values(below) for name, below in part["properties"].items() if "null" not in below["type"]}
        others = {name: values(below) for name, below in part["properties"].items() if name not in always}
        found = st.fixed_dictionaries(always, optional=others)
    elif kind == "object":
        found = st.dictionaries(st.text(max_size=4), ANY_JSON, max_size=2)
    elif kind == "array":
        found = st.lists(values(part["items"]), max_size=2)
    else:
        found = LEAVES[part.get("format", kind)]
    return st.none() | found if "null" in part["type"] else found


def expected_record(oracle: Any, row: Any, part: Json) -> Any:
    """The result of Singer's transformer, with null for missing properties and the timestamps of the row."""
    # The transformer converts a null boolean to false. The tap does not.
    if oracle is None or row is None:
        return None
    if "properties" in part:
        return {
            name: expected_record(oracle.get(name), row.get(name), below) for name, below in part["properties"].items()
        }
    if "items" in part:
        return [expected_record(left, right, part["items"]) for left, right in zip(oracle, row, strict=True)]
    return row if part.get("format") == "date-time" else oracle


@EACH_STREAM
def test_generated_json_gives_a_valid_record_or_bad_data(stream: Stream) -> None:
    document = schema(stream)
    shaped = shaper(Selected(stream, document), document, lambda _: None)
    validator = Draft4Validator(document)
    # Properties into which rows of other streams are nested are tested with those streams.
    names = sorted(set(document["properties"]) - {other.parent.nested_as for other in STREAMS})
    keys = {key: SCALARS | st.text(min_size=1) for key in stream.key_properties}
    known = {name: ANY_JSON | values(document["properties"][name]) for name in names if name not in keys}

    @FEW_LARGE_EXAMPLES
    @given(st.fixed_dictionaries({}, optional=keys | known), st.dictionaries(st.text(max_size=4), ANY_JSON, max_size=2))
    @example({}, {})
    def check(row: Json, more: Json) -> None:
        try:
            record = shaped(more | row)
        except BadData as error:
            assert str(error).startswith(f"{stream.name}: ")
        else:
            assert list(record) == list(document["properties"])
            assert not list(validator.iter_errors(record))

    check()
