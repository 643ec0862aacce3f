"""Messages: whole lines of Singer SCHEMA, RECORD and STATE on a text stream, in blocks, flushed at each STATE.

Source: Singer spec, section "Output".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tap_incident.errors import BadOutput
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State

# singer-python's write_message encodes with simplejson and flushes at each record: many times slower.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Writer:
    """Writes messages to `out`, and counts the records of each stream in `records`.

    Raises BrokenPipeError when nobody reads any more, BadOutput for any other failure to write.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.records: Counter[str] = Counter()
        self.versions: dict[str, int] = {}
        """Versions of the tables that the streams' records are for, where they have one."""

    def schema(self, selected: Selected) -> None:
        """SCHEMA of a stream, the first time it is asked for."""
        stream = selected.stream
        if stream.name in self.records:
            return
        self.records[stream.name] = 0
        message = {
            "type": "SCHEMA",
            "stream": stream.name,
            # Nothing else comes, but targets that flatten records add columns, and then hold them against this.
            "schema": {key: value for key, value in selected.schema.items() if key != "additionalProperties"},
            "key_properties": list(stream.key_properties),
        }
        if selected.replication_key:
            message["bookmark_properties"] = [selected.replication_key]
        self._write(message)

    def record(self, name: str, record: dict[str, Any]) -> None:
        """RECORD of the stream `name`, whose SCHEMA is out."""
        message: dict[str, Any] = {"type": "RECORD", "stream": name, "record": record}
        if name in self.versions:
            message["version"] = self.versions[name]
        self._write(message)
        self.records[name] += 1

    def activate(self, name: str) -> None:
        """ACTIVATE_VERSION, if the stream has one: rows of the table with another version are no more."""
        if name in self.versions:
            self._write({"type": "ACTIVATE_VERSION", "stream": name, "version": self.versions[name]})

    def state(self, state: State) -> None:
        """STATE, and all before it on its way to the target."""
        self._write({"type": "STATE", "value": state})
        self.flush()

    def flush(self) -> None:
        """Send on all that was written; raises as writing does."""
        with writing():
            self._out.flush()

    def _write(self, message: dict[str, Any]) -> None:
        line = _encode(message) + "\n"
        with writing():
            # One call a line: an interruption comes between lines.
            self._out.write(line)


@contextmanager
def writing() -> Iterator[None]:
    """Around what writes to stdout: a failure becomes BadOutput, but for a broken pipe."""
    try:
        yield
    except BrokenPipeError:
        raise  # The target has died, and says itself why.
    except OSError as error:
        raise BadOutput(f"The messages can't be written ({error.strerror})") from error
