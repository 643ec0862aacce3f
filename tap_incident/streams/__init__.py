"""The table of streams, one entry each. Discovery, sync, the README and the tests iterate over `STREAMS`."""

from __future__ import annotations

from tap_incident.streams.definition import (
    INCIDENT_MODES,
    METHODS,
    PERMISSIONS,
    ROW_ID,
    STATUS_CATEGORIES,
    STRATEGIES,
    Params,
    Stream,
)
from tap_incident.streams.incidents import INCIDENTS
from tap_incident.streams.organisation import ORGANISATION

__all__ = [
    "BY_NAME",
    "INCIDENT_MODES",
    "METHODS",
    "PERMISSIONS",
    "ROW_ID",
    "STATUS_CATEGORIES",
    "STRATEGIES",
    "STREAMS",
    "Params",
    "Stream",
]

STREAMS: tuple[Stream, ...] = (*INCIDENTS, *ORGANISATION)
"""A parent before its children; a run walks them in this order."""

BY_NAME = {stream.name: stream for stream in STREAMS}
