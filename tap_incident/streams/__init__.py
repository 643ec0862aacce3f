"""The table of streams, as data: one entry per stream, one module per theme, in the order of a run.

Discovery, sync, the README's tables and the tests iterate over `STREAMS`. This package may import only the small
modules at the root of `tap_incident`.
"""

from __future__ import annotations

from tap_incident.streams.alerts import ALERTS
from tap_incident.streams.automation import AUTOMATION
from tap_incident.streams.catalog import CATALOG
from tap_incident.streams.definition import (
    PATH_PARAM,
    ROW_ID,
    STATUS_CATEGORIES,
    Answer,
    Detail,
    Incremental,
    Params,
    Parent,
    Privacy,
    Stream,
    TimeWindow,
)
from tap_incident.streams.incident_activity import INCIDENT_ACTIVITY
from tap_incident.streams.incident_settings import INCIDENT_SETTINGS
from tap_incident.streams.incidents import INCIDENTS
from tap_incident.streams.on_call import ON_CALL
from tap_incident.streams.pay import PAY
from tap_incident.streams.people import PEOPLE
from tap_incident.streams.permissions import PERMISSIONS
from tap_incident.streams.policies import POLICIES
from tap_incident.streams.status_pages import STATUS_PAGES

__all__ = [
    "BY_NAME",
    "PATH_PARAM",
    "PERMISSIONS",
    "ROW_ID",
    "STATUS_CATEGORIES",
    "STREAMS",
    "Answer",
    "Detail",
    "Incremental",
    "Params",
    "Parent",
    "Privacy",
    "Stream",
    "TimeWindow",
]

STREAMS: tuple[Stream, ...] = (
    *INCIDENTS,
    *INCIDENT_ACTIVITY,
    *INCIDENT_SETTINGS,
    *PEOPLE,
    *ALERTS,
    *ON_CALL,
    *PAY,
    *CATALOG,
    *STATUS_PAGES,
    *AUTOMATION,
    *POLICIES,
)
"""Parents come before their children. A run reads them in this order."""

BY_NAME = {stream.name: stream for stream in STREAMS}
