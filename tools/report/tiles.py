"""The headline numbers: each with what it counts, and how it was in the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from tools.report.marts import Row
from tools.report.numbers import FEW, Data, by_severity, p90, same_mix

OVERDUE = timedelta(days=30)


@dataclass(frozen=True)
class Tile:
    """A number, of which less is better."""

    title: str
    value: Any
    note: Sequence[Any]
    """Words and values."""
    before: Any = None
    enough: bool = False
    """Whether there are enough to compare."""
    ratio: float | None = None
    """How it changed."""
    of: str = ""
    """What the change is of, if not of all."""


def tiles(data: Data) -> list[Tile]:
    """All of them, in the order of the page."""
    now, before = data.both(data.incidents)
    worst, were = (sum(row["severity"] in data.worst for row in rows) for rows in (now, before))
    open_now, open_then = (sum(_open(row, day) for row in data.incidents) for day in (date.max, data.before.last))
    oldest = max((data.age(row) for row in data.incidents if row["is_open"]), default=None)
    found = [_count("Incidents", len(now), len(before), "started in the period")]
    if data.worst:
        found.append(_count(" and ".join(data.worst), worst, were, "the two worst severities"))
    words = ("no incident is open",) if oldest is None else ("the oldest:", oldest)
    found.append(_count("Open now", open_now, open_then, *words))
    found += [_time(data, "acknowledge", "started_on"), _time(data, "resolve", "resolved_on")]
    if "escalations" not in data.origin.missing:
        found.append(_night(data))
    if "follow_ups" not in data.origin.missing:
        found.append(_overdue(data))
    return [*found, *([_alerts(data)] if data.alerts else ()), *([_written(data)] if data.worst else ())]


def _count(title: str, now: int, before: int, *note: Any) -> Tile:
    ratio = now / before if before else float(now > 0) + 1
    return Tile(title, now, note, before, max(now, before) >= FEW, ratio)


def _open(row: Row, day: date) -> bool:
    """Whether an incident was open at the end of a day."""
    return bool(row["started_on"] <= day and (row["is_open"] or (row["resolved_on"] or date.min) > day))


def _time(data: Data, what: str, by_day: str) -> Tile:
    now, before = (by_severity(rows, f"seconds_to_{what}") for rows in data.both(data.incidents, by_day))
    values, were = ([hours for each in found.values() for hours in each] for found in (now, before))
    ratio, mix = same_mix(now, before)
    note = ("median, p90", p90(values) if values else "none", f"(n {len(values)}, before {len(were)})")
    value = median(values) if values else None
    return Tile(f"Time to {what}", value, note, None, ratio is not None, ratio, f"at the same mix of {mix}")


def _night(data: Data) -> Tile:
    now, before = data.both(data.interruptions, "paged_on")
    nights, were = ([row for row in rows if row["is_at_night"]] for rows in (now, before))
    people = len({row["user_id"] for row in nights})
    note = f"of {len(now):,} in all; {people} {'person' if people == 1 else 'people'}"
    return _count("Interruptions at night", len(nights), len(were), note)


def _overdue(data: Data) -> Tile:
    counted = [row for row in data.follow_ups if not row["left_out_because"] and row["created_on"]]
    now, then = (
        sum(row["created_on"] < day - OVERDUE and (row["closed_on"] or date.max) > day for row in counted)
        for day in (data.now.date(), data.before.last)
    )
    note = f"of {sum(row['is_open'] for row in counted):,} open now; older than {OVERDUE.days} days"
    return _count("Follow-ups overdue", now, then, note)


def _alerts(data: Data) -> Tile:
    now, before = map(len, data.both(data.incidents))
    alerts, were = map(len, data.both(data.alerts, "created_on"))
    per, per_before = (f"{n / of:.1f}" if of else None for n, of in ((alerts, now), (were, before)))
    ratio = alerts / now / (were / before) if now and before and were else None
    note = f"{alerts:,} alerts, {now:,} incidents"
    return Tile("Alerts per incident", per, [note], per_before, min(now, before) >= FEW, ratio)


def _written(data: Data) -> Tile:
    now, before = (
        [row["has_postmortem"] for row in rows if row["severity"] in data.worst]
        for rows in data.both(data.incidents, "resolved_on")
    )
    note = f"of {len(now)} resolved {' and '.join(data.worst)}"
    return Tile("Post-mortems", sum(now), [note], f"{sum(before)} of {len(before)}")
