"""The reader of Meltano's SDK, which checks a tap's messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.runs import Json

from .conftest import Pour
from .loaders import SDK
from .pipes import exact

ECHO = str(Path(__file__).parent / "scripts" / "echo_sdk.py")
STREAM = re.compile(r"^\| (\w+) +\| (\d+) +\| (\d+) +\|$", re.MULTILINE)


def nested_moments(schema: Json, breadcrumb: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a schema timestamps are inside an object that can be null, and objects of nothing else."""
    parts = schema.get("properties", {}).values()
    if breadcrumb and parts and all(part.get("format") == "date-time" for part in parts):
        yield breadcrumb  # With none of its properties selected, it would come whole.
    for name, part in schema.get("properties", {}).items():
        at = (*breadcrumb, "properties", name)
        if breadcrumb and part.get("format") == "date-time":
            yield at
        yield from nested_moments(part, at)
    if "items" in schema:
        yield from nested_moments(schema["items"], (*breadcrumb, "items"))


def in_utc(message: Json) -> Json:
    """The message with its time as the SDK writes it."""
    return message | {key: text.replace("Z", "+00:00") for key, text in message.items() if key == "time_extracted"}


def test_the_sdk_reads_every_message_and_writes_it_again_as_it_was(pour: Pour) -> None:
    piped = pour(SDK, arguments=(ECHO,)).succeeded()
    again = [in_utc(exact(line)) for line in piped.printed.splitlines()]
    assert again == [in_utc(message) for message in piped.run.messages]
