"""The definition of a stream. All differences between endpoints are data here; the other packages are generic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Params = tuple[tuple[str, str], ...]
"""Query parameters in the order they are sent. A name may appear once per value."""

STATUS_CATEGORIES = ("triage", "declined", "merged", "canceled", "live", "learning", "closed", "paused")
ROW_ID = "row_id"
"""Column that the tap adds where the API gives no stable id: a hash of the columns in `Answer.row_id_from`."""

_SELECTED_BY_DEFAULT = (
    *("incidents", "actions", "follow_ups", "incident_updates", "incident_roles", "incident_timestamps"),
    *("incident_statuses", "incident_types", "severities", "custom_fields", "custom_field_options", "users"),
    *("alerts", "alert_attributes", "alert_sources", "escalations", "schedules"),
    *("teams", "catalog_types", "catalog_entries"),
)


@dataclass(frozen=True)
class Parent:
    """How a child stream is requested: one list per row of its parent stream."""

    stream: str | None = None
    """tap_stream_id of the parent; None for a stream without one."""
    params: Params = ()
    """(parameter of the query or the path, property of the parent's row). The first pair carries the parent's id."""
    also_by: Params = ()
    """(query parameter, property of the parent's row that holds a list of ids): one more list per id, once per run."""
    nested_as: str | None = None
    """Property of the parent's record that also holds these rows, as a list."""
    added_columns: Params = ()
    """(column, parameter): the value of the parameter becomes a column of each row, because the API's rows do not say
    which parent they belong to."""
    orphan_params: Params = ()
    """Parameters of one more list, for rows whose parent is in no list of parents."""
    only_if: Params = ()
    """Query parameters with which the parents' list has only those parents that have children. The ids in `also_by`
    come from all parents."""
    has_list: bool = False
    """True if the API also has a list of the whole organisation, for the setting child_strategy."""

    @property
    def id_param(self) -> str:
        """Parameter that carries the parent's id."""
        return self.params[0][0]

    @property
    def id_property(self) -> str:
        """Property of the parent's row that holds its id."""
        return self.params[0][1]


@dataclass(frozen=True)
class Answer:
    """Where the rows are in an answer."""

    key: str | None = None
    """Key of the list; None if it is the stream's name."""
    list_column: str | None = None
    """Set if the key holds an object of lists: the column for the name of the list that a row was in."""
    row_id_from: tuple[str, ...] = ()
    """Columns that identify a row together, where the API gives no stable id; `ROW_ID` is their hash."""
    one_row_with: str | None = None
    """Set if the whole answer is one row and not a list: a property that it always has."""


@dataclass(frozen=True)
class Detail:
    """What only an answer with a single row has: one more request per row, if one of these columns is selected."""

    path: str
    """As in the API's document. `{id}` stands for the id of the row."""
    key: str
    """Key of the row in the answer."""
    columns: tuple[str, ...]
    """Properties that only this row has, or of which the row of the list has less."""
    beside: tuple[str, ...] = ()
    """Other keys of the answer. Each becomes a column."""


@dataclass(frozen=True)
class Privacy:
    """What rows may hold, but records may not."""

    withheld: tuple[str, ...] = ()
    """Credentials and people's telephone numbers: in no schema and no record."""
    cut_urls: tuple[str, ...] = ()
    """Paths of properties that hold URLs which grant access. A record keeps only their scheme and host."""


@dataclass(frozen=True)
class Stream:
    """One stream: its endpoint, its primary key, and everything unusual about it. Most entries need five fields."""

    name: str
    """tap_stream_id, table name and name of the schema file."""
    path: str
    """As in the API's document. Each `{name}` stands for the parameter of that name in `parent`."""
    description: str
    """What a row is, for the README and `--about`."""
    scope: str = ""
    """Permission that the endpoint requires; empty if any valid key may call it."""
    key_properties: tuple[str, ...] = ("id",)
    page_size: int | None = None
    """Rows per page; None if the endpoint has no such parameter."""
    params: Params = ()
    """Query parameters of every request."""
    mode_param: str | None = None
    """Query parameter for incident_modes. One list covers all modes if it ends in [one_of], else one list each."""
    requests_per_minute: int | None = None
    """The endpoint's own rate limit, if it is lower than the key's."""
    filters_created_at: bool = False
    """True if the API filters the list by created_at, so that a long one can be read in windows of time."""
    replication_key: str | None = None
    """Timestamp of a row's last change, by which INCREMENTAL filters; None if the stream is always FULL_TABLE."""
    filters_by_day: bool = False
    """True if the API's filters by time take a date, not a timestamp."""
    parent: Parent = Parent()
    window: tuple[str, str] | None = None
    """Query parameters for the start and the end of a window of time around the run, as long as the setting
    schedule_window_days says. The first one also takes the cursor of the next page."""
    answer: Answer = Answer()
    detail: Detail | None = None
    known: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(property, values): requests for other rows name these values, so a row with another one means missing rows."""
    privacy: Privacy = Privacy()

    @property
    def selected_by_default(self) -> bool:
        """Whether a run reads it if no catalog or setting says so. Personal, sensitive and costly streams are not."""
        return self.name in _SELECTED_BY_DEFAULT

    @property
    def cursor_param(self) -> str:
        """Query parameter for the cursor of the next page. It replaces an initial parameter of the same name."""
        return self.window[0] if self.window else "after"

    def list_params(self, modes: Sequence[str]) -> tuple[Params, ...]:
        """Query parameters of each list that together hold this stream's rows for the incident modes `modes`."""
        if self.mode_param is None:
            return (self.params,)
        if self.mode_param.endswith("[one_of]"):
            return ((*self.params, *((self.mode_param, mode) for mode in modes)),)
        return tuple((*self.params, (self.mode_param, mode)) for mode in modes)
