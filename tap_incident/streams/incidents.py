"""The streams of incidents: what belongs to one, and the settings that describe one.

Facts are those of the API's OpenAPI document: paths, parameters, `page_size` maxima, `x-rbac-scopes`.
"""

from __future__ import annotations

from tap_incident.streams.definition import STATUS_CATEGORIES, Params, Stream

_OF_INCIDENT: Params = (("incident_id", "id"),)
# Without its incident's mode, the API answers with no row for a test or tutorial incident.
_OF_INCIDENT_IN_MODE: Params = (*_OF_INCIDENT, ("incident_mode", "mode"))
_BY_INCIDENT = ("id", "incident_id")
_WORK_STREAMS: Params = (("incident_mode", "stream"),)

INCIDENTS: tuple[Stream, ...] = (
    Stream(
        "incidents",
        "/v2/incidents",
        "Incidents of every status, with their custom fields, roles, timestamps, attachments and updates",
        "incidents.view",
        page_size=250,  # The document says 500; the API serves no more than this.
        # Oldest first: rows that come while the list is read are put at its end and shift no page.
        params=(
            ("sort_by", "created_at_oldest_first"),
            *(("status_category[one_of]", category) for category in STATUS_CATEGORIES),
        ),
        mode_param="mode[one_of]",
        replication_key="updated_at",
        since_day=True,
        per_minute=60,
    ),
    Stream(
        "actions",
        "/v3/actions",
        "Actions taken in an incident or a work stream",
        "actions.view",
        _BY_INCIDENT,
        page_size=250,
        mode_param="incident_mode",
        parent="incidents",
        parent_params=_OF_INCIDENT_IN_MODE,
        orphan_params=_WORK_STREAMS,
        replication_key="updated_at",
        listable=True,
    ),
    Stream(
        "follow_ups",
        "/v3/follow_ups",
        "Work to be done after an incident, with its assignee, priority and issue",
        "actions.view",
        _BY_INCIDENT,
        page_size=250,
        mode_param="incident_mode",
        parent="incidents",
        parent_params=_OF_INCIDENT_IN_MODE,
        orphan_params=_WORK_STREAMS,
        replication_key="updated_at",
        listable=True,
    ),
    Stream(
        "incident_updates",
        "/v2/incident_updates",
        "Updates posted to an incident: message, change of status or severity, merge",
        "incidents.view",
        _BY_INCIDENT,
        page_size=250,
        parent="incidents",
        parent_params=_OF_INCIDENT,
        nested_as="updates",
        listable=True,
    ),
    Stream(
        "incident_attachments",
        "/v1/incident_attachments",
        "Things of other tools attached to an incident: alerts, pull requests, tickets",
        "attachments.view",
        _BY_INCIDENT,
        parent="incidents",
        parent_params=_OF_INCIDENT,
        nested_as="attachments",
        selected_by_default=False,
    ),
    Stream(
        "incident_relationships",
        "/v1/incident_relationships",
        "Other incidents that an incident is related to",
        "incidents.view",
        # A relationship can be listed for each of its incidents, under one id; its row names the other one alone.
        _BY_INCIDENT,
        page_size=250,
        parent="incidents",
        parent_params=_OF_INCIDENT,
        added=("incident_id",),
        selected_by_default=False,
    ),
    Stream(
        "postmortem_documents",
        "/v1/postmortem_documents",
        "Post-mortem documents: title, status, editors and where they are, not their text",
        "incidents.view",
        page_size=250,
        params=(("sort_by", "created_at_oldest_first"),),
        selected_by_default=False,
    ),
    Stream("custom_fields", "/v2/custom_fields", "Custom fields that incidents can have", "custom_fields.view"),
    Stream(
        "custom_field_options",
        "/v1/custom_field_options",
        "Choices of the custom fields that offer a choice",
        "custom_fields.view",
        ("id", "custom_field_id"),
        page_size=250,
        parent="custom_fields",
        parent_params=(("custom_field_id", "id"),),
    ),
    Stream("incident_roles", "/v2/incident_roles", "Roles that people take in an incident", "incident_roles.view"),
    Stream("incident_timestamps", "/v2/incident_timestamps", "Points in time that an incident can record"),
    Stream(
        "incident_statuses", "/v1/incident_statuses", "Statuses that an incident goes through", "incident_statuses.view"
    ),
    Stream("incident_types", "/v1/incident_types", "Types of incident", "incident_types.view"),
    Stream("severities", "/v1/severities", "Severities, by rank", "severities.view"),
)
