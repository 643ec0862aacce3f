"""Alerts, their sources and routes, and the incidents that they led to."""

from __future__ import annotations

from tap_incident.streams.definition import Detail, Parent, Privacy, Stream

ALERTS: tuple[Stream, ...] = (
    Stream(
        "alerts",
        "/v2/alerts",
        "Alerts received, with their attributes",
        "alerts.view",
        page_size=50,
        filters_created_at=True,
        replication_key="updated_at",
    ),
    Stream(
        "alert_notes",
        "/v1/alert_notes",
        "Notes that people wrote on an alert or on a group of alerts",
        "alerts.view",
        page_size=250,
        # A note on a group of alerts is in no alert's list, and there is no list of groups.
        parent=Parent(
            "alerts",
            (("alert_id", "id"),),
            also_by=(("alert_group_id", "alert_group_ids"),),
            # A note on a group is no note on its alerts.
            only_if=(("has_notes[is]", "true"),),
        ),
        # Signed URLs: anybody can open the image for ten minutes.
        privacy=Privacy(cut_urls=("images[].url",)),
    ),
    Stream(
        "alert_attachments",
        "/v2/alert_attachments",
        "Attachments of alerts and of groups of alerts: title and URL",
        "alerts.view",
        page_size=25,  # The document gives no maximum; this is the default.
        # What is attached to a group is in no alert's list.
        parent=Parent("alerts", (("alert_id", "id"),), also_by=(("alert_group_id", "alert_group_ids"),)),
    ),
    Stream(
        "incident_alerts",
        "/v2/incident_alerts",
        "Links between alerts and incidents, and the routes that made them",
        "alerts.view",
        page_size=50,
    ),
    Stream("alert_attributes", "/v2/alert_attributes", "Attributes that alerts can have", "alert_schema.view"),
    Stream(
        "alert_sources",
        "/v2/alert_sources",
        "Sources that alerts come from, and how each is parsed",
        "alert_sources.view",
        privacy=Privacy(withheld=("secret_token",)),
    ),
    Stream("alert_tags", "/v2/alert_tags", "Tags that alerts can have", "alerts.view", page_size=250),
    Stream(
        "alert_routes",
        "/v3/alert_routes",
        "Alert routes: which alerts each takes, what it makes of them, and whom it pages",
        "alert_routes.view",
        page_size=50,
        detail=Detail(
            "/v3/alert_routes/{id}",
            "alert_route",
            (
                *("alert_sources", "condition_groups", "created_at", "escalation_config", "expressions"),
                *("grouping_config", "incident_config", "is_private", "message_config", "owning_team_ids"),
                *("updated_at", "version"),
            ),
        ),
    ),
    Stream(
        "maintenance_windows",
        "/v1/maintenance_windows",
        "Past and coming maintenance windows: which alerts they suppress, and who is notified",
        "maintenance_windows.view",
        page_size=50,
    ),
)
