r"""Singer messages: their content, one line each, when they are flushed, and characters that databases refuse.

`\ud83d` as six letters is none of them.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import singer

from tap_incident.protocol.messages import Encoder, Writer
from tap_incident.protocol.selection import Selected, select
from tests.support.runs import only, set_field

USERS, TEAMS = select()["users"], select()["teams"]
AT = "2026-02-03T04:05:06.000007Z"


class Out(io.StringIO):
    """A text stream that keeps each written piece, and an empty one for each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str, /) -> int:
        """Keep the piece."""
        self.pieces.append(text)
        return len(text)

    def flush(self) -> None:
        """Keep that the output was flushed."""
        self.pieces.append("")


def record(value: Any, selected: Selected = USERS, **options: Any) -> Any:
    """The RECORD message of a row with this name, as a reader gets it."""
    line = Encoder(**options).record(selected, {"id": "U1", "name": value}, AT)
    assert "\n" not in line
    return json.loads(line)


def test_schema_message_has_what_is_selected_once_per_stream() -> None:
    out = Out()
    catalog = set_field(only("actions"), "actions", "properties", "description", selected=False)
    actions = select(catalog, replication_method="INCREMENTAL")["actions"]
    writer = Writer(out)
    for selected in (actions, USERS, actions, USERS):
        writer.schema(selected)
    first, second = map(json.loads, out.pieces)
    assert first == {
        "type": "SCHEMA",
        "stream": "actions",
        "schema": {key: value for key, value in actions.schema.items() if key != "additionalProperties"},
        "key_properties": ["id", "incident_id"],
        "bookmark_properties": ["updated_at"],
    }
    assert actions.schema["additionalProperties"] is False
    assert "description" not in first["schema"]["properties"]
    assert (second["stream"], "bookmark_properties" in second) == ("users", False)


@pytest.mark.parametrize("value", [None, "", "Größe 数据 👩‍🚒\r\n\u2028\x01", "\\", '"'])
def test_record_message_is_one_line_with_unchanged_values(value: Any) -> None:
    found = record(value)
    assert list(found) == ["type", "stream", "record", "time_extracted"]
    assert (found["record"]["id"], found["record"]["name"]) == ("U1", value)
    message = singer.parse_message(json.dumps(found))
    assert message.time_extracted.isoformat() == "2026-02-03T04:05:06.000007+00:00"
    assert record(value, versions={"users": 7})["version"] == 7


def test_messages_are_one_piece_each_and_flushed_at_each_state() -> None:
    # Between two pieces a signal could arrive or the target could end.
    out, encoder = Out(), Encoder()
    writer = Writer(out)
    writer.records_of(USERS, [encoder.record(USERS, {"id": f"U{number}"}, AT) for number in range(3)])
    writer.schema(TEAMS)
    writer.state({"bookmarks": {"users": {"after": "\ud800\x00"}}})
    writer.records_of(USERS, [encoder.record(USERS, {"id": "U9"}, AT)])
    writer.activate("users", 7)
    writer.state({})
    assert [number for number, piece in enumerate(out.pieces) if not piece] == [6, 10]
    found = [json.loads(piece) for piece in out.pieces if piece]
    assert all(piece.endswith("\n") and piece.count("\n") == 1 for piece in out.pieces if piece)
    assert "".join(each["type"][0] for each in found) == "SRRRSSRAS"
    assert found[5] == {"type": "STATE", "value": {"bookmarks": {"users": {"after": "\ud800\x00"}}}}
    assert found[7] == {"type": "ACTIVATE_VERSION", "stream": "users", "version": 7}
    assert writer.records == {"users": 4, "teams": 0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("\ud83d\ud83d\udc69\udc69", "\ufffd👩\ufffd"),
        ("\\ud83d\udc69", "\\ud83d\ufffd"),
        ("\ud83d\\udc69", "\ufffd\\udc69"),
        ("\x00\\\x00", "\ufffd\\\ufffd"),
        ("\\u0000 \\\\u0000 \\ud800", "\\u0000 \\\\u0000 \\ud800"),
        ("👩‍🚒 한국어 \ud7ff\ue000", "👩‍🚒 한국어 \ud7ff\ue000"),
    ],
)
def test_text_with_characters_that_databases_refuse_is_replaced(text: str, expected: str) -> None:
    assert record(text)["record"]["name"] == expected
