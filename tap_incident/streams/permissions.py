"""Names of permissions as the dashboard shows them."""

from __future__ import annotations

_CATALOG = ("catalog_entries.view", "catalog_types.view")
_DATA = (
    *("actions.view", "alert_schema.view", "alert_sources.view", "alerts.view", "attachments.view"),
    *("custom_fields.view", "escalations.view", "incident_roles.view", "incident_statuses.view"),
    *("incident_types.view", "incidents.view", "schedules.view", "severities.view", "users.view"),
)
PERMISSIONS = {
    **dict.fromkeys(_CATALOG, "View catalog types and entries"),
    **dict.fromkeys(_DATA, "View data, like public incidents and organisation settings"),
}
"""Scope to the name of the permission that grants it. Only the scopes whose name is known are here."""
