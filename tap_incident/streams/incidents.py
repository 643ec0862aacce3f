"""Incidents, what belongs to one, what happened in it, and who took part."""

from __future__ import annotations

from tap_incident.streams.definition import ROW_ID, STATUS_CATEGORIES, Answer, Params, Parent, Stream

_OF_INCIDENT: Params = (("incident_id", "id"),)
# Without the incident's own mode, the API returns no rows for test and tutorial incidents.
_OF_INCIDENT_IN_MODE: Params = (*_OF_INCIDENT, ("incident_mode", "mode"))
_ADDED: Params = (("incident_id", "incident_id"),)
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
        replication_key="updated_at",
        filters_by_day=True,
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
        replication_key="updated_at",
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
        replication_key="updated_at",
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
        parent=Parent("incidents", _OF_INCIDENT, added_columns=_ADDED),
    ),
    Stream(
        "postmortem_documents",
        "/v1/postmortem_documents",
        "Post-mortem documents: title, status, editors and address, but not the text",
        "incidents.view",
        page_size=250,
        params=(("sort_by", "created_at_oldest_first"),),
    ),
    Stream(
        "postmortem_contents",
        "/v1/postmortem_documents/{id}/content",
        "The text of each post-mortem document, as Markdown",
        "in_app_postmortems.copy_as_markdown",
        ("postmortem_document_id",),
        parent=Parent("postmortem_documents", (("id", "id"),), added_columns=(("postmortem_document_id", "id"),)),
        answer=Answer(one_row_with="markdown"),
    ),
    # From here on, each stream costs at least one request per incident.
    # Rows of an incident's work streams come too, and keep the work stream's own incident_id.
    Stream(
        "incident_timeline_items",
        "/v2/incident_timeline_items",
        "Timeline items of an incident and its work streams",
        "incidents.view",
        page_size=250,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
    Stream(
        "incident_activity_log_entries",
        "/v2/incident_activity_log_entries",
        "Log of what happened in an incident and its work streams, without joins, messages and transcripts",
        "incidents.view",
        page_size=250,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
    Stream(
        "incident_participants",
        "/v2/incident_participants",
        "People in an incident: who helps, who watches, and in which role",
        "incidents.view",
        (ROW_ID,),
        parent=Parent("incidents", _OF_INCIDENT, added_columns=_ADDED),
        # The list is not part of the identity: a person can move from one list to the other.
        answer=Answer(list_column="participation", row_id_from=("incident_id", "user.id")),
    ),
    Stream(
        "incident_participant_workloads",
        "/v2/incident_participant_workloads",
        "Minutes that each person spent on an incident, at which times of the day",
        "incident_workloads.view",
        (ROW_ID,),
        parent=Parent("incidents", _OF_INCIDENT, added_columns=_ADDED),
        answer=Answer(row_id_from=("incident_id", "user.id")),
    ),
    Stream(
        "call_sessions",
        "/v2/call_sessions",
        "Calls of an incident: start and end, but not what people said",
        "call_transcripts.view",
        page_size=250,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
)
