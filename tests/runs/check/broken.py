"""Stand-ins for which an assumption is wrong, and an organisation that can tell it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.making import instant
from tests.fake_api.server import Faults
from tests.fake_api.traps import HIDDEN_CATEGORIES
from tests.fake_api.wire import Answer
from tests.support.faults import at, refusal
from tests.support.runs import Json, there

Params = list[tuple[str, str]]
Ask = Callable[[str, Params], Params]
Tell = Callable[[str, dict[str, str], Json], None]
LATER = "2026-01-01T00:00:00Z"


class Broken(FakeApi):
    """A stand-in that understands another request than it gets (`ask`), or says something else (`tell`)."""

    def __init__(self, org: Organisation, ask: Ask | None = None, tell: Tell | None = None, **options: Any) -> None:
        self.ask, self.tell = ask, tell
        super().__init__(org, **{"rate_per_minute": 1200, "incidents_per_minute": 60, **options})

    def handle(self, method: str, target: str, headers: Message[str, str]) -> Answer:
        """The answer to one request."""
        path, params = urlsplit(target).path, parse_qsl(urlsplit(target).query)
        understood = self.ask(path, params) if self.ask else params
        answer = super().handle(method, f"{path}?{urlencode(understood)}", headers)
        if self.tell is None or answer.status != 200:
            return answer
        body = json.loads(answer.body)
        self.tell(path, dict(params), body)
        return replace(answer, body=json.dumps(body).encode())


def ideal(incidents: int = 60) -> Organisation:
    """An organisation that can tell all that there is to tell: some rows changed later, with their incidents."""
    org = organisation(incidents)
    rows = org.rows
    shown = [row for row in there(org, "incidents") if row["incident_status"]["category"] not in HIDDEN_CATEGORIES]
    newest = [row["id"] for row in sorted(shown, key=lambda row: instant(row["created_at"]))[-3:]]
    rows["/v2/incidents"] = [
        {**row, "updated_at": LATER} if row["id"] in newest else row for row in rows["/v2/incidents"]
    ]
    rows["/v2/alerts"] = sorted(rows["/v2/alerts"], key=lambda row: instant(row["created_at"]))
    for path in ("/v2/alerts", "/v3/actions"):
        rows[path] = [{**row, "updated_at": LATER} if number % 3 else row for number, row in enumerate(rows[path])]
    for path, key in (("/v3/actions", "updated_at"), ("/v2/incident_updates", "created_at")):
        last = rows[path][-1]
        more = [{**last, "id": f"{last['id']}{each}", "incident_id": each, key: LATER} for each in newest]
        rows[path] = [*rows[path], *more]
    return org


def without(*names: str, only_with: str = "") -> Ask:
    """These parameters are ignored, if there is another one beside them."""

    def ask(path: str, params: Params) -> Params:
        if not any(name.startswith(only_with) for name, _ in params):
            return params
        return [pair for pair in params if not pair[0].startswith(names)]

    return ask


def without_start(path: str, params: dict[str, str], body: Json) -> None:
    """The first of two moments does not belong to their interval."""
    first = params.get("created_at[date_range]", "").partition("~")[0]
    for rows in body.values():
        if "T" in first and isinstance(rows, list):
            rows[:] = [row for row in rows if row["created_at"] != first]


def in_another_zone(path: str, params: dict[str, str], body: Json) -> None:
    """Days begin eleven hours later than in UTC."""
    for key in ("created_at", "updated_at"):
        first, _, last = params.get(f"{key}[date_range]", "").partition("~")
        first = params.get(f"{key}[gte]", first)
        if first and "T" not in first:
            (rows,) = (value for value in body.values() if isinstance(value, list))
            days = [(row, str(instant(row[key])[0] - timedelta(hours=11))[:10]) for row in rows]
            rows[:] = [row for row, day in days if first <= day <= (last or day)]


def refused(name: str, value: str = "") -> Faults:
    """422 for a request with such a parameter."""
    error = {"type": "validation_error", "errors": [{"code": "invalid_value", "source": {"field": name}}]}

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        is_it = any(each.startswith(name) and found.startswith(value) for each, found in params.items())
        return refusal(422, error) if is_it else None

    return faults


def nameless(path: str, params: dict[str, str], body: Json) -> None:
    """No answer names an organisation, nor a number of rows."""
    body.get("identity", {}).pop("dashboard_url", None)
    body.get("pagination_meta", {}).pop("total_record_count", None)


def larger(path: str, params: dict[str, str], body: Json) -> None:
    """Pages of more than 250 incidents."""
    if params.get("page_size") == "500":
        body["incidents"] *= 30


def with_shifts(path: str, params: dict[str, str], body: Json) -> None:
    """Large pages have next_shifts too."""
    if path == "/v2/schedules" and params["page_size"] == "50":
        body["schedules"][0]["next_shifts"] = [{}]


def with_all_notes(path: str, params: dict[str, str], body: Json) -> None:
    """All notes come with each alert, also those on groups."""
    if path == "/v1/alert_notes" and "alert_id" in params:
        body["alert_notes"] = ideal().rows[path]


def with_inactive(path: str, params: Params) -> Params:
    """Deactivated users always come."""
    others = [pair for pair in params if pair[0] != "include_inactive"]
    return [*others, ("include_inactive", "true")] if path == "/v2/users" else params


def in_order_of_ids(org: Organisation) -> None:
    """The alerts come in no order that a list can have."""
    org.rows["/v2/alerts"].sort(key=lambda row: (str(row["id"])[-9:], row["id"]))


def never_changed(org: Organisation) -> None:
    """No incident changed since it was created."""
    org.rows["/v2/incidents"] = [{**row, "updated_at": row["created_at"]} for row in org.rows["/v2/incidents"]]


INCREMENTAL = {"replication_method": "INCREMENTAL", "start_date": "2020-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Case:
    """One broken assumption: what the table says of one list, and which streams a sync reads."""

    id: str
    says: str
    streams: str
    ask: Ask | None = None
    tell: Tell | None = None
    faults: Faults | None = None
    options: Json = field(default_factory=dict)
    change: Callable[[Organisation], None] = lambda org: None
    settings: Json = field(default_factory=dict)
    code: int = 0


NO_SCOPE = at("/v2/policies", refusal(403))
OTHER_ROWS = " (other rows come too)"
CASES = [
    Case("organisation", "", "alerts", tell=nameless, settings=INCREMENTAL),
    Case("order", " (no order)", "alerts", change=in_order_of_ids),
    Case("created-filter", OTHER_ROWS, "alerts actions escalations", ask=without("created_at")),
    Case("updated-filter", OTHER_ROWS, "alerts actions", ask=without("updated_at"), settings=INCREMENTAL),
    Case("two-filters", OTHER_ROWS, "alerts", ask=without("updated_at", only_with="created_at"), settings=INCREMENTAL),
    Case("filter-ends", " (start out, end out)", "alerts actions", tell=without_start),
    Case("day-zone", " (another zone)", "escalations incidents", tell=in_another_zone, settings=INCREMENTAL),
    Case("cursor", " (refused)", "alerts", faults=refused("page_size", "3")),
    Case("hidden-categories", " (it is ignored)", "incidents", ask=without("status_category")),
    Case("hidden-modes", " (it is ignored)", "incidents", ask=without("mode")),
    Case("inactive-users", " (they come without it)", "users", ask=with_inactive),
    Case("work-streams", " (refused)", "actions", faults=refused("incident_mode", "stream"), code=1),
    Case("notes", " (it finds other alerts)", "alert_notes", ask=without("has_notes")),
    Case("notes", " (refused)", "alert_notes", faults=refused("has_notes")),
    Case("group-notes", " (it comes with the alert too)", "alert_notes", tell=with_all_notes),
    Case("incident-changes", " (the incident does not change)", "actions", change=never_changed, settings=INCREMENTAL),
    Case("next-shifts", " (on larger pages too)", "schedules", tell=with_shifts),
    Case("total", "", "incidents", tell=nameless),
    Case("rate-limits", " (no limits)", "alerts", options={"rate_per_minute": None, "incidents_per_minute": None}),
    Case("rate-limits", " (only the limit of the key)", "incidents", options={"incidents_per_minute": None}),
    Case("date", "", "alerts", options={"dated": False}, settings=INCREMENTAL),
    Case("largest-page", " (larger pages)", "incidents", ask=without("page_size"), tell=larger),
    Case("page-size", " (smaller pages)", "alerts"),
    Case("page-size", " (refused)", "alerts", faults=refused("page_size", "50")),
    Case("refusals", " (no permission)", "policies alerts", faults=NO_SCOPE, code=1),
]
