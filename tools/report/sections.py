"""The rows of each section."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tools.report.marts import Row
from tools.report.numbers import (
    AGAIN,
    AGES,
    FEW,
    KINDS,
    MONTHS,
    Data,
    Grey,
    Line,
    Link,
    by_severity,
    in_a_row,
    same_mix,
    stacked,
    timed,
    within,
)
from tools.report.options import Period, last_whole

COLUMNS = 5
"""With more severities, only the bars of a month show each of them."""


def _named(row: Row) -> Link:
    return Link(f"{row['reference'] or ''} {row['name'] or ''}".strip(), row["permalink"] or "")


def _whose(row: Row, data: Data) -> list[Any]:
    return [data.people.get(row["lead_id"], "nobody"), row["teams"] or "none"]


def week(data: Data) -> Period:
    """The last whole week, and the days since."""
    return Period(last_whole("week", data.now.date()).first, data.now.date())


def of_the_week(data: Data) -> list[Line]:
    """The incidents of the two worst severities, the newest first."""
    found = [row for row in within(data.incidents, week(data)) if row["severity"] in data.worst]
    lines = []
    for row in sorted(found, key=lambda row: (row["started_at"], row["incident_id"]), reverse=True):
        seconds, written = row["seconds_to_resolve"], "yes" if row["has_postmortem"] else "no post-mortem"
        took = seconds / 3600 if seconds is not None else "open" if row["is_open"] else Grey("unknown")
        lines.append(Line([_named(row), row["severity"], row["started_on"], took, *_whose(row, data), written]))
    return lines


def open_now(data: Data) -> list[Line]:
    """The incidents that are not resolved, the worst and oldest first."""
    place = {name: n for n, name in enumerate(data.severities)}
    found = [row for row in data.incidents if row["is_open"]]
    return [
        Line([_named(row), row["severity"], data.age(row), row["status"] or "unknown", *_whose(row, data)])
        for row in sorted(found, key=lambda row: (place[row["severity"]], row["started_at"], row["incident_id"]))
    ]


def months(data: Data) -> list[Line]:
    """Incidents per month and severity, also of months without any; parts of a month are marked."""
    count = Counter((f"{row['started_on']:%Y-%m}", row["severity"]) for row in data.incidents)
    today, begins = data.now.date(), min((row["started_on"] for row in data.incidents), default=date.max)
    place, lines = today.year * 12 + today.month - 1, []
    for first in (date(each // 12, each % 12 + 1, 1) for each in range(place - MONTHS + 1, place + 1)):
        name = f"{first:%Y-%m}"
        if name >= f"{begins:%Y-%m}":
            parts = [count[name, severity] for severity in data.severities]
            from_day = f" (from {begins.day}.)" if begins > first and name == f"{begins:%Y-%m}" else ""
            to_day = f" (to {today.day}.)" if name == f"{today:%Y-%m}" else ""
            cells = [name + from_day + to_day, *(parts if len(parts) <= COLUMNS else ()), sum(parts)]
            lines.append(Line(cells, parts))
    return lines


def resolved(data: Data) -> list[Line]:
    """Within each severity the time to resolve, by the day of resolution, and what is still open."""
    now, before = (by_severity(rows, "seconds_to_resolve") for rows in data.both(data.incidents, "resolved_on"))
    lines = []
    for name in data.severities:
        ages = [data.age(row) for row in data.incidents if row["is_open"] and row["severity"] == name]
        if now[name] or before[name] or ages:
            ratio, _ = same_mix({name: now[name]}, before)
            cells = [*timed(now[name]), *timed(before[name])[:2], _moved(ratio), len(ages), max(ages, default=None)]
            lines.append(Line([name, *cells]))
    return lines


def _moved(ratio: float | None, of: str = "") -> Any:
    mix = "" if of in ("", "severities") else f" of {of}"
    return Grey("too few") if ratio is None else f"{ratio - 1:+.0%}{mix}"


def times(data: Data) -> list[Line]:
    """A line for each other time, and for each duration metric of the organisation."""
    wanted = {name: (data.incidents, f"seconds_to_{name}") for name in ("detect", "acknowledge", "mitigate")}
    for name in sorted({row["name"] or "unnamed" for row in data.metrics}):
        wanted[f"{name} (own metric)"] = ([row for row in data.metrics if row["name"] == name], "value_seconds")
    lines = []
    for name, (each, seconds) in wanted.items():
        now, before = (by_severity(rows, seconds) for rows in data.both(each))
        values, were = ([hours for part in found.values() for hours in part] for found in (now, before))
        ratio, mix = same_mix(now, before)
        if values or were:
            lines.append(Line([name, *timed(values), *timed(were)[:2], _moved(ratio, mix)]))
    return lines


def slices(data: Data) -> list[Line]:
    """Incidents by the slice of the reader's choice. One with several values counts for each."""
    now, before = (
        [(label, row) for row in rows for label in data.labels[row["incident_id"]] or ["none"]]
        for rows in data.both(data.incidents)
    )
    parts = stacked([(label, row["severity"]) for label, row in now], data.severities)
    were = Counter(label for label, _ in before)
    took: Mapping[str, list[float]] = defaultdict(list)
    for label, row in now:
        if row["resolved_on"]:
            took[label].append(row["seconds_to_resolve"] / 3600)
    names = [*parts, *sorted(were.keys() - parts.keys())]
    return [
        Line([name, n := sum(parts.get(name, ())), were[name], *timed(took[name])[:2]], parts.get(name, ()), n)
        for name in names
    ]


def repeated(data: Data) -> list[Line]:
    """Incidents of the period with the same name as one of the thirty days before them."""
    named: Mapping[str, list[Row]] = defaultdict(list)
    for row in sorted(data.incidents, key=lambda row: (row["started_at"], row["incident_id"])):
        named[(row["name"] or row["incident_id"]).strip().lower()].append(row)
    lines = []
    for rows in named.values():
        pairs = [(old, new) for old, new in pairwise(rows) if new["started_on"] in data.period]
        close = [(old, new) for old, new in pairs if new["started_on"] - old["started_on"] <= AGAIN]
        if close:
            old, new = close[-1]
            gap = new["started_on"] - old["started_on"]
            lines.append(Line([_named(new), new["severity"], len(close), gap, old["reference"] or ""], (), len(close)))
    return sorted(lines, key=lambda line: (-(line.rank or 0), line.cells[0].text))


def follow_ups(data: Data) -> list[Line]:
    """Open follow-ups per team and age."""
    pairs = [(row["team"], _age(row)) for row in data.follow_ups if row["is_open"] and not row["left_out_because"]]
    kinds = range(len(AGES))
    return [Line([team, *parts, sum(parts)], parts, sum(parts)) for team, parts in stacked(pairs, kinds).items()]


def _age(row: Row) -> int:
    return next(place for place, (_, most) in enumerate(AGES) if (row["age_days"] or 0) <= most)


def oldest(data: Data) -> list[Line]:
    """The open follow-ups one by one, the oldest first."""
    found = [row for row in data.follow_ups if row["is_open"] and not row["left_out_because"]]
    lines = []
    for row in sorted(found, key=lambda row: (-(row["age_days"] or 0), row["follow_up_id"])):
        incident = Link(row["incident_reference"] or "", row["incident_permalink"] or "")
        title = Link(row["title"] or "without a title", row["issue_permalink"] or incident.url)
        owner = data.people.get(row["assignee_id"], "nobody")
        age = None if row["age_days"] is None else timedelta(days=row["age_days"])
        lines.append(Line([title, incident, owner, row["team"], row["priority"], age]))
    return lines


def kind(row: Row) -> str:
    """When an interruption was."""
    return KINDS[0] if row["is_at_night"] else KINDS[2] if row["is_in_working_hours"] else KINDS[1]


def people(data: Data) -> list[Line]:
    """Interruptions by person, ranked by those at night."""
    found, _ = data.both(data.interruptions, "paged_on")
    nights: Mapping[str, set[date]] = defaultdict(set)
    for row in found:
        if row["is_at_night"]:
            # Hours after midnight belong to the evening before.
            nights[row["user_id"]].add((row["paged_at_local"] - timedelta(hours=data.options.night[1])).date())
    lines = []
    for known, parts in stacked([(row["user_id"], kind(row)) for row in found], KINDS, KINDS[:1]).items():
        name = f"{data.people.get(known, known)} ({', '.join(_schedules(known, data))})"
        lines.append(Line([name, *parts, in_a_row(nights[known])], parts, parts[0]))
    return lines


def _schedules(known: str, data: Data) -> list[str]:
    return list(data.schedules.get(known, ())) or ["no schedule"]


def schedules(data: Data) -> list[Line]:
    """Interruptions by the schedules that people are in; who is in several counts in each."""
    now, before = (
        [(name, kind(row)) for row in rows for name in _schedules(row["user_id"], data)]
        for rows in data.both(data.interruptions, "paged_on")
    )
    were = Counter(before)
    return [
        Line([name, *parts, were[name, KINDS[0]]], parts, parts[0])
        for name, parts in stacked(now, KINDS, KINDS[:1]).items()
    ]


def hours(data: Data) -> Mapping[str, list[int]]:
    """Interruptions per weekday and hour."""
    count = Counter((row["day_of_week"], row["hour_of_day"]) for row in data.both(data.interruptions, "paged_on")[0])
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return {name: [count[day, hour] for hour in range(24)] for day, name in enumerate(names, 1)}


def sources(data: Data) -> list[Line]:
    """Alerts by source, and which of them are in an incident that counts."""
    alerts = [row for row in data.alerts if row["is_in_an_incident"] is not None]
    names = {row["alert_source_id"]: row["source"] for row in alerts}
    parts, were = (
        stacked([(row["alert_source_id"], row["is_in_an_incident"]) for row in rows], (True, False))
        for rows in data.both(alerts, "created_on")
    )
    lines = []
    for known, (used, unused) in parts.items():
        n, old = used + unused, were.get(known, (0, 0))
        cells = [names[known], n, used, _share(used, n), sum(old), _share(old[0], sum(old))]
        lines.append(Line(cells, (used, unused), n))
    return lines


def _share(part: int, whole: int) -> Any:
    text = f"{part / whole:.0%}" if whole else None
    return Grey(text) if whole < FEW else text


def noisiest(data: Data) -> list[Line]:
    """The alerts that come most often."""
    found = within(data.alerts, data.period, "created_on")
    pairs = [((row["title"] or "without a title", row["source"]), row["is_in_an_incident"]) for row in found]
    return [
        Line([*name, sum(parts), parts[0]], (), sum(parts))
        for name, parts in stacked(pairs, (True, False, None)).items()
    ]
