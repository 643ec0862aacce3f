"""Which rows belong to which, in either organisation, and how the gaps are filled that JSON files leave open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .facts import COMPONENTS, LIST_NAME
from .making import ABSENT, DAY, EPOCH, VALUES, Row, cycle, instant
from .rows import Hint, Maker, Recipe, Rows, without_absent

FACT = re.compile(r"{(\w+)}")


def filled(maker: Maker, value: Any, facts: Row) -> Any:
    """A value without gaps: what is null, or an object of nothing else, is left out, and `{name}` is a fact.

    `$row` and `$id` name another row, of which the properties beside them are changed; `$of` is a row of a list by
    turns, its id or `as` a component.
    """
    if isinstance(value, str) and facts:
        fact = FACT.fullmatch(value)
        value = facts[fact[1]] if fact else value.format_map(facts)
    elif isinstance(value, list):
        value = [part for part in (filled(maker, part, facts) for part in value) if part is not ABSENT]
    elif isinstance(value, dict):
        return _object(maker, value, without_absent(filled_row(maker, value, facts)), facts)
    return ABSENT if value is None else value


def _object(maker: Maker, value: Row, parts: Row, facts: Row) -> Any:
    if "$of" in value:
        path, number = value["$of"], facts["number"]
        rows = maker.world.rows.get(path, []) if "if_made" in value else maker.rows(path)
        row = cycle(rows, number) if rows else {"id": f"NONE{number:06d}"}
        return maker.short(value["as"], number, row) if "as" in value else row["id"]
    if "$id" in value:
        return maker.named(*parts["$id"])["id"]
    if "$row" in value:
        component, *name = parts.pop("$row")
        parts = {**maker.named(component, *name), **parts} if name else {}
    return parts if parts or not value else ABSENT


def filled_row(maker: Maker, row: Row, facts: Row) -> Row:
    """The values of a row without gaps, and `ABSENT` for what it is not to have."""
    return {name: filled(maker, part, facts) for name, part in row.items()}


def hint(values: Sequence[Row]) -> Hint:
    """Values of a component, by turns."""
    return lambda maker, number: filled_row(maker, cycle(values, number), {"number": number})


def recipe(facts: Row) -> Recipe:
    """A `count` of rows with values by turns, or by turns so many (`counts`) children for `each` row of a list."""

    def children(maker: Maker) -> Rows:
        for number, row in enumerate(maker.rows(facts["each"])):
            for step in range(cycle(facts["counts"], number)):
                yield maker.world.when(step % 50), {facts["as"]: row["id"]}

    def rows(maker: Maker) -> Rows:
        for number in range(facts["count"])[:: -1 if "newest_first" in facts else 1]:
            values = facts.get("values", {})
            yield maker.world.when(number), {name: cycle(values[name], number) for name in values}

    return children if "each" in facts else rows


def _relationships(maker: Maker) -> Rows:
    """Every third incident and the one behind it: two rows of one id, each with the `incident_id` that sees it."""
    incidents = maker.rows("/v2/incidents")
    for number, pair in enumerate(zip(incidents[::3], incidents[1::3], strict=False)):
        known = maker.world.id_at(maker.world.when(number))
        for seen_by, other in (pair, pair[::-1]):
            details = maker.short("IncidentRelationshipDetailsV1", number, other)
            yield maker.world.when(number), {"id": known, "incident_id": seen_by["id"], "incident": details}


def _documents(maker: Maker) -> Rows:
    """The documents that incidents name."""
    for incident in maker.rows("/v2/incidents"):
        opened = int(instant(incident["created_at"])[0].timestamp()) - maker.world.later
        for document in incident.get("postmortem_document_ids") or ():
            yield min(opened + DAY, maker.world.now), {"id": document, "incident_id": incident["id"]}


def _notes(maker: Maker) -> Rows:
    """None to two on each alert, and one on every other group of alerts."""
    alerts = maker.rows("/v2/alerts")[:120]
    groups = list(dict.fromkeys(group for alert in alerts for group in alert.get("alert_group_ids") or ()))
    noted = [("alert_id", alert["id"]) for number, alert in enumerate(alerts) for _ in range(number % 3)]
    noted += [("alert_group_id", group) for group in groups[::2]]
    other = {"alert_id": "alert_group_id", "alert_group_id": "alert_id"}
    for number, (name, known) in enumerate(noted):
        absent = None if maker.world.awkward and number % 4 == 2 else ABSENT
        yield maker.world.when(number % 120), {name: known, other[name]: absent}


def rotation_of(schedule: Row) -> str:
    """The id of a schedule's first rotation."""
    rotations = (schedule.get("config") or {}).get("rotations")
    return str(rotations[0]["id"]) if rotations else "ROTATION"


def _overrides(maker: Maker) -> Rows:
    schedules = {row["id"]: row for row in maker.rows("/v2/schedules")}
    for when, given in maker.usual("/v2/schedule_overrides"):
        yield when, {**given, "rotation_id": rotation_of(schedules[given["schedule_id"]])}


def in_lists(schedule: Row, shift: Row, lists: Sequence[str]) -> Rows:
    """A shift of a schedule, the same in each of the lists."""
    nothing_else = dict.fromkeys(COMPONENTS["ScheduleEntryV2"]["properties"], ABSENT)
    for name in lists:
        yield EPOCH, {**nothing_else, "schedule_id": schedule["id"], LIST_NAME: name, **shift}


HINTS: Mapping[str, Hint] = {component: hint(values) for component, values in VALUES["hints"].items()}
RECIPES: Mapping[str, Recipe] = {
    **{path: recipe(facts) for path, facts in VALUES["recipes"].items()},
    "/v1/alert_notes": _notes,
    "/v2/alert_attachments": _notes,
    "/v1/incident_relationships": _relationships,
    "/v1/postmortem_documents": _documents,
    "/v2/schedule_overrides": _overrides,
}
