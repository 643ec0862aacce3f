"""The organisation of the tests: rows of every kind there is, with values that a reader can stumble over."""

from __future__ import annotations

from collections.abc import Mapping

from . import relations
from .making import ABSENT, DAY, EPOCH, HOUR, VALUES, Row, cycle, read
from .relations import hint, in_lists, recipe, rotation_of
from .rows import Hint, Maker, Recipe, Rows
from .traps import LISTS

DATA = read("awkward.json")
MODES = ("standard",) * 3 + ("retrospective",) + ("standard",) * 2 + ("test", "retrospective", "standard", "tutorial")
BETWEEN, SHIFT = 17 * HOUR, 5 * DAY


def opened_at(number: int) -> int:
    """When incident `number` was opened (Unix seconds): every tenth together with the one before it."""
    return EPOCH + (number - (number % 10 == 3)) * BETWEEN


def _incidents(maker: Maker) -> Rows:
    world, statuses, names = maker.world, maker.rows("/v1/incident_statuses"), maker.rows("/v2/incident_timestamps")
    created = ""
    for number in range(world.incidents):
        when = opened_at(number)
        created = created if number % 10 == 3 else world.stamp(when)
        known = world.id_at(when)
        world.modes[known] = cycle(MODES, number)
        stamps = [_timestamp(maker, number + place, name) for place, name in enumerate(names)]
        given = {
            "id": known,
            "created_at": created,
            "incident_status": world.surprise(dict(cycle(statuses, number)), number + 2),
            "incident_timestamp_values": stamps,
            "mode": world.modes[known],
            "name": f"{cycle(VALUES['texts'], number)} #{number}",
            "postmortem_document_ids": [] if number % 4 == 3 else [f"DOC{number:023d}"],
            "reference": f"INC-{number + 1}",
        }
        yield when, given


def _timestamp(maker: Maker, number: int, name: Row) -> Row:
    text = "" if number % 7 == 6 else maker.world.stamp(opened_at(number) + number % 5 * HOUR)
    stamped = {"value": {"value": text}}
    values: tuple[Row, ...] = (stamped, stamped, {"value": {}}, {"value": None}, {})
    return {"incident_timestamp": name, **cycle(values, number // 2)}


def _children(counts: tuple[int, ...], *, streams: bool = False) -> Recipe:
    """For each incident by turns so many rows, and four for the work streams, if they have any."""

    def rows(maker: Maker) -> Rows:
        for number, incident in enumerate(maker.rows("/v2/incidents")):
            for step in range(cycle(counts, number)):
                yield opened_at(number) + step * HOUR, {"incident_id": incident["id"]}
        for number in range(4 if streams else 0):
            yield opened_at(number) + HOUR, {"incident_id": cycle(work_streams(maker), number)}

    return rows


def work_streams(maker: Maker) -> list[str]:
    """The ids of the work streams, which no list has."""
    found = [f"01STREAM{number:018d}" for number in range(3)]
    maker.world.modes.update(dict.fromkeys(found, "stream"))
    return found


def _of_streams_too(path: str) -> Recipe:
    def recipe(maker: Maker) -> Rows:
        for number, (when, given) in enumerate(maker.usual(path)):
            yield when, {**given, "incident_id": cycle(work_streams(maker), number)} if number % 7 == 3 else given

    return recipe


def _updates(maker: Maker) -> Rows:
    statuses = maker.rows("/v1/incident_statuses")
    for number, (when, given) in enumerate(_children((1, 2, 3, 4))(maker)):
        status = cycle(statuses, number)
        merged = {} if status["category"] == "merged" else {"merged_into_incident_id": ABSENT if number % 5 else None}
        yield when, {**given, "new_incident_status": status, **merged}


def _alerts(maker: Maker) -> Rows:
    """Oldest first; some share a group, and one is in two."""
    for number in range(120):
        when = maker.world.when(number)
        shared, own = f"GROUP{number // 6:021d}", maker.world.id_at(when)
        groups: tuple[object, ...] = ([shared], [shared], [], [own], ABSENT, None)
        yield when, {"alert_group_ids": [f"GROUP{0:021d}", own] if number == 8 else cycle(groups, number)}


def _shifts(maker: Maker) -> Rows:
    """Every third schedule's shifts of five days, forty days to either side of the present, in two lists or more."""
    for schedule in maker.rows("/v2/schedules")[::3]:
        for step in range(-8, 8):
            start = maker.world.now + step * SHIFT
            times = {"start_at": maker.world.stamp(start), "end_at": maker.world.stamp(start + SHIFT)}
            shift = maker.make("ScheduleEntryV2", 1, step + 8, {"rotation_id": rotation_of(schedule), **times})
            # Old answers name the layer, new ones don't.
            layer = {"layer_id": "LAYER0"} if step % 2 else {}
            yield from in_lists(schedule, {**shift, **layer}, LISTS if step % 4 == 0 else ("scheduled", "final"))


HINTS: Mapping[str, Hint] = {
    **relations.HINTS,
    **{component: hint(values) for component, values in DATA["hints"].items()},
}
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    **{path: recipe(facts) for path, facts in DATA["lists"].items()},
    "/v1/incident_attachments": _children((1, 2, 0)),
    "/v2/alerts": _alerts,
    "/v2/incident_activity_log_entries": _of_streams_too("/v2/incident_activity_log_entries"),
    "/v2/incident_alerts": lambda maker: recipe({"count": 65 if maker.world.incidents else 0})(maker),
    "/v2/incident_timeline_items": _of_streams_too("/v2/incident_timeline_items"),
    "/v2/incident_updates": _updates,
    "/v2/incidents": _incidents,
    "/v2/schedule_entries": _shifts,
    "/v3/actions": _children((3, 2, 1, 0), streams=True),
    "/v3/follow_ups": _children((2, 1, 0), streams=True),
}
