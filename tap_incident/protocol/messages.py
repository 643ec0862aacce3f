"""Singer messages, one line each. The output is buffered and flushed at each STATE.

Source: Singer spec, section "Output".
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tap_incident.logs import masked, shortened
from tap_incident.protocol.output import Output, output_errors
from tap_incident.protocol.records import Shaper, shaper
from tap_incident.protocol.schemas import schema
from tap_incident.protocol.selection import Selected
from tap_incident.protocol.state import State

LOGGER = logging.getLogger(__name__)

# singer-python's write_message uses simplejson and flushes at each record, which is many times slower.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# In a line of JSON: half a surrogate pair, NUL, or a backslash that may only look like the start of one of them.
_SUSPECT = re.compile(r"\\ud[89ab]..(?!\\ud[c-f])|\\ud[c-f](?<!\\ud[89ab]..\\ud[c-f])|\\u0000|\\\\u(?:d[89a-f]|0000)")
# One escape: a whole pair, a character that is replaced, or anything else.
_ESCAPE = re.compile(r"\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..|u0000)|.)")
_MOST_UNKNOWN = 1_000
_SHOWN_UNKNOWN = 20
_LONGEST_PATH = 200


class Encoder:
    """Makes RECORD messages. Thread-safe."""

    def __init__(self, secret: str = "", versions: Mapping[str, int] | None = None) -> None:
        """`secret` is masked in log lines. `versions` are the table versions of streams that have one."""
        self._secret = secret
        self._versions = versions or {}
        self._lock = threading.Lock()
        self._shapers: dict[str, Shaper] = {}
        self._unknown: defaultdict[str, set[str]] = defaultdict(set)
        self._replaced: set[str] = set()

    def record(self, selected: Selected, row: dict[str, Any], extracted: str) -> str:
        """The RECORD message of a row of the API. `extracted` is its `time_extracted`.

        NUL and halves of surrogate pairs become U+FFFD, with one WARNING per stream: PostgreSQL and DuckDB refuse them.
        Raises BadData for a row that fits no record.
        """
        name = selected.stream.name
        message: dict[str, Any] = {"type": "RECORD", "stream": name, "record": self._shaper(selected)(row)}
        message["time_extracted"] = extracted
        if name in self._versions:
            message["version"] = self._versions[name]
        line = _encode(message)
        if ("\\ud" in line or "\\u0000" in line) and _SUSPECT.search(line):
            return self._storable(name, line)
        return line

    def _shaper(self, selected: Selected) -> Shaper:
        name = selected.stream.name
        with self._lock:
            if name not in self._shapers:
                self._shapers[name] = shaper(selected, schema(selected.stream), partial(self._collect, name))
            return self._shapers[name]

    def _storable(self, name: str, line: str) -> str:
        storable = _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], line)
        with self._lock:
            if storable != line and name not in self._replaced:
                self._replaced.add(name)
                LOGGER.warning(
                    "%s: a text holds NUL or half of a surrogate pair, which databases refuse; each is written as "
                    "U+FFFD",
                    name,
                )
        return storable

    def _collect(self, name: str, path: str) -> None:
        if len(path) > _LONGEST_PATH:
            path = shortened(masked(path, self._secret), _LONGEST_PATH)
        with self._lock:
            if len(self._unknown[name]) < _MOST_UNKNOWN:
                self._unknown[name].add(path)

    def log_unknown_properties(self) -> None:
        """Log the properties of the API that are not in the schemas, but only the first of many."""
        with self._lock:  # After an error, readers may still be at work.
            paths = [f"{name}.{path}" for name, found in sorted(self._unknown.items()) for path in sorted(found)]
            is_cut = any(len(found) == _MOST_UNKNOWN for found in self._unknown.values())
        more, at_least = len(paths) - _SHOWN_UNKNOWN, "at least " if is_cut else ""
        others = f", and {at_least}{more:,} others" if more > 0 else ""
        if paths:
            text = "The API sends properties that this version does not know; they are left out: %s%s"
            LOGGER.warning(text, ", ".join(paths[:_SHOWN_UNKNOWN]), others)


class Writer:
    """Writes messages to `out`, and counts the records per stream in `records`. Only the main thread uses it.

    Raises BrokenPipeError if the reader has closed the pipe, BadOutput for any other failure to write.
    """

    def __init__(self, out: Output, *, with_state: bool = True) -> None:
        self._out, self._with_state = out, with_state
        self.records: Counter[str] = Counter()

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

    def records_of(self, selected: Selected, lines: Sequence[str]) -> None:
        """Write RECORD messages of one stream, after its SCHEMA."""
        self.schema(selected)
        for line in lines:
            self._write_line(line)
            self.records[selected.stream.name] += 1

    def activate(self, name: str, version: int) -> None:
        """Write ACTIVATE_VERSION: the target removes rows with another version."""
        self._write({"type": "ACTIVATE_VERSION", "stream": name, "version": version})

    def state(self, state: State) -> None:
        """Write STATE, if the output has them, and flush, so that the target gets it with all records before it."""
        if self._with_state:
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
