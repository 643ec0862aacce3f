"""Rows of who is on call when: overrides, and shifts, which are asked for by a window of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from .endpoint import Query
from .making import DAY, Row, World, dated, instant
from .problems import invalid
from .rows_people import slim_user

SHIFT = 5 * DAY
LISTS = ("scheduled", "overrides", "final")
PAGE = timedelta(days=7)
CURSOR = "cursor:"


def schedule_overrides(world: World) -> list[Row]:
    """None to two on each schedule."""
    return [
        _override(world, 2 * number + step, schedule)
        for number, schedule in enumerate(world.rows["/v2/schedules"])
        for step in range((number + 2) % 3)
    ]


def _override(world: World, number: int, schedule: Row) -> Row:
    start = world.now + (number % 20 - 10) * DAY
    row = dated(world, world.when(number))
    row |= {
        "schedule_id": schedule["id"],
        "rotation_id": _rotation(schedule),
        "layer_id": "LAYER0",
        "start_at": world.stamp(start),
        "end_at": world.stamp(start + DAY),
    }
    return world.surprise(world.optional(row, number, user=slim_user(world)), number)


def schedule_entries(world: World) -> list[Row]:
    """Every third schedule's shifts of five days, forty days to either side of the present, each in two lists or more.

    Rows carry the `schedule_id` and the `entry_type` that they are asked for by and stand under.
    """
    rows: list[Row] = []
    for number, schedule in enumerate(world.rows["/v2/schedules"][::3]):
        for step in range(-8, 8):
            shift = _shift(world, number + step + 8, world.now + step * SHIFT, _rotation(schedule))
            lists = LISTS if step % 4 == 0 else ("scheduled", "final")
            rows += [{"schedule_id": schedule["id"], "entry_type": name, **shift} for name in lists]
    return rows


def _rotation(schedule: Row) -> str:
    rotations = (schedule.get("config") or {}).get("rotations")
    return str(rotations[0]["id"]) if rotations else "ROTATION"


def _shift(world: World, number: int, start: int, rotation: str) -> Row:
    row: Row = {"start_at": world.stamp(start), "end_at": world.stamp(start + SHIFT)}
    world.optional(
        row,
        number,
        entry_id=world.id_at(start),
        fingerprint=f"{number:016x}",
        layer_id="LAYER0",
        rotation_id=rotation,
        user=slim_user(world),
    )
    return world.surprise(row, number)


def entries_page(rows: Sequence[Row], query: Query, now: datetime) -> Row:
    """A week of the window asked for (none: a fortnight from now), list by list, and where the next one begins.

    A shift that reaches over the border of two weeks is in both answers.
    """
    begin, end = _window_of(query, now)
    until = min(begin + PAGE, end)
    lists: dict[str, list[Row]] = {name: [] for name in LISTS}
    for row in rows:
        if instant(row["start_at"])[0] < until and instant(row["end_at"])[0] > begin:
            shown = {name: value for name, value in row.items() if name not in ("schedule_id", "entry_type")}
            lists[row["entry_type"]].append(shown)
    if until == end:
        return {"schedule_entries": lists}
    cursor = f"{CURSOR}{until.isoformat()}|{end.isoformat()}"
    url = f"https://api.invalid/v2/schedule_entries?entry_window_start={cursor}"
    return {"schedule_entries": lists, "pagination_meta": {"after": cursor, "after_url": url}}


def _window_of(query: Query, now: datetime) -> tuple[datetime, datetime]:
    start = query.get("entry_window_start", (now.isoformat(),))[0]
    end = _moment(query, "entry_window_end", now + 2 * PAGE)
    if start.startswith(CURSOR):
        start, _, same_end = start.removeprefix(CURSOR).partition("|")
        if same_end != end.isoformat():
            raise invalid("entry_window_end", "It stays what it was on the first page.")
        return datetime.fromisoformat(start), end
    begin = _moment(query, "entry_window_start", now)
    if begin >= end:
        raise invalid("entry_window_end", "It comes after the start.")
    return begin, end


def _moment(query: Query, name: str, default: datetime) -> datetime:
    if name not in query:
        return default
    try:
        return instant(query[name][0])[0].astimezone(timezone.utc)
    except ValueError:
        raise invalid(name, "A date and time.") from None
