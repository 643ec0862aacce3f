"""The endpoints, as data: those of the default streams, and behind them those of `endpoints_more`.

A new one costs one entry and one row-maker. Entries stand in the order in which rows are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import rows_alerts, rows_catalog, rows_children, rows_incidents, rows_people, rows_settings
from .endpoint import End, Endpoint, Paging, Param, Query, Takes, of
from .endpoints_more import MORE
from .making import Row

HIDDEN_CATEGORIES = frozenset({"declined", "canceled", "merged"})
SHOWN_MODES = ("standard", "retrospective")
INCIDENT_MODES = (*SHOWN_MODES, "test", "tutorial")
NEXT_SHIFTS_UP_TO = 25


def _shows_incident(row: Row, query: Query, modes: Mapping[str, str]) -> bool:
    category = row["incident_status"]["category"]
    wanted = query.get("status_category[one_of]")
    return row["mode"] in query.get("mode[one_of]", SHOWN_MODES) and (
        category in wanted if wanted else category not in HIDDEN_CATEGORIES
    )


def _shows_by_mode(row: Row, query: Query, modes: Mapping[str, str]) -> bool:
    return modes.get(row["incident_id"], "standard") in query.get("incident_mode", SHOWN_MODES)


def _shows_user(row: Row, query: Query, modes: Mapping[str, str]) -> bool:
    return row["is_active"] or query.get("include_inactive") == ("true",)


def _schedule_shape(row: Row, page_size: int) -> Row:
    return (
        row if page_size <= NEXT_SHIFTS_UP_TO else {name: value for name, value in row.items() if name != "next_shifts"}
    )


def _changed(takes: Takes) -> tuple[Param, ...]:
    return tuple(Param(f"updated_at[{operator}]", takes=takes) for operator in ("gte", "lte", "date_range"))


_BY_MODE: dict[str, Any] = {
    "scope": "actions.view",
    "params": (
        of("incident_id"),
        Param("incident_mode", values=(*INCIDENT_MODES, "stream")),
        *_changed(Takes.STAMP),
    ),
    "shows": _shows_by_mode,
    "order": ("id",),
}

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("/v1/identity", "identity", rows_people.identity, None, single=True),
    Endpoint(
        "/v2/users",
        "users",
        rows_people.users,
        "users.view",
        Paging(10_000, End.NULL),
        (Param("include_inactive", values=("true", "false")), of("email"), of("slack_user_id")),
        _shows_user,
    ),
    Endpoint("/v3/catalog_types", "catalog_types", rows_catalog.catalog_types, "catalog_types.view"),
    Endpoint(
        "/v3/catalog_entries",
        "catalog_entries",
        rows_catalog.catalog_entries,
        "catalog_entries.view",
        Paging(250, End.NULL, required=True, total=True),
        (of("catalog_type_id", "/v3/catalog_types", required=True),),
        beside=("catalog_type", "/v3/catalog_types", "catalog_type_id"),
    ),
    Endpoint("/v3/teams", "teams", rows_people.teams, "catalog_entries.view", Paging(250, End.ABSENT)),
    Endpoint("/v1/severities", "severities", rows_settings.severities, "severities.view"),
    Endpoint("/v1/incident_statuses", "incident_statuses", rows_settings.incident_statuses, "incident_statuses.view"),
    Endpoint("/v1/incident_types", "incident_types", rows_settings.incident_types, "incident_types.view"),
    Endpoint("/v2/incident_roles", "incident_roles", rows_settings.incident_roles, "incident_roles.view"),
    Endpoint("/v2/incident_timestamps", "incident_timestamps", rows_settings.incident_timestamps, None),
    Endpoint("/v2/custom_fields", "custom_fields", rows_settings.custom_fields, "custom_fields.view"),
    Endpoint(
        "/v1/custom_field_options",
        "custom_field_options",
        rows_settings.custom_field_options,
        "custom_fields.view",
        Paging(250, End.ABSENT),
        (of("custom_field_id", "/v2/custom_fields", required=True),),
    ),
    Endpoint("/v2/alert_attributes", "alert_attributes", rows_alerts.alert_attributes, "alert_schema.view"),
    Endpoint("/v2/alert_sources", "alert_sources", rows_alerts.alert_sources, "alert_sources.view"),
    Endpoint(
        "/v2/alerts",
        "alerts",
        rows_alerts.alerts,
        "alerts.view",
        Paging(50, End.EMPTY, required=True, empty_page=True),
        _changed(Takes.STAMP),
    ),
    Endpoint(
        "/v2/incidents",
        "incidents",
        rows_incidents.incidents,
        "incidents.view",
        Paging(250, End.ABSENT, total=True),
        (
            Param("sort_by", values=("created_at_newest_first", "created_at_oldest_first")),
            Param("mode[one_of]", repeats=True, values=INCIDENT_MODES),
            Param("status_category[one_of]", repeats=True, values=rows_settings.CATEGORIES),
            *_changed(Takes.DAY),
        ),
        _shows_incident,
        ("created_at", "id"),
        ("sort_by", "created_at_oldest_first"),
    ),
    Endpoint("/v3/actions", "actions", rows_children.actions, paging=Paging(250, End.NULL), **_BY_MODE),
    Endpoint(
        "/v3/follow_ups",
        "follow_ups",
        rows_children.follow_ups,
        paging=Paging(250, End.EMPTY, empty_page=True),
        **_BY_MODE,
    ),
    Endpoint(
        "/v2/incident_updates",
        "incident_updates",
        rows_children.incident_updates,
        "incidents.view",
        Paging(250, End.NO_META),
        (of("incident_id"),),
        order=("id",),
    ),
    Endpoint(
        "/v1/incident_attachments",
        "incident_attachments",
        rows_children.incident_attachments,
        "attachments.view",
        params=(of("incident_id", "/v2/incidents", required=True),),
    ),
    Endpoint(
        "/v2/schedules",
        "schedules",
        rows_people.schedules,
        "schedules.view",
        Paging(10_000, End.NO_META, total=True),
        shape=_schedule_shape,
    ),
    Endpoint(
        "/v2/escalations",
        "escalations",
        rows_alerts.escalations,
        "escalations.view",
        Paging(50, End.NO_META),
        _changed(Takes.DAY),
    ),
    *MORE,
)

BY_PATH: Mapping[str, Endpoint] = {endpoint.path: endpoint for endpoint in ENDPOINTS}
