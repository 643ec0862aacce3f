"""Singer messages: their content, one line each, and when they are flushed."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import singer

from tap_incident.protocol.messages import Writer
from tap_incident.protocol.selection import select
from tests.support.runs import only, set_field


class Out(io.StringIO):
    """A text stream that keeps each written piece, and the number of pieces at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.flushed: list[int] = []

    def write(self, text: str, /) -> int:
        """Keep the piece."""
        self.pieces.append(text)
        return super().write(text)

    def flush(self) -> None:
        """Keep the number of pieces so far."""
        self.flushed.append(len(self.pieces))


VALUES: list[Any] = [
    None,
    "",
    "Größe 数据 👩‍🚒\r\n\u2028\x01",
    2**53 + 1,
    0.1,
    [None, {}],
    {"b": 1, "a": {"": []}},
]


def test_schema_message_has_stream_schema_and_key_properties() -> None:
    out = Out()
    catalog = set_field(only("actions"), "actions", "properties", "description", selected=False)
    actions = select(catalog)["actions"]
    Writer(out).schema(actions)
    message = json.loads(out.getvalue())
    assert message == {
        "type": "SCHEMA",
        "stream": "actions",
        "schema": {key: value for key, value in actions.schema.items() if key != "additionalProperties"},
        "key_properties": ["id", "incident_id"],
    }
    assert actions.schema["additionalProperties"] is False
    assert "description" not in message["schema"]["properties"]


def test_schema_message_is_written_once_per_stream() -> None:
    out = Out()
    writer, selection = Writer(out), select()
    writer.schema(selection["users"])
    writer.schema(selection["users"])
    writer.schema(selection["teams"])
    writer.record("users", {"id": "U1"})
    writer.state({})
    writer.schema(selection["users"])
    writer.schema(selection["teams"])
    kinds = [(message["type"], message.get("stream")) for message in map(json.loads, out.getvalue().splitlines())]
    assert kinds == [("SCHEMA", "users"), ("SCHEMA", "teams"), ("RECORD", "users"), ("STATE", None)]


@pytest.mark.parametrize("value", VALUES)
def test_record_message_is_one_line_with_unchanged_values(value: Any) -> None:
    out = Out()
    Writer(out).record("users", {"id": "U1", "value": value})
    (line,) = out.getvalue().splitlines(keepends=True)
    assert line.endswith("}\n")
    message = json.loads(line)
    assert list(message) == ["type", "stream", "record"]
    assert message == {"type": "RECORD", "stream": "users", "record": {"id": "U1", "value": value}}
    assert repr(message["record"]["value"]) == repr(value)


def test_record_message_has_the_time_of_its_answer() -> None:
    out = Out()
    Writer(out).record("users", {"id": "U1"}, "2026-02-03T04:05:06.000007Z")
    message = singer.parse_message(out.getvalue())
    assert message.time_extracted.isoformat() == "2026-02-03T04:05:06.000007+00:00"


def test_record_message_that_is_not_json_is_an_error_and_writes_nothing() -> None:
    out = Out()
    with pytest.raises(ValueError, match="JSON"):
        Writer(out).record("users", {"id": "U1", "value": float("nan")})
    assert out.pieces == []


def test_message_is_written_in_one_piece() -> None:
    # Between two pieces a signal could arrive or the target could end.
    out = Out()
    writer = Writer(out)
    writer.schema(select()["users"])
    writer.record("users", {"id": "U1"})
    writer.state({"bookmarks": {}})
    assert len(out.pieces) == 3
    assert all(piece.endswith("\n") and piece.count("\n") == 1 for piece in out.pieces)


def test_state_message_flushes_everything_before_it() -> None:
    out = Out()
    writer = Writer(out)
    writer.schema(select()["users"])
    for number in range(3):
        writer.record("users", {"id": f"U{number}"})
    assert out.flushed == []
    writer.state({"bookmarks": {}})
    writer.record("users", {"id": "U9"})
    assert out.flushed == [5]
    writer.state({"bookmarks": {}})
    assert out.flushed == [5, 7]


def test_state_message_has_the_value() -> None:
    out = Out()
    Writer(out).state({"currently_syncing": "users", "bookmarks": {"users": {"after": "c"}}})
    assert json.loads(out.getvalue()) == {
        "type": "STATE",
        "value": {"currently_syncing": "users", "bookmarks": {"users": {"after": "c"}}},
    }


def test_record_count_per_stream_starts_with_the_schema() -> None:
    writer, selection = Writer(Out()), select()
    writer.schema(selection["users"])
    writer.schema(selection["teams"])
    writer.record("users", {"id": "U1"})
    writer.record("users", {"id": "U2"})
    writer.state({})
    assert writer.records == {"users": 2, "teams": 0}


def test_message_can_be_parsed_by_singer() -> None:
    out = Out()
    writer, users = Writer(out), select()["users"]
    writer.schema(users)
    writer.record("users", {"id": "U1"})
    writer.state({"bookmarks": {}})
    schema, record, state = (singer.parse_message(line) for line in out.getvalue().splitlines())
    assert (schema.stream, schema.key_properties) == ("users", ["id"])
    assert schema.schema["properties"] == users.schema["properties"]
    assert (record.stream, record.record) == ("users", {"id": "U1"})
    assert state.value == {"bookmarks": {}}
