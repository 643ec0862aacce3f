"""What the sections count, without words: lists of cells, most of them with a bar of parts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

from tools.report.marts import Origin, Row, Tables
from tools.report.options import BadOption, Options, Period

FEW = 5
"""Fewer than this are shown grey, and not compared."""
KINDS = ("at night", "other times", "working hours")
AGES = (("up to 7 days", 7), ("8 to 30", 30), ("31 to 90", 90), ("over 90", 99_999))
MONTHS = 13
AGAIN = timedelta(days=30)


@dataclass(frozen=True)
class Grey:
    """A value that is of too few to trust, or beside the point."""

    value: Any


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere."""

    text: str
    url: str


@dataclass(frozen=True)
class Line:
    """A row of a table. An int is a count, a float is hours, a timedelta an age, None nothing."""

    cells: Sequence[Any]
    parts: Sequence[int] = ()
    """Those of its bar."""
    rank: int | None = None
    """What the table is ordered by."""


@dataclass(frozen=True)
class Data:
    """The rows that count, of the chosen team, and the choices."""

    options: Options
    origin: Origin
    now: datetime
    """When the rows were read, by the reader's clock, without a zone."""
    period: Period
    before: Period
    severities: Sequence[str]
    """The worst first."""
    incidents: Sequence[Row]
    left_out: Mapping[str, int]
    """Incidents that don't count, by reason."""
    labels: Mapping[str, Sequence[str]]
    """The values of the chosen slice, by incident."""
    follow_ups: Sequence[Row]
    interruptions: Sequence[Row]
    alerts: Sequence[Row]
    metrics: Sequence[Row]
    people: Mapping[str, str]
    """How each person is called here."""
    schedules: Mapping[str, Sequence[str]]
    """The schedules that each person is in."""

    @property
    def worst(self) -> Sequence[str]:
        """The two worst severities."""
        return self.severities[:2]

    def both(self, rows: Iterable[Row], day: str = "started_on") -> tuple[list[Row], list[Row]]:
        """The rows of the period, and those of the one before."""
        each = list(rows)
        return within(each, self.period, day), within(each, self.before, day)

    def age(self, row: Row) -> timedelta:
        """Days since it started."""
        started: date = row["started_on"]
        return self.now.date() - started


def data(tables: Tables, options: Options, origin: Origin, now: datetime) -> Data:
    """What is to be counted. Raises BadOption if nothing has the name in TEAM or BY."""
    teams = _listed((row["incident_id"], row["team"]) for row in tables["stg_incident_teams"])
    members = _listed((row["team"], row["user_id"]) for row in tables["stg_team_members"])
    _check("TEAM", options.team, {*members, *(team for each in teams.values() for team in each), ""})
    incidents = [
        row for row in tables["incident_metrics"] if not options.team or options.team in teams[row["incident_id"]]
    ]
    counted = [row for row in incidents if row["is_counted"] and row["started_on"]]
    known = {row["incident_id"]: row for row in counted}
    ranks = {row["severity"]: row["severity_rank"] for row in counted}
    ranks |= {row["name"]: row["rank"] for row in tables["base_severities"]}
    pages = [{**row, "paged_on": row["paged_at_local"].date()} for row in tables["stg_pages"] if row["is_interruption"]]
    return Data(
        options,
        origin,
        now,
        *options.periods(now.date()),
        sorted(ranks, key=lambda name: (ranks[name] is None, -(ranks[name] or 0), name)),
        counted,
        Counter(row["left_out_because"] or "no start" for row in incidents if row["incident_id"] not in known),
        teams if options.by == "team" else _labels(tables, options.by),
        [
            row
            for row in tables["follow_up_metrics"]
            if options.team in ("", row["team"]) and row["status"] != "deleted"
        ],
        [row for row in pages if not options.team or row["user_id"] in members[options.team]],
        # An alert has no team.
        [] if options.team else tables["alert_metrics"],
        [{**known[row["incident_id"]], **row} for row in tables["stg_duration_metrics"] if row["incident_id"] in known],
        _people(tables, options.names),
        _listed((row["user_id"], row["schedule"] or row["schedule_id"]) for row in tables["stg_schedule_people"]),
    )


def _listed(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = defaultdict(list)
    for key, value in sorted({pair for pair in pairs if pair[1]}):
        found[key].append(value)
    return found


def _check(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise BadOption(f"{name}={value}: there is no such name; there are: {', '.join(sorted(filter(None, known)))}")


def _labels(tables: Tables, by: str) -> Mapping[str, list[str]]:
    if by == "incident type":
        return _listed((row["incident_id"], row["incident_type"]) for row in tables["incident_metrics"])
    values = tables["stg_custom_field_values"]
    names = {"team", "incident type", *(row["name"] for row in values)}
    field, attribute = (by, "") if by in names else by.rpartition(": ")[::2]
    _check("BY", field or by, names)
    chosen = [row for row in values if row["name"] == field]
    if not attribute:
        return _listed((row["incident_id"], row["value"]) for row in chosen)
    entries = _attributes(tables, attribute)
    return _listed((row["incident_id"], value) for row in chosen for value in entries[row["catalog_entry_id"]])


def _attributes(tables: Tables, name: str) -> Mapping[str, list[str]]:
    """The values of an attribute, by catalog entry."""
    known = [
        each for row in tables["base_catalog_types"] for each in (_json(row["schema"]) or {}).get("attributes", ())
    ]
    _check("BY", name, {each["name"] for each in known})
    found: Mapping[str, list[str]] = defaultdict(list)
    for row in tables["base_catalog_entries"]:
        given = _json(row["attribute_values"]) or {}
        for binding in (given[each["id"]] for each in known if each["name"] == name and each["id"] in given):
            values = [binding.get("value"), *(binding.get("array_value") or ())]
            found[row["id"]].extend(value["label"] for value in values if value)
    return found


def _json(value: Any) -> Any:
    """DuckDB gives JSON as a text, PostgreSQL as what it says."""
    return json.loads(value) if isinstance(value, str) else value


def _people(tables: Tables, shown: bool) -> Mapping[str, str]:
    """A name each. People with the same name get the end of their id."""
    columns = (("stg_pages", "user_id", "person"), ("follow_up_metrics", "assignee_id", "assignee"))
    named: dict[str, str] = {}
    for table, key, name in (*columns, ("incident_metrics", "lead_id", "lead")):
        named |= {row[key]: row[name] or row[key] for row in tables[table] if row[key]}
    count = Counter(named.values())
    return {
        # Rows that came without people's names have "person" and the id.
        known: (name if count[name] == 1 else f"{name} (…{known[-4:]})")
        if shown and name != f"person {known}"
        else f"person {place}"
        for place, (known, name) in enumerate(sorted(named.items()), 1)
    }


def within(rows: Iterable[Row], period: Period, name: str = "started_on") -> list[Row]:
    """The rows whose day is in a period."""
    return [row for row in rows if row[name] in period]


def stacked(
    pairs: Sequence[tuple[Hashable, Hashable]], kinds: Sequence[Hashable], by: Sequence[Hashable] = ()
) -> Mapping[Any, tuple[int, ...]]:
    """How often each name has each kind, the name with most first (of the kinds in `by`), equal ones by name."""
    count = Counter(pairs)
    rank = {name: [-sum(count[name, kind] for kind in each) for each in (by or kinds, kinds)] for name, _ in pairs}
    names = sorted(rank, key=lambda name: (rank[name], str(name)))
    return {name: tuple(count[name, kind] for kind in kinds) for name in names}


def p90(values: Sequence[float]) -> float | None:
    """Nine of ten are within it; between two values, in proportion."""
    return quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0] if values else None


def in_a_row(found: Iterable[date]) -> int:
    """The longest run of nights without a quiet one between."""
    longest, run, last = 0, 0, date.min
    for night in sorted(found):
        run = run + 1 if night - last == timedelta(days=1) else 1
        longest, last = max(longest, run), night
    return longest


def timed(values: Sequence[float]) -> list[Any]:
    """n, median and 90th percentile, grey if they are few."""
    found = [len(values), median(values) if values else None, p90(values)]
    return [Grey(value) for value in found] if len(values) < FEW else found


def by_severity(rows: Iterable[Row], seconds: str) -> Mapping[str, list[float]]:
    """Hours by severity."""
    found: Mapping[str, list[float]] = defaultdict(list)
    for row in rows:
        if row[seconds] is not None:
            found[row["severity"]].append(row[seconds] / 3600)
    return found


def same_mix(now: Mapping[str, Sequence[float]], before: Mapping[str, Sequence[float]]) -> tuple[float | None, str]:
    """How the medians changed if both periods had the same share of each severity, and which severities that is of.

    Otherwise a period with fewer small incidents looks slower, though each severity became faster.
    """
    mix = sorted(name for name in now if min(len(now[name]), len(before.get(name, ()))) >= FEW)
    weights = {name: len(now[name]) + len(before[name]) for name in mix}
    was = sum(weights[name] * median(before[name]) for name in mix)
    ratio = sum(weights[name] * median(now[name]) for name in mix) / was if was else None
    every = len(mix) == len({name for each in (now, before) for name in each if each[name]})
    return ratio, "severities" if every else ", ".join(mix) if len(mix) < 4 else f"{len(mix)} severities"
