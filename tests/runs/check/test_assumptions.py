"""--check --assumptions, and what a sync does where one is wrong: whole runs against broken stand-ins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tap_incident import main
from tap_incident.assumptions.probe import MOST_REQUESTS
from tap_incident.assumptions.table import assumptions
from tap_incident.timestamps import is_timestamp
from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, Organisation, organisation
from tests.fake_api.making import instant
from tests.fake_api.server import Faults
from tests.fake_api.traps import CATEGORIES, HIDDEN_CATEGORIES, MODES
from tests.fake_api.wire import Answer
from tests.support.faults import at, refusal
from tests.support.runs import KEY, Json, key_of, only, there

Params = list[tuple[str, str]]
Ask = Callable[[str, Params], Params]
Tell = Callable[[str, dict[str, str], Json], None]
Output = Callable[[FakeApi], tuple[str, str]]
LATER = "2026-01-01T00:00:00Z"
ASSUMPTIONS = {each.id: each for each in assumptions()}
INCREMENTAL = {"replication_method": "INCREMENTAL", "start_date": "2020-01-01T00:00:00Z"}


class Broken(FakeApi):
    """A stand-in that understands another request than it gets (`ask`), or says something else (`tell`)."""

    def __init__(self, org: Organisation, ask: Ask | None = None, tell: Tell | None = None, **options: Any) -> None:
        self.ask, self.tell = ask or (lambda path, params: params), tell or (lambda path, params, body: None)
        super().__init__(org, **{"rate_per_minute": 1200, "incidents_per_minute": 60, **options})

    def handle(self, method: str, target: str, headers: Message[str, str]) -> Answer:
        """The answer to one request."""
        path, params = urlsplit(target).path, parse_qsl(urlsplit(target).query)
        answer = super().handle(method, f"{path}?{urlencode(self.ask(path, params))}", headers)
        if answer.status != 200:
            return answer
        body = json.loads(answer.body)
        self.tell(path, dict(params), body)
        return replace(answer, body=json.dumps(body).encode())


def ideal(incidents: int = 60) -> Organisation:
    """An organisation that can tell all that there is to tell."""
    org = organisation(incidents)
    org.rows["/v2/alerts"] = sorted(org.rows["/v2/alerts"], key=lambda row: instant(row["created_at"]))
    for path in ("/v2/alerts", "/v3/actions"):
        org.rows[path] = [
            {**row, "updated_at": LATER} if number % 3 else row for number, row in enumerate(org.rows[path])
        ]
    shown = [row for row in there(org, "incidents") if row["incident_status"]["category"] not in HIDDEN_CATEGORIES]
    newest = {row["id"] for row in sorted(shown, key=lambda row: instant(row["created_at"]))[-3:]}
    incidents_path = "/v2/incidents"
    org.rows[incidents_path] = [
        {**row, "updated_at": LATER} if row["id"] in newest else row for row in org.rows[incidents_path]
    ]
    for path, key in (("/v3/actions", "updated_at"), ("/v2/incident_updates", "created_at")):
        rows = org.rows[path]
        more = [{**rows[-1], "id": f"{rows[-1]['id']}{each}", "incident_id": each, key: LATER} for each in newest]
        org.rows[path] = [*rows, *more]
    return org


@pytest.fixture
def output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Output:
    """What the command prints, on stdout and stderr."""

    def run(fake: FakeApi) -> tuple[str, str]:
        config = tmp_path / "assumptions.json"
        config.write_text(json.dumps({"api_key": KEY, "endpoint": fake.url}))
        config.chmod(0o600)
        capsys.readouterr()
        assert main(["--check", "--assumptions", "--config", str(config)]) == 0
        return capsys.readouterr()

    return run


def table(output: tuple[str, str]) -> dict[str, dict[str, str]]:
    """What it says, by assumption and list."""
    found: dict[str, dict[str, str]] = {}
    for line in output[0].splitlines()[2:-2]:
        name, _, rest = line.split(maxsplit=2)
        result, _, names = rest.rpartition(": ")
        found.setdefault(name, {}).update(dict.fromkeys(names.split(", "), result))
    return found


def test_every_assumption_holds_for_the_stand_in(output: Output) -> None:
    with Broken(ideal(300), denied=["policies.view"]) as fake:
        found = table(output(fake))
    assert len(fake.requests) <= MOST_REQUESTS
    assert {request.method for request in fake.requests} == {"GET"}
    assert not [name for name, lists in found.items() if any("not hold" in result for result in lists.values())]
    assert [name for name in ASSUMPTIONS if any("holds" in result for result in found[name].values())] == [*ASSUMPTIONS]


def without(*names: str, only_with: str = "") -> Ask:
    """These parameters are ignored, if there is another one beside them."""

    def ask(path: str, params: Params) -> Params:
        if only_with and not any(name.startswith(only_with) for name, _ in params):
            return params
        return [pair for pair in params if not pair[0].startswith(names)]

    return ask


def always(path: str, *more: tuple[str, str]) -> Ask:
    """These parameters are understood if there are no others of their name."""

    def ask(asked: str, params: Params) -> Params:
        missing = [pair for pair in more if pair[0] not in dict(params)]
        return [*params, *missing] if asked == path else params

    return ask


def moved(start: int, end: int) -> Ask:
    """An interval begins and ends some seconds later."""

    def later(text: str, seconds: int) -> str:
        moment, fraction = instant(text)
        return f"{(moment + timedelta(seconds=seconds)).isoformat()[:19]}{'.' * bool(fraction)}{fraction}Z"

    def ask(path: str, params: Params) -> Params:
        for number, (name, value) in enumerate(params):
            if name == "created_at[date_range]" and "T" in value:
                first, last = value.split("~")
                params[number] = (name, f"{later(first, start)}~{later(last, end)}")
        return params

    return ask


def in_another_zone(path: str, params: dict[str, str], body: Json) -> None:
    """Days begin eleven hours later than in UTC."""
    for key in ("created_at", "updated_at"):
        first, _, last = params.get(f"{key}[date_range]", "").partition("~")
        first = params.get(f"{key}[gte]", first)
        if first and "T" not in first:
            (rows,) = (value for value in body.values() if isinstance(value, list))
            days = [(row, str(instant(row[key])[0] - timedelta(hours=11))[:10]) for row in rows]
            rows[:] = [row for row, day in days if first <= day <= (last or day)]


def refused(name: str, value: str = "", *, beside: str = "") -> Faults:
    """422 for a request with such a parameter."""

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        is_it = any(each.startswith(name) and found.startswith(value) for each, found in params.items())
        error = {"type": "validation_error", "errors": [{"code": "invalid_value", "source": {"field": name}}]}
        return refusal(422, error) if is_it and (not beside or beside in params) else None

    return faults


def untold(path: str, name: str) -> Tell:
    """A property is missing in the rows or the meta of a path."""

    def tell(asked: str, params: dict[str, str], body: Json) -> None:
        for value in body.values() if asked == path else ():
            for each in value if isinstance(value, list) else [value]:
                each.pop(name, None)

    return tell


def larger(path: str, params: dict[str, str], body: Json) -> None:
    """Pages of more than 250 incidents."""
    if params.get("page_size") == "500":
        body["incidents"] *= 30


def with_shifts(path: str, params: dict[str, str], body: Json) -> None:
    """Large pages have next_shifts too."""
    if path == "/v2/schedules" and params["page_size"] == "50":
        body["schedules"][0]["next_shifts"] = [{}]


def with_group_notes(path: str, params: dict[str, str], body: Json) -> None:
    """The notes of its groups come with an alert."""
    if path == "/v1/alert_notes" and "alert_id" in params:
        rows = ideal().rows
        groups = next(row for row in rows["/v2/alerts"] if row["id"] == params["alert_id"]).get("alert_group_ids") or ()
        body["alert_notes"] += [row for row in rows[path] if row.get("alert_group_id") in groups]


def in_order_of(key: str) -> Callable[[Organisation], None]:
    """The alerts come in another order."""
    return lambda org: org.rows["/v2/alerts"].sort(key=lambda row: (str(row[key])[-9:], row["id"]))


@dataclass(frozen=True)
class Case:
    """One broken assumption: what the table says of one list, and which streams a sync reads."""

    id: str
    says: str
    streams: str
    ask: Ask | None = None
    tell: Tell | None = None
    options: Json = field(default_factory=dict)
    change: Callable[[Organisation], None] = lambda org: None
    settings: Json = field(default_factory=dict)
    code: int = 0


CASES = [
    Case("organisation", "", "alerts", tell=untold("/v1/identity", "dashboard_url"), settings=INCREMENTAL),
    Case("order", " (no order)", "alerts", change=in_order_of("id")),
    Case("created-filter", " (other rows come too)", "alerts actions escalations", ask=without("created_at")),
    Case("created-filter", " (refused)", "alerts actions", options={"faults": refused("created_at")}),
    Case("updated-filter", " (other rows come too)", "alerts actions", ask=without("updated_at"), settings=INCREMENTAL),
    Case(
        *("updated-filter", " (refused)", "alerts actions"),
        options={"faults": refused("updated_at")},
        settings=INCREMENTAL,
        code=1,
    ),
    Case(
        *("two-filters", " (other rows come too)", "alerts actions"),
        ask=without("updated_at", only_with="created_at"),
        settings=INCREMENTAL,
    ),
    Case("filter-ends", " (start in, end in)", "alerts actions", ask=moved(0, 1)),
    Case("filter-ends", " (start out, end out)", "alerts actions", ask=moved(1, 0)),
    Case("day-zone", " (another zone)", "escalations", tell=in_another_zone),
    Case("day-zone", " (another zone)", "escalations incidents", tell=in_another_zone, settings=INCREMENTAL),
    Case("cursor", " (refused)", "alerts", options={"faults": refused("page_size", "3", beside="after")}),
    Case("hidden-categories", " (it is ignored)", "incidents", ask=without("status_category")),
    Case(
        *("hidden-categories", " (they come without it)", "incidents"),
        ask=always("/v2/incidents", *(("status_category[one_of]", each) for each in CATEGORIES)),
    ),
    Case("hidden-modes", " (it is ignored)", "incidents", ask=without("mode")),
    Case(
        *("inactive-users", " (they come without it)", "users"), ask=always("/v2/users", ("include_inactive", "true"))
    ),
    Case("work-streams", " (refused)", "actions", options={"faults": refused("incident_mode", "stream")}, code=1),
    Case("notes", " (it finds other alerts)", "alert_notes", ask=without("has_notes")),
    Case("notes", " (refused)", "alert_notes", options={"faults": refused("has_notes")}),
    Case("group-notes", " (it comes with the alert too)", "alert_notes", tell=with_group_notes),
    Case(
        *("incident-changes", " (the incident does not change)", "actions incident_updates"),
        change=lambda org: org.rows["/v2/incidents"].__setitem__(
            slice(None), [{**row, "updated_at": row["created_at"]} for row in org.rows["/v2/incidents"]]
        ),
        settings=INCREMENTAL,
    ),
    Case("next-shifts", " (on larger pages too)", "schedules", tell=with_shifts),
    Case("total", "", "incidents", tell=untold("/v2/incidents", "total_record_count")),
    Case("rate-limits", " (no limits)", "alerts", options={"rate_per_minute": None, "incidents_per_minute": None}),
    Case("rate-limits", " (only the limit of the key)", "incidents", options={"incidents_per_minute": None}),
    Case("date", "", "alerts", options={"dated": False}, settings=INCREMENTAL),
    Case(
        *("largest-page", " (larger pages)", "incidents"),
        ask=lambda path, params: [pair for pair in params if pair[1] != "500"],
        tell=larger,
    ),
    Case("page-size", " (smaller pages)", "alerts"),
    Case("page-size", " (refused)", "alerts", options={"faults": refused("page_size", "50")}),
    Case(
        "refusals", " (no permission)", "policies alerts", options={"faults": at("/v2/policies", refusal(403))}, code=1
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}{case.says}")
def test_table_says_which_assumption_is_wrong_and_a_sync_is_safe(case: Case, output: Output, tap: Tap) -> None:
    org = ideal()
    org.rows_per_page = 20
    case.change(org)
    with Broken(org, case.ask, case.tell, **case.options) as fake:
        assert f"does not hold{case.says}" in table(output(fake))[case.id].values()
        run = tap(fake, catalog=only(*case.streams.split()), settings=case.settings)
    assert run.code == case.code
    for stream in case.streams.split() if run.code == 0 else ():
        missing = {key_of(stream, row) for row in there(org, stream)} - run.keys(stream).keys()
        assert not missing or "No run can notice this" in ASSUMPTIONS[case.id].if_wrong


def marked(org: Organisation) -> Organisation:
    """The organisation with a mark in each text that is no word of the API and no timestamp."""
    words = {*CATEGORIES, *MODES, "true", "false"}

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(found) for name, found in value.items()}
        if isinstance(value, list):
            return [change(each) for each in value]
        is_data = isinstance(value, str) and value not in words and not is_timestamp(value)
        return f"MARK{value}" if is_data else value

    org.modes = {f"MARK{name}": mode for name, mode in org.modes.items()}
    org.rows = {path: change(rows) for path, rows in org.rows.items()}
    return org


def test_output_has_nothing_of_the_organisation(output: Output, caplog: pytest.LogCaptureFixture) -> None:
    quoting = {"type": "MARK", "errors": [{"code": "MARK", "message": "MARK", "metadata": {"scope": "MARK"}}]}
    broken = {"/v2/policies": refusal(403, quoting), "/v1/api_keys": refusal(422, quoting, X_RateLimit_Limit="MARK")}
    caplog.set_level("INFO")
    outputs = []
    for org in (ideal(300), marked(ideal(300)), marked(organisation(20))):
        with Broken(org, faults=lambda number, path, params: broken.get(path)) as fake:
            found = output(fake)
        assert "MARK" not in "".join(found) + caplog.text
        outputs.append(found[0].rpartition("\n\n")[0])
        assert not re.search(r"\d{3}|:\d", outputs[-1])
    assert outputs[0] == outputs[1]
    assert "refusals           observed  does not hold (another permission): policies" in outputs[0]


@pytest.mark.parametrize("row", [{}, {"id": 7, "created_at": "soon", "updated_at": [], "alert_group_ids": {"a": 1}}])
def test_rows_of_any_form_are_only_no_evidence(row: Json, output: Output) -> None:
    def tell(path: str, params: dict[str, str], body: Json) -> None:
        body |= {name: [row] * 9 for name, value in body.items() if isinstance(value, list)} | {"identity": None}

    with Broken(ideal(), tell=tell) as fake:
        found = table(output(fake))
    assert {*found["order"].values(), *found["created-filter"].values()} == {"can't be told here"}


@pytest.mark.parametrize("answer", ["an empty page", "the list starts over", "refused"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_cursor_of_a_deleted_row_loses_no_row(answer: str, interrupted: bool, output: Output, tap: Tap) -> None:
    org = ideal()
    org.rows_per_page = 20
    rows = org.rows["/v2/alerts"]
    used: list[str] = []
    deleting = False

    def ask(path: str, params: Params) -> Params:
        after = dict(params).get("after", "")
        if path != "/v2/alerts" or not after:
            return params
        if deleting and not used:
            used.append(after)
            rows[:] = [row for row in rows if row["id"] != after]
        if answer == "refused" or after in [row["id"] for row in rows]:
            return params
        others = [pair for pair in params if pair[0] != "after"]
        return others if answer == "the list starts over" else [*others, ("after", rows[-1]["id"])]

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return refusal(422) if interrupted and path == "/v2/alerts" and number == 2 else None

    with Broken(org, ask) as fake:
        verdict = table(output(fake))["deleted-cursor"]["alerts"]
    deleting = True
    assert verdict == ("holds" if answer == "refused" else "does not hold") + f" ({answer})"
    with Broken(org, ask, faults=faults) as fake:
        runs = [tap(fake, catalog=only("alerts"), settings={"max_concurrency": 1})]
        if interrupted:
            assert runs[0].code == 1
            runs.append(tap(fake, catalog=only("alerts"), settings={"max_concurrency": 1}, state=runs[0].states()[-1]))
    read = {key for run in runs for key in run.keys("alerts")}
    assert runs[-1].code == 1 or not {(row["id"],) for row in rows} - read
