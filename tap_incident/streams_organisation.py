"""The streams of the organisation around its incidents: people, alerts, on-call, the catalog.

Facts are those of the API's OpenAPI document: paths, parameters, `page_size` maxima, `x-rbac-scopes`.
"""

from __future__ import annotations

from tap_incident.stream import Stream

ORGANISATION: tuple[Stream, ...] = (
    Stream(
        "users",
        "/v2/users",
        "Users, deactivated ones too, with roles and seats",
        "users.view",
        # The most is 10,000, which would make one answer of about 10 MB.
        page_size=1000,
        params=(("include_inactive", "true"),),
    ),
    Stream(
        "alerts",
        "/v2/alerts",
        "Alerts received, with their attributes",
        "alerts.view",
        page_size=50,
        replication_key="updated_at",
    ),
    Stream("alert_attributes", "/v2/alert_attributes", "Attributes that alerts can have", "alert_schema.view"),
    Stream(
        "alert_sources",
        "/v2/alert_sources",
        "Sources that alerts come from, and how each is read",
        "alert_sources.view",
        withheld=("secret_token",),
    ),
    Stream(
        "escalations",
        "/v2/escalations",
        "Escalations: who was paged when, for which alerts and incidents",
        "escalations.view",
        page_size=50,
        replication_key="updated_at",
        since_day=True,
    ),
    Stream(
        "schedules",
        "/v2/schedules",
        "On-call schedules with rotations, current and next shifts",
        "schedules.view",
        page_size=25,  # With a larger page the API leaves out next_shifts.
    ),
    Stream("teams", "/v3/teams", "Teams and their members", "catalog_entries.view", page_size=250),
    Stream("catalog_types", "/v3/catalog_types", "Types of the catalog, with their attributes", "catalog_types.view"),
    Stream(
        "catalog_entries",
        "/v3/catalog_entries",
        "Entries of each catalog type, with their attribute values",
        "catalog_entries.view",
        page_size=250,
        parent="catalog_types",
        parent_params=(("catalog_type_id", "id"),),
    ),
)
