"""Status pages and what is published on them.

Paths, parameters, `page_size` maxima and scopes are those of the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import Parent, Stream

STATUS_PAGES: tuple[Stream, ...] = (
    Stream("status_pages", "/v2/status_pages", "Status pages", page_size=250, selected_by_default=False),
    Stream(
        "status_page_incidents",
        "/v2/status_page_incidents",
        "Incidents published on a status page, with their updates and affected components",
        page_size=250,
        selected_by_default=False,
        parent=Parent("status_pages", (("status_page_id", "id"),)),
    ),
    Stream(
        "status_page_maintenances",
        "/v2/status_page_maintenances",
        "Maintenances published on a status page, with their updates and components",
        page_size=250,
        selected_by_default=False,
        parent=Parent("status_pages", (("status_page_id", "id"),)),
    ),
)
