"""The endpoints of the streams that nobody reads unless they are selected; their rows are made behind all others."""

from __future__ import annotations

from . import rows_automation, rows_links, rows_oncall, rows_pages, rows_shifts
from .endpoint import End, Endpoint, Paging, Param, of

MORE: tuple[Endpoint, ...] = (
    Endpoint(
        "/v1/incident_relationships",
        "incident_relationships",
        rows_links.incident_relationships,
        "incidents.view",
        Paging(250, End.NO_META),
        (of("incident_id", "/v2/incidents", required=True),),
        shape=rows_links.seen_relationship,
    ),
    Endpoint(
        "/v1/postmortem_documents",
        "postmortem_documents",
        rows_links.postmortem_documents,
        "incidents.view",
        Paging(250, End.ABSENT),
        (of("incident_id"), Param("sort_by", values=("created_at_newest_first", "created_at_oldest_first"))),
        order=("created_at", "id"),
        oldest_first=("sort_by", "created_at_oldest_first"),
    ),
    Endpoint(
        "/v3/alert_routes",
        "alert_routes",
        rows_oncall.alert_routes,
        "alert_routes.view",
        Paging(50, End.ABSENT, empty_page=True),
    ),
    Endpoint(
        "/v2/incident_alerts",
        "incident_alerts",
        rows_links.incident_alerts,
        "alerts.view",
        Paging(50, End.EMPTY, required=True),
    ),
    Endpoint(
        "/v1/alert_notes",
        "alert_notes",
        rows_links.alert_notes,
        "alerts.view",
        Paging(250, End.NULL),
        (
            of("alert_id", "/v2/alerts"),
            Param("alert_group_id", field="alert_group_id", parent="/v2/alerts", parent_field="alert_group_ids"),
        ),
        exactly_one=("alert_id", "alert_group_id"),
    ),
    Endpoint(
        "/v1/maintenance_windows",
        "maintenance_windows",
        rows_oncall.maintenance_windows,
        "maintenance_windows.view",
        Paging(50, End.NULL),
    ),
    Endpoint(
        "/v2/escalation_paths",
        "escalation_paths",
        rows_oncall.escalation_paths,
        "escalation_paths.view",
        Paging(25, End.ABSENT),
    ),
    Endpoint(
        "/v2/schedule_overrides",
        "overrides",
        rows_shifts.schedule_overrides,
        "schedules.view",
        Paging(250, End.NO_META),
        (of("schedule_id", "/v2/schedules", required=True),),
    ),
    Endpoint(
        "/v2/schedule_entries",
        "schedule_entries",
        rows_shifts.schedule_entries,
        "schedules.view",
        None,
        (
            of("schedule_id", "/v2/schedules", required=True),
            Param("entry_window_start"),
            Param("entry_window_end"),
        ),
        body=rows_shifts.entries_page,
    ),
    Endpoint("/v2/status_pages", "status_pages", rows_pages.status_pages, None, Paging(250, End.ABSENT)),
    Endpoint(
        "/v2/status_page_incidents",
        "status_page_incidents",
        rows_pages.status_page_incidents,
        None,
        Paging(250, End.EMPTY),
        (of("status_page_id", "/v2/status_pages", required=True),),
    ),
    Endpoint(
        "/v2/status_page_maintenances",
        "status_page_maintenances",
        rows_pages.status_page_maintenances,
        None,
        Paging(250, End.ABSENT),
        (of("status_page_id", "/v2/status_pages", required=True),),
    ),
    Endpoint("/v2/workflows", "workflows", rows_automation.workflows, "workflows.view"),
    Endpoint(
        "/v2/workflow_runs",
        "workflow_runs",
        rows_automation.workflow_runs,
        "workflows.view",
        Paging(50, End.NO_META, total=True, unknown_after=404),
        (of("workflow_id"), of("incident_id")),
    ),
    Endpoint("/v1/api_keys", "api_keys", rows_automation.api_keys, "api_keys.view", Paging(250, End.ABSENT)),
    Endpoint("/v3/catalog_resources", "resources", rows_automation.catalog_resources, "catalog_types.view"),
)
