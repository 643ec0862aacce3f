"""Singer messages, one line each. The output is buffered and flushed at each STATE.

Source: Singer spec, section "Output".
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import Any

from tap_incident.protocol.output import Output, output_errors
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State

LOGGER = logging.getLogger(__name__)

# singer-python's write_message uses simplejson and flushes at each record, which is many times slower.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# In a line of JSON: half a surrogate pair, NUL, or a backslash that may only look like the start of one of them.
_SUSPECT = re.compile(r"\\ud[89ab]..(?!\\ud[c-f])|\\ud[c-f](?<!\\ud[89ab]..\\ud[c-f])|\\u0000|\\\\u(?:d[89a-f]|0000)")
# One escape: a whole pair, a character that is replaced, or anything else.
_ESCAPE = re.compile(r"\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..|u0000)|.)")


class Writer:
    """Writes messages to `out`, and counts the records per stream in `records`.

    Raises BrokenPipeError if the reader has closed the pipe, BadOutput for any other failure to write.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        self.records: Counter[str] = Counter()
        self.activated: set[str] = set()
        """Streams for which ACTIVATE_VERSION was written."""
        self._replaced: set[str] = set()
        self.versions: dict[str, int] = {}
        """Table version per stream, if it has one. It is written into each RECORD."""

    def schema(self, selected: Selected) -> None:
        """Write SCHEMA of a stream, unless it was written before."""
        stream = selected.stream
        if stream.name in self.records:
            return
        self.records[stream.name] = 0
        message = {
            "type": "SCHEMA",
            "stream": stream.name,
            # True of our records, but targets that flatten records would refuse the columns that they add themselves.
            "schema": {key: value for key, value in selected.schema.items() if key != "additionalProperties"},
            "key_properties": list(stream.key_properties),
        }
        if selected.replication_key:
            message["bookmark_properties"] = [selected.replication_key]
        self._write(message)

    def record(self, name: str, record: dict[str, Any], extracted: str = "") -> None:
        """Write RECORD of the stream `name`, whose SCHEMA must be out. `extracted` is its `time_extracted`.

        NUL and halves of surrogate pairs become U+FFFD, with one WARNING per stream: PostgreSQL and DuckDB refuse them.
        """
        message: dict[str, Any] = {"type": "RECORD", "stream": name, "record": record}
        if extracted:
            message["time_extracted"] = extracted
        if name in self.versions:
            message["version"] = self.versions[name]
        line = _encode(message)
        if ("\\ud" in line or "\\u0000" in line) and _SUSPECT.search(line):
            line = self._storable(name, line)
        self._write_line(line)
        self.records[name] += 1

    def _storable(self, name: str, line: str) -> str:
        storable = _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], line)
        if storable != line and name not in self._replaced:
            self._replaced.add(name)
            LOGGER.warning(
                "%s: a text holds NUL or half of a surrogate pair, which databases refuse; each is written as U+FFFD",
                name,
            )
        return storable

    def activate(self, name: str) -> None:
        """Write ACTIVATE_VERSION if the stream has a version: the target removes rows with another one."""
        if name in self.versions:
            self.activated.add(name)
            self._write({"type": "ACTIVATE_VERSION", "stream": name, "version": self.versions[name]})

    def state(self, state: State) -> None:
        """Write STATE and flush, so that the target gets it with all records before it."""
        self._write({"type": "STATE", "value": state})
        self.flush()

    def flush(self) -> None:
        """Flush the output."""
        with output_errors():
            self._out.flush()

    def _write(self, message: dict[str, Any]) -> None:
        self._write_line(_encode(message))

    def _write_line(self, line: str) -> None:
        with output_errors():
            # One call per line, so that a signal interrupts between lines.
            self._out.write(line + "\n")
