"""The sample organisation, which looks real: sample.json has its people and settings; here is who is on call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import relations, sample_alerts, sample_incidents
from .cases import DATA, TEAMS, WEEK, YEAR, on_call
from .making import ABSENT, DAY, Row
from .relations import Rows, in_lists, rotation_of
from .rows import Hint, Maker, Recipe


def settings(path: str) -> Recipe:
    """The rows of sample.json, made when the organisation began."""
    return lambda maker: (
        (maker.world.now - 2 * YEAR + place * DAY, filled(maker, row)) for place, row in enumerate(DATA["rows"][path])
    )


def filled(maker: Maker, value: Any) -> Any:
    """A value of sample.json: `$row` and `$id` name another row, null leaves a property out."""
    if isinstance(value, list):
        return [filled(maker, part) for part in value]
    if not isinstance(value, dict):
        return ABSENT if value is None else value
    if "$row" in value:
        return maker.named(*value["$row"])
    return (
        maker.named(*value["$id"])["id"]
        if "$id" in value
        else {key: filled(maker, part) for key, part in value.items()}
    )


def _schedules(maker: Maker) -> Rows:
    for team, (when, given) in zip(TEAMS, settings("/v2/schedules")(maker), strict=True):
        current, following = (_shift(maker, team, step, rotation_of(given)) for step in range(2))
        yield when, {**given, "current_shifts": [current], "next_shifts": [following]}


def _shift(maker: Maker, team: str, step: int, rotation: str) -> Row:
    """The shift of the week that is so many weeks after this one."""
    start = maker.world.now // WEEK * WEEK + step * WEEK
    times = {"start_at": maker.world.stamp(start), "end_at": maker.world.stamp(start + WEEK)}
    known = f"{rotation}-{start // WEEK}"
    user = maker.named("UserV2", on_call(team, start))
    return {"entry_id": known, "fingerprint": known, "rotation_id": rotation, "user": user, **times}


def _shifts(maker: Maker) -> Rows:
    for team, schedule in zip(TEAMS, maker.rows("/v2/schedules"), strict=True):
        for step in range(-6, 6):
            yield from in_lists(schedule, _shift(maker, team, step, rotation_of(schedule)), ("scheduled", "final"))


HINTS: Mapping[str, Hint] = relations.HINTS
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    **sample_alerts.RECIPES,
    **sample_incidents.RECIPES,
    **{path: settings(path) for path in DATA["rows"]},
    "/v2/schedule_entries": _shifts,
    "/v2/schedules": _schedules,
}
