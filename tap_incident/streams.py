"""The streams, as data: one entry each. Discovery, sync, the README and the tests iterate over `STREAMS`.

Facts are those of the API's OpenAPI document: paths, parameters, `page_size` maxima, `x-rbac-scopes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Params = tuple[tuple[str, str], ...]
"""Query parameters in the order they are sent; a name stands once for each of its values."""

STATUS_CATEGORIES = ("triage", "declined", "merged", "canceled", "live", "learning", "closed", "paused")
INCIDENT_MODES = ("standard", "retrospective", "test", "tutorial")
METHODS = ("FULL_TABLE", "INCREMENTAL")
"""Ways to read a stream at each run: setting replication_method."""
STRATEGIES = ("per_incident", "list")
"""Ways to read what belongs to an incident: setting child_strategy."""

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
"""What the dashboard's list of permissions calls the one that grants a scope, as far as that is known."""


@dataclass(frozen=True)
class Stream:
    """One stream: where its rows come from and what a row is known by."""

    name: str
    """tap_stream_id, table name, schema file, and the key of the list in an answer."""
    path: str
    holds: str
    """What a row is, for the README."""
    scope: str = ""
    """Permission that the endpoint asks for; empty where any valid key will do."""
    key_properties: tuple[str, ...] = ("id",)
    page_size: int | None = None
    """Rows asked for a page; None where the endpoint isn't paged."""
    params: Params = ()
    mode_param: str | None = None
    """Parameter that takes the setting incident_modes: all at once if it ends in [one_of], else one for each list."""
    parent: str | None = None
    parent_params: Params = ()
    """(parameter, property of the parent's row), the parent's id first; a row carries that id under the same name."""
    nested_as: str | None = None
    """Property of the parent's record that holds these rows as a list too."""
    orphan_params: Params = ()
    """One more list, without parents, for the rows that belong to none of the parents' list."""
    listable: bool = False
    """Whether one organisation-wide list can stand for a request a parent (child_strategy "list")."""
    replication_key: str | None = None
    """Timestamp of a row's last change, if the API can leave out what has not changed since (INCREMENTAL)."""
    since_day: bool = False
    """Whether the API takes a day for that, and no time of the day."""
    per_minute: int | None = None
    """The endpoint's own rate limit, where it is known to be lower than the key's."""
    withheld: tuple[str, ...] = ()
    """Credentials that a row can hold; in no schema and no record."""
    selected_by_default: bool = True

    def chains(self, modes: Sequence[str]) -> tuple[Params, ...]:
        """Fixed parameters of each list that holds this stream's rows for these incident modes."""
        if self.mode_param is None:
            return (self.params,)
        if self.mode_param.endswith("[one_of]"):
            return ((*self.params, *((self.mode_param, mode) for mode in modes)),)
        return tuple((*self.params, (self.mode_param, mode)) for mode in modes)

    def method(self, chosen: str) -> str:
        """FULL_TABLE or INCREMENTAL: what `chosen` comes to for this stream."""
        return chosen if self.replication_key else "FULL_TABLE"


_OF_INCIDENT: Params = (("incident_id", "id"),)
# Without its incident's mode, the API answers with no row for a test or tutorial incident.
_OF_INCIDENT_IN_MODE: Params = (*_OF_INCIDENT, ("incident_mode", "mode"))
_BY_INCIDENT = ("id", "incident_id")
_WORK_STREAMS: Params = (("incident_mode", "stream"),)

STREAMS: tuple[Stream, ...] = (
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

BY_NAME = {stream.name: stream for stream in STREAMS}
