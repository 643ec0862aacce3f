"""docs/streams.md: its SQL gives the right answers, its joins join, and it accounts for every operation."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from tap_incident.streams import BY_NAME, STREAMS
from tests.conftest import Tap
from tests.fake_api import NOW, FakeApi, Organisation, organisation
from tests.fake_api.facts import CONTENT
from tests.fake_api.making import instant
from tests.support.catalogs import EVERYTHING
from tests.support.runs import (
    Json,
    Run,
    there,
)
from tools.readme import GUIDE
from tools.unread import unread_table

TEXT = GUIDE.read_text("utf-8")
EXAMPLES = dict(re.findall(r"^```sql\n-- (.+?)\n(.+?)^```", TEXT, re.DOTALL | re.MULTILINE))
COLUMN = r"`([a-z_]+\.[a-z_.\[\]]+)`"
JOINS = re.findall(rf"^\| {COLUMN} \| {COLUMN}(?:, where `type` is `(\w+)`)? \|$", TEXT, re.MULTILINE)
OF_CHILDREN = [
    (f"{stream.name}.{stream.parent.id_column}", f"{stream.parent.stream}.{stream.parent.id_property}", "")
    for stream in STREAMS
    if stream.parent.stream
]
TABLES = ("streams", "unread")
PRESENT = NOW + timedelta(days=40)
SCALARS = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def org() -> Organisation:
    return organisation(120, now=PRESENT)


@pytest.fixture(scope="module")
def run(session_tap: Tap, org: Organisation) -> Run:
    """A sync of everything."""
    with FakeApi(org) as fake:
        return session_tap(fake, catalog=EVERYTHING, now=PRESENT)


@pytest.fixture
def base(run: Run, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a table for each stream, of the columns that its SCHEMA message has."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")
        for stream in run.streams():
            path = tmp_path / f"{stream}.jsonl"
            path.write_text("".join(f"{json.dumps(record)}\n" for record in run.records(stream)))
            columns = {name: sql_type(part) for name, part in run.schema(stream)["properties"].items()}
            read = f"read_json('{path}', format = 'newline_delimited', columns = {columns})"
            base.execute(f"CREATE TABLE {stream} AS FROM {read}")
            assert base.table(stream).count("*").fetchall() == [(len(run.records(stream)),)]
        yield base


def sql_type(part: Json) -> str:
    """The type of a column in DuckDB."""
    kind = next(name for name in part["type"] if name != "null")
    if kind == "array":
        return f"{sql_type(part['items'])}[]"
    if kind == "object":
        inner = ", ".join(f'"{name}" {sql_type(of)}' for name, of in part.get("properties", {}).items())
        return f"STRUCT({inner})" if inner else "JSON"
    return "TIMESTAMPTZ" if part.get("format") == "date-time" else SCALARS[kind]


def utc(text: str) -> datetime:
    """The whole second of a timestamp."""
    return instant(text)[0].astimezone(timezone.utc)


def time_to_resolve(org: Organisation) -> Rows:
    """Severity, month, incidents, median of hours."""
    hours: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in there(org, "incidents"):
        stamps = {
            stamp["incident_timestamp"]["name"]: utc(stamp["value"]["value"])
            for stamp in row.get("incident_timestamp_values") or ()
            if (stamp.get("value") or {}).get("value")
        }
        reported, resolved = stamps.get("Reported at"), stamps.get("Resolved at")
        hidden = row["incident_status"]["category"] in ("declined", "canceled", "merged")
        if reported and resolved and reported <= resolved and not hidden:
            severity = (row.get("severity") or {"name": "none"})["name"]
            hours[(severity, f"{reported:%Y-%m}")].append((resolved - reported).total_seconds() / 3600)
    found = [(*group, len(values), pytest.approx(median(values), abs=0.051)) for group, values in hours.items()]
    assert len({month for _, month, *_ in found}) > 1
    return sorted(found, key=lambda row: (row[1], row[0]))


def open_follow_ups(org: Organisation) -> Rows:
    """Team, open ones, those older than 30 days, days of the oldest."""
    ages: dict[str, list[int]] = defaultdict(list)
    for row in there(org, "follow_ups"):
        if row["status"] == "outstanding":
            age = PRESENT.date() - utc(row["created_at"]).date()
            ages[(row.get("assignee_team") or {"name": "no team"})["name"]].append(age.days)
    found = sorted((team, len(days), sum(day > 30 for day in days), max(days)) for team, days in ages.items())
    assert any(0 < older < count for _, count, older, _ in found)
    return found


def pages(org: Organisation) -> Rows:
    """Week, person, pages."""
    counts: Counter[tuple[date, str, str]] = Counter()
    for row in there(org, "escalations"):
        for event in row["events"]:
            if event["event"] == "notified_users":
                day = utc(event["occurred_at"]).date()
                week = day - timedelta(days=day.weekday())
                counts.update((week, user["name"], user["id"]) for user in event.get("users") or ())
    return sorted((week, name, count) for (week, name, _), count in counts.items())


def alerts_that_became_incidents(org: Organisation) -> Rows:
    """Source, alerts, those in an incident, percent."""
    linked = {row["alert"]["id"] for row in there(org, "incident_alerts")}
    sources = {row["id"]: row["name"] for row in there(org, "alert_sources")}
    alerts: dict[str, list[bool]] = defaultdict(list)
    for row in there(org, "alerts"):
        alerts[sources[row["alert_source_id"]]].append(row["id"] in linked)
    found = [
        (name, len(each), sum(each), pytest.approx(100 * sum(each) / len(each), abs=0.051))
        for name, each in sorted(alerts.items())
    ]
    assert any(0 < incidents < count for _, count, incidents, _ in found)
    return found


def hours_on_call(org: Organisation) -> Rows:
    """Person, hours."""
    hours: Counter[tuple[str, str]] = Counter()
    for row in there(org, "schedule_entries"):
        if row["entry_type"] == "final" and row.get("user"):
            seconds = (utc(row["end_at"]) - utc(row["start_at"])).total_seconds()
            hours[(row["user"]["name"], row["user"]["id"])] += int(seconds)
    return [(name, pytest.approx(seconds / 3600, abs=0.051)) for (name, _), seconds in sorted(hours.items())]


EXPECTED: dict[str, Callable[[Organisation], Rows]] = {
    "time to resolve": time_to_resolve,
    "open follow-ups": open_follow_ups,
    "pages": pages,
    "alerts that became incidents": alerts_that_became_incidents,
    "hours on call": hours_on_call,
}


def test_sql_examples_are_all_checked() -> None:
    assert EXAMPLES.keys() == EXPECTED.keys()
    assert len(EXAMPLES) == TEXT.count("```sql")


@pytest.mark.slow
def test_sql_examples_give_the_right_rows(base: duckdb.DuckDBPyConnection, org: Organisation) -> None:
    for name, sql in EXAMPLES.items():
        # The organisation's present, in the place of the reader's.
        found = base.execute(sql.replace("current_date", f"DATE '{PRESENT.date()}'")).fetchall()
        assert len(found) > 1, name
        assert found == EXPECTED[name](org), name


def values(row: Any, path: list[str], kind: str) -> Iterator[Any]:
    """What is at a path of a row; of objects with a `type`, of those of this type."""
    if row is None:
        return
    if not path:
        if not isinstance(row, dict):
            yield row
        return
    name, *rest = path
    if name == "[]":
        for entry in row:
            if not (kind and rest == ["id"] and entry["type"] != kind):
                yield from values(entry, rest, kind)
    else:
        yield from values(row[name], rest, kind)


def split(path: str) -> tuple[str, list[str]]:
    """The stream of a column, and the way to it."""
    stream, _, column = path.partition(".")
    return stream, [part for part in re.split(r"(\[\])|\.", column) if part]


@pytest.mark.slow
def test_joins_of_the_page_find_rows(run: Run) -> None:
    assert len(JOINS) == TEXT.split("## How rows join", maxsplit=1)[1].count("` | `")
    for left, right, kind in (*JOINS, *OF_CHILDREN):
        sides = [
            {value for record in run.records(stream) for value in values(record, path, kind if side == 0 else "")}
            for side, (stream, path) in enumerate((split(left), split(right)))
        ]
        assert sides[0] & sides[1], f"no {left} is a {right}"


def test_joins_of_the_page_are_between_streams() -> None:
    assert {split(path)[0] for left, right, _ in JOINS for path in (left, right)} <= BY_NAME.keys()


def test_page_accounts_for_every_operation_of_the_api_once() -> None:
    ours, others = (TEXT.split(f"<!-- {name}: made", 1)[1].split(f"<!-- end of {name}", 1)[0] for name in TABLES)
    read = re.findall(r"\| `(/v\d[^`]*)`", ours)
    unread = [path for line in others.splitlines()[3:] for path in re.findall("`(/v[^`]*)`", line.split(" | ")[0])]
    assert len(read) == len(STREAMS)
    assert sorted([*read, *unread]) == sorted([*CONTENT["endpoints"], *CONTENT["left_out"]])


def test_operation_without_a_stream_needs_a_reason() -> None:
    facts: Json = {"endpoints": {"/v2/users": {}, "/v9/soups": {}}, "left_out": {"/v9/soups/{id}": "one row of a list"}}
    with pytest.raises(ValueError, match="/v9/soups: add a stream"):
        unread_table(facts)
    del facts["endpoints"]["/v9/soups"]
    assert unread_table(facts).splitlines()[2:] == ["| `/v9/soups/{id}` | No: one row by its id. The list has it. |"]
