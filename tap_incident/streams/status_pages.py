"""Status pages, what they consist of, and what is published on them."""

from __future__ import annotations

from tap_incident.streams.definition import Answer, Params, Parent, Stream

_OF_PAGE: Params = (("status_page_id", "id"),)

STATUS_PAGES: tuple[Stream, ...] = (
    Stream("status_pages", "/v2/status_pages", "Status pages", page_size=250),
    Stream("status_page_components", "/v2/status_page_components", "Components that status pages can show"),
    Stream(
        "status_page_structures",
        "/v2/status_page_structures/{status_page_id}",
        "Which components a status page shows, and in which groups",
        key_properties=("status_page_id",),
        parent=Parent("status_pages", _OF_PAGE, added_columns=(("status_page_id", "status_page_id"),)),
        answer=Answer(one_row_with="current_structure"),
    ),
    Stream(
        "status_page_incidents",
        "/v2/status_page_incidents",
        "Incidents published on a status page, with their updates and affected components",
        page_size=250,
        parent=Parent("status_pages", _OF_PAGE),
    ),
    Stream(
        "status_page_response_incidents",
        "/v1/status-pages/{id}/incidents/{incident_id}/response-incidents",
        "The organisation's own incidents that an incident on a status page is about",
        key_properties=("status_page_incident_id", "id"),
        parent=Parent(
            "status_page_incidents",
            (("incident_id", "id"), ("id", "status_page_id")),
            added_columns=(("status_page_incident_id", "incident_id"), ("status_page_id", "id")),
        ),
        answer=Answer(key="incidents"),
    ),
    Stream(
        "status_page_maintenances",
        "/v2/status_page_maintenances",
        "Maintenances published on a status page, with their updates and components",
        page_size=250,
        parent=Parent("status_pages", _OF_PAGE),
    ),
)
