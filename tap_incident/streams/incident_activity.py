"""What happened in an incident, and who took part in it. Each stream costs at least one request per incident.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import ROW_ID, Answer, Params, Parent, Stream

_OF_INCIDENT: Params = (("incident_id", "id"),)
_ADDED: Params = (("incident_id", "incident_id"),)

INCIDENT_ACTIVITY: tuple[Stream, ...] = (
    # Rows of an incident's work streams come too, and keep the work stream's own incident_id.
    Stream(
        "incident_timeline_items",
        "/v2/incident_timeline_items",
        "Timeline items of an incident and its work streams",
        "incidents.view",
        page_size=250,
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
    Stream(
        "incident_activity_log_entries",
        "/v2/incident_activity_log_entries",
        "Log of what happened in an incident and its work streams, without joins, messages and transcripts",
        "incidents.view",
        page_size=250,
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
    Stream(
        "incident_participants",
        "/v2/incident_participants",
        "People in an incident: who helps, who watches, and in which role",
        "incidents.view",
        (ROW_ID,),
        selected_by_default=False,
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
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT, added_columns=_ADDED),
        answer=Answer(row_id_from=("incident_id", "user.id")),
    ),
    Stream(
        "call_sessions",
        "/v2/call_sessions",
        "Calls of an incident: start and end, but not what people said",
        "call_transcripts.view",
        page_size=250,
        selected_by_default=False,
        parent=Parent("incidents", _OF_INCIDENT),
    ),
)
