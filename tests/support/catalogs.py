"""Catalogs that several test modules use."""

from __future__ import annotations

from tap_incident.streams import STREAMS
from tests.support.runs import catalog_with

DEFAULT = {stream.name for stream in STREAMS if stream.selected_by_default}
EVERYTHING = catalog_with(lambda _, metadata: metadata.update(selected=True))
