"""How the organisation describes its incidents, from custom fields to the glossary, and its people."""

from __future__ import annotations

from tap_incident.streams.definition import STATUS_CATEGORIES, Parent, Stream

ORGANISATION: tuple[Stream, ...] = (
    Stream("custom_fields", "/v2/custom_fields", "Custom fields that incidents can have", "custom_fields.view"),
    Stream(
        "custom_field_options",
        "/v1/custom_field_options",
        "Options of custom fields of a select type",
        "custom_fields.view",
        ("id", "custom_field_id"),
        page_size=250,
        parent=Parent("custom_fields", (("custom_field_id", "id"),)),
    ),
    Stream("incident_roles", "/v2/incident_roles", "Roles that people take in an incident", "incident_roles.view"),
    Stream("incident_timestamps", "/v2/incident_timestamps", "Timestamps that an incident can record"),
    Stream(
        "incident_statuses",
        "/v1/incident_statuses",
        "Statuses that an incident goes through",
        "incident_statuses.view",
        known=(("category", STATUS_CATEGORIES),),
    ),
    Stream("incident_types", "/v1/incident_types", "Types of incident", "incident_types.view"),
    Stream("severities", "/v1/severities", "Severities, by rank", "severities.view"),
    Stream(
        "incident_forms",
        "/v3/incident_forms",
        "Forms that people fill in to declare, update or close an incident",
        page_size=250,
    ),
    Stream(
        "incident_templates",
        "/v1/incident_templates",
        "Templates that new incidents are made from",
        "incident_templates.view",
        page_size=250,
    ),
    Stream("glossary_entries", "/v2/glossary_entries", "Words of the organisation, with their meaning", page_size=250),
    Stream(
        "users",
        "/v2/users",
        "Users with roles and seats, including deactivated users",
        "users.view",
        # The maximum is 10,000, but that makes answers of about 10 MB.
        page_size=1000,
        params=(("include_inactive", "true"),),
    ),
)
