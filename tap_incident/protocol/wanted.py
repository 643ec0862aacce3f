"""The setting `streams`: which streams to read if there is no catalog."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from tap_incident.streams import BY_NAME, STREAMS
from tap_incident.words import shown

LOGGER = logging.getLogger(__name__)

_WITHOUT = "!"
_DEFAULT = "default"


def wanted(patterns: Sequence[str], source: str) -> Mapping[str, bool]:
    """The streams to read, in the order of the stream table: True for those that are named, not matched by a `*`.

    `patterns` are names, names with `*`, `default` for the default streams, and each of them after `!` for streams to
    leave out, in any order. Without a name to read, all default streams are read, except the ones to leave out.
    `source` names the setting in messages. Logs a WARNING for patterns that match no stream.
    """
    stripped = [pattern.strip() for pattern in patterns]
    left_out = [pattern[1:].strip() for pattern in stripped if pattern.startswith(_WITHOUT)]
    read = [pattern for pattern in stripped if not pattern.startswith(_WITHOUT)]
    missing = unknown(patterns)
    if missing:
        LOGGER.warning("%s: this tap has no stream %s: skipped", source, ", ".join(missing))
    names = _matches(read or [_DEFAULT]) - _matches(left_out)
    return {stream.name: stream.name in read for stream in STREAMS if stream.name in names}


def unknown(patterns: Sequence[str]) -> list[str]:
    """The patterns that match no stream, each with the nearest name: nothing of what they mean is read or left out."""
    names = (pattern.strip().removeprefix(_WITHOUT).strip() for pattern in patterns)
    return [shown(name, BY_NAME) for name in names if not _matches([name])]


def _matches(patterns: Sequence[str]) -> set[str]:
    found = {name for pattern in patterns for name in BY_NAME if fnmatchcase(name, pattern)}
    return found | {stream.name for stream in STREAMS if _DEFAULT in patterns and stream.selected_by_default}
