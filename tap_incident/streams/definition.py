"""What a stream is: where its rows come from, and whatever is irregular about it, as data for all other rooms."""

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
ROW_ID = "row_id"
"""Column that the tap makes out of a row's `identity`."""


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
    """tap_stream_id, table name and schema file; the key of the list in an answer too, unless `answer_key` is."""
    path: str
    holds: str
    """What a row is, for the README."""
    scope: str = ""
    """Permission that the endpoint asks for; empty where any valid key will do."""
    key_properties: tuple[str, ...] = ("id",)
    answer_key: str | None = None
    list_column: str | None = None
    """Where the answer holds an object of lists: the column that says which of them a row stood in."""
    page_size: int | None = None
    """Rows asked for a page; None where the endpoint isn't paged, or doesn't let one choose."""
    cursor_param: str = "after"
    """Parameter that takes the cursor of the next page, in the place of what it was at first."""
    params: Params = ()
    mode_param: str | None = None
    """Parameter that takes the setting incident_modes: all at once if it ends in [one_of], else one for each list."""
    parent: str | None = None
    parent_params: Params = ()
    """(parameter, property of the parent's row), the parent's id first; a row carries that id under the same name."""
    also_by: Params = ()
    """(parameter, property of the parent's row with a list of ids): one more list for each id, asked for once a run."""
    window_params: tuple[str, str] | None = None
    """Parameters for the start and the end of the time to be read, by the setting schedule_window_days."""
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
    added: tuple[str, ...] = ()
    """Parameters whose values become columns, since the API's rows don't say what they belong to."""
    identity: tuple[str, ...] = ()
    """Where the API promises no id: the columns that are one together; `ROW_ID` is made of them."""
    withheld: tuple[str, ...] = ()
    """Credentials that a row can hold; in no schema and no record."""
    cut_urls: tuple[str, ...] = ()
    """Paths of URLs that let in whoever knows them; of these, a record has the scheme and the host alone."""
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
