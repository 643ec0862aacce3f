"""Run by singer-sdk's own Python: reads messages with the SDK's reader and writes them again with its writer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from singer_sdk.singerlib import RecordMessage, Schema, SchemaMessage, StateMessage, write_message
from singer_sdk.singerlib.encoding.simple import SimpleSingerReader


def echo(message: type[Any]) -> Callable[[dict[str, Any]], None]:
    """A function that writes a message of this type from what was read."""

    def write(read: dict[str, Any]) -> None:
        if message is SchemaMessage:
            read["schema"] = Schema.from_dict(read["schema"]).to_dict()
        write_message(message.from_dict(read))

    return write


# A message of another type raises an error.
SimpleSingerReader().process_lines(
    sys.stdin, {"SCHEMA": echo(SchemaMessage), "RECORD": echo(RecordMessage), "STATE": echo(StateMessage)}
)
