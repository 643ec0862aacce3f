"""Schema files: what holds for the schema of every stream."""

from __future__ import annotations

import json
import re

from jsonschema import Draft4Validator

from tap_incident.protocol.schemas import schema
from tap_incident.streams import STREAMS, Stream
from tests.support.each import EACH_STREAM
from tests.unit.protocol.catalogs import places

NO_TIMESTAMPS = {("postmortem_documents", "updated_at")}
"""The OpenAPI document does not declare these as timestamps, so any text is possible."""
CREDENTIAL = re.compile(r"secret|password|credential|(^|_)tokens?$|private_key", re.IGNORECASE)


@EACH_STREAM
def test_schema_is_valid_draft_4_without_references(stream: Stream) -> None:
    Draft4Validator.check_schema(schema(stream))
    assert "$ref" not in json.dumps(schema(stream))


@EACH_STREAM
def test_schema_has_a_type_everywhere_and_other_properties_only_in_free_objects(stream: Stream) -> None:
    for path, part in places(schema(stream)):
        (kind,) = set(part["type"]) - {"null"}
        assert kind in {"string", "integer", "number", "boolean", "object", "array"}, path
        assert ("items" in part) == (kind == "array"), path
        assert part.get("additionalProperties") is (("properties" not in part) if kind == "object" else None), path


@EACH_STREAM
def test_schema_has_date_time_for_timestamps(stream: Stream) -> None:
    for path, part in places(schema(stream)):
        assert part.get("format") in {None, "date-time"}, path
        assert "format" not in part or "string" in part["type"], path
        # In a timestamp that is not declared as one, "" would not become null, and targets would reject it.
        is_timestamp = bool(path) and path[-1].endswith("_at") and (stream.name, path[-1]) not in NO_TIMESTAMPS
        assert is_timestamp <= (part.get("format") == "date-time"), path


@EACH_STREAM
def test_schema_allows_null_except_in_key_properties(stream: Stream) -> None:
    firm: set[tuple[str, ...]] = {(), *((key,) for key in stream.key_properties)}
    nested = [child for child in STREAMS if child.parent.stream == stream.name and child.parent.nested_as]
    may_be_firm = {
        (str(child.parent.nested_as), "[]", *key) for child in nested for key in ((), *zip(child.key_properties))
    }
    for path, part in places(schema(stream)):
        assert "null" in part["type"] or path in firm | may_be_firm, path
        assert "null" not in part["type"] or path not in firm, path


@EACH_STREAM
def test_schema_has_no_credential(stream: Stream) -> None:
    properties = [(path[-1], part) for path, part in places(schema(stream)) if path]
    assert not [name for name, _ in properties if CREDENTIAL.search(name)]
    # The API key of an actor is an object with its name. A string could be the key itself.
    assert not [name for name, part in properties if name == "api_key" and "object" not in part["type"]]
    assert not set(schema(stream)["properties"]) & set(stream.privacy.withheld)
