"""The table of streams, as data: one entry per stream, one module per theme, in the order of a run.

Paths, parameters, `page_size` maxima and scopes are those of the API's OpenAPI document.
This package may import only the small modules at the root of `tap_incident`.
"""

from __future__ import annotations

from tap_incident.streams.alerts import ALERTS
from tap_incident.streams.automation import AUTOMATION
from tap_incident.streams.catalog import CATALOG
from tap_incident.streams.definition import ROW_ID, STATUS_CATEGORIES, Answer, Params, Parent, Stream
from tap_incident.streams.incidents import INCIDENTS
from tap_incident.streams.on_call import ON_CALL
from tap_incident.streams.organisation import ORGANISATION
from tap_incident.streams.permissions import PERMISSIONS
from tap_incident.streams.status_pages import STATUS_PAGES

__all__ = ["BY_NAME", "PERMISSIONS", "ROW_ID", "STATUS_CATEGORIES", "STREAMS", "Answer", "Params", "Parent", "Stream"]

STREAMS: tuple[Stream, ...] = (
    *INCIDENTS,
    *ORGANISATION,
    *ALERTS,
    *ON_CALL,
    *CATALOG,
    *STATUS_PAGES,
    *AUTOMATION,
)
"""Parents come before their children. A run reads them in this order."""

BY_NAME = {stream.name: stream for stream in STREAMS}
