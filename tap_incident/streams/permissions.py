"""Names of permissions as the dashboard shows them."""

from __future__ import annotations

PERMISSIONS = {
    "catalog_entries.view": "View catalog types and entries",
    "catalog_types.view": "View catalog types and entries",
    **dict.fromkeys(
        (
            "actions.view",
            "alert_schema.view",
            "alert_sources.view",
            "alerts.view",
            "attachments.view",
            "custom_fields.view",
            "escalations.view",
            "incident_roles.view",
            "incident_statuses.view",
            "incident_types.view",
            "incidents.view",
            "schedules.view",
            "severities.view",
            "users.view",
        ),
        "View data, like public incidents and organisation settings",
    ),
}
"""Scope to the name of the permission that grants it. Only the scopes whose name is known are here."""
