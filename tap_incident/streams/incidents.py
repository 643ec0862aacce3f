"""Incidents and what belongs to one.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import STATUS_CATEGORIES, Answer, Incremental, Params, Parent, Stream

_OF_INCIDENT: Params = (("incident_id", "id"),)
# Without the incident's own mode, the API returns no rows for test and tutorial incidents.
_OF_INCIDENT_IN_MODE: Params = (*_OF_INCIDENT, ("incident_mode", "mode"))
_BY_INCIDENT = ("id", "incident_id")
_WORK_STREAMS: Params = (("incident_mode", "stream"),)

INCIDENTS: tuple[Stream, ...] = (
    Stream(
        "incidents",
        "/v2/incidents",
        "Incidents of every status, with their custom fields, roles, timestamps, attachments and updates",
        "incidents.view",
        page_size=250,  # The document says 500, but the API serves at most 250.
        # Oldest first: a row created during the run is added at the end and shifts no page.
        params=(
            ("sort_by", "created_at_oldest_first"),
            *(("status_category[one_of]", category) for category in STATUS_CATEGORIES),
        ),
        mode_param="mode[one_of]",
        requests_per_minute=60,
        incremental=Incremental("updated_at", days_only=True),
    ),
    Stream(
        "actions",
        "/v3/actions",
        "Actions taken in an incident or a work stream",
        "actions.view",
        _BY_INCIDENT,
        page_size=250,
        filters_created_at=True,
        mode_param="incident_mode",
        parent=Parent("incidents", _OF_INCIDENT_IN_MODE, orphan_params=_WORK_STREAMS, has_list=True),
        incremental=Incremental("updated_at"),
    ),
    Stream(
        "follow_ups",
        "/v3/follow_ups",
        "Work to be done after an incident, with its assignee, priority and issue",
        "actions.view",
        _BY_INCIDENT,
        page_size=250,
        filters_created_at=True,
        mode_param="incident_mode",
        parent=Parent("incidents", _OF_INCIDENT_IN_MODE, orphan_params=_WORK_STREAMS, has_list=True),
        incremental=Incremental("updated_at"),
    ),
    Stream(
        "incident_updates",
        "/v2/incident_updates",
        "Updates posted to an incident: message, change of status or severity, merge",
        "incidents.view",
        _BY_INCIDENT,
        page_size=250,
        parent=Parent("incidents", _OF_INCIDENT, nested_as="updates", has_list=True),
    ),
    Stream(
        "incident_attachments",
        "/v1/incident_attachments",
        "Items from other tools attached to an incident: alerts, pull requests, tickets",
        "attachments.view",
        _BY_INCIDENT,
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT, nested_as="attachments"),
    ),
    Stream(
        "incident_relationships",
        "/v1/incident_relationships",
        "Other incidents that an incident is related to",
        "incidents.view",
        # A relationship appears once per incident, under one id, and its row names only the other incident.
        _BY_INCIDENT,
        page_size=250,
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT, added_columns=(("incident_id", "incident_id"),)),
    ),
    Stream(
        "postmortem_documents",
        "/v1/postmortem_documents",
        "Post-mortem documents: title, status, editors and address, but not the text",
        "incidents.view",
        page_size=250,
        params=(("sort_by", "created_at_oldest_first"),),
        selected_by_default=False,
    ),
    Stream(
        "postmortem_contents",
        "/v1/postmortem_documents/{id}/content",
        "The text of each post-mortem document, as Markdown",
        "in_app_postmortems.copy_as_markdown",
        ("postmortem_document_id",),
        selected_by_default=False,
        parent=Parent("postmortem_documents", (("id", "id"),), added_columns=(("postmortem_document_id", "id"),)),
        answer=Answer(one_row_with="markdown"),
    ),
)
