"""Which rows belong to which, whatever their values are: recipes by path, and hints by component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from .facts import COMPONENTS, LIST_NAME
from .making import ABSENT, DAY, EPOCH, TEXTS, Row, cycle, instant
from .rows import Hint, Maker, Recipe

PEOPLE = (("schedule", "/v2/schedules"), ("user", "/v2/users"))
Rows = Iterator[tuple[int, Row]]


def some(number: int) -> Recipe:
    """So many rows of a list without a parent."""
    return lambda maker: ((maker.world.when(place), {}) for place in range(number))


def with_values(name: str, *values: object, **others: object) -> Recipe:
    """A row for each value of a property; all rows have the `others`."""
    return lambda maker: ((maker.world.when(number), {name: value, **others}) for number, value in enumerate(values))


def of_each(path: str, kept_as: str, counts: tuple[int, ...]) -> Recipe:
    """For each row of a list by turns so many children."""

    def recipe(maker: Maker) -> Rows:
        for number, row in enumerate(maker.rows(path)):
            yield from ((maker.world.when(step % 50), {kept_as: row["id"]}) for step in range(cycle(counts, number)))

    return recipe


def moment(row: Row) -> int:
    """When a row was created (Unix seconds)."""
    return int(instant(row["created_at"])[0].timestamp())


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
        for document in incident.get("postmortem_document_ids") or ():
            yield min(moment(incident) + DAY, maker.world.now), {"id": document, "incident_id": incident["id"]}


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


def _newest_first(recipe: Recipe) -> Recipe:
    return lambda maker: reversed(list(recipe(maker)))


def _resources(maker: Maker) -> Rows:
    """Primitives, and one for each type of the catalog."""
    kinds = [(name, "primitive") for name in ("String", "Bool", "Number")]
    kinds += [(row["type_name"], "custom") for row in maker.rows("/v3/catalog_types")]
    yield from ((maker.world.now, {"type": name, "category": category}) for name, category in kinds)


def rotation_of(schedule: Row) -> str:
    """The id of a schedule's first rotation."""
    rotations = (schedule.get("config") or {}).get("rotations")
    return str(rotations[0]["id"]) if rotations else "ROTATION"


def _overrides(maker: Maker) -> Rows:
    """None to two on each schedule, around the present."""
    place = count()
    for number, schedule in enumerate(maker.rows("/v2/schedules")):
        for _ in range((number + 2) % 3):
            start = maker.world.now + (next(place) % 20 - 10) * DAY
            times = {"start_at": maker.world.stamp(start), "end_at": maker.world.stamp(start + DAY)}
            yield start - 20 * DAY, {"schedule_id": schedule["id"], "rotation_id": rotation_of(schedule), **times}


def in_lists(schedule: Row, shift: Row, lists: Sequence[str]) -> Rows:
    """A shift of a schedule, the same in each of the lists."""
    nothing_else = dict.fromkeys(COMPONENTS["ScheduleEntryV2"]["properties"], ABSENT)
    for name in lists:
        yield EPOCH, {**nothing_else, "schedule_id": schedule["id"], LIST_NAME: name, **shift}


def _target(*kinds: tuple[str, str]) -> Hint:
    """Whoever is reached: a row of the list at the path, or something outside where there is none."""

    def hint(maker: Maker, number: int) -> Row:
        kind, path = cycle(kinds, number)
        return {"type": kind, "id": cycle(maker.rows(path), number)["id"] if path else f"C{number:06d}"}

    return hint


def _level(maker: Maker, number: int) -> Row:
    """A level pages one of each kind."""
    return {"targets": [maker.make("EscalationPathTargetV2", number + step) for step in range(len(PEOPLE) + 1)]}


def _path(maker: Maker, number: int) -> Row:
    """A templated path has nodes and working hours in its template only."""
    if number % 5 == 4:
        return {"kind": "templated", "path": [], "working_hours": ABSENT}
    return {"kind": "standalone", "template_id": ABSENT, "param_bindings": ABSENT}


def _people(path: str) -> Recipe:
    """For each incident some people, none of them twice."""

    def recipe(maker: Maker) -> Rows:
        for number, (when, given) in enumerate(maker.usual(path)):
            yield when, {**given, "user": maker.short("UserV2", number, cycle(maker.rows("/v2/users"), number))}

    return recipe


def _next_path(maker: Maker, number: int) -> Row:
    """The path that a node leads to. Templates hold nodes, and paths name templates: the templates are made first."""
    known = [row["id"] for row in maker.world.rows.get("/v2/escalation_paths", ())]
    return {"escalation_path_id": cycle(known, number) if known else f"PATH{number:06d}"}


def _announcement_template(maker: Maker, number: int) -> Row:
    """Other properties of this name lead to a template of escalation paths."""
    return {"template_id": cycle(maker.rows("/v2/announcement_templates"), number)["id"] if number % 3 else ABSENT}


def _field_entry(maker: Maker, number: int) -> Row:
    """A custom field with values of its own kind."""
    field = cycle(maker.rows("/v2/custom_fields"), number)
    options = [row for row in maker.rows("/v1/custom_field_options") if row["custom_field_id"] == field["id"]][:3]
    kind, entries = field["field_type"], maker.rows("/v3/catalog_entries")
    texts = {"text": cycle(TEXTS[2:], number), "link": f"https://links.invalid/{number}"}
    value: Row = {f"value_{kind}": texts.get(kind) or cycle(("12.50", "-0", "1e3"), number)}
    if kind.endswith("_select"):
        entry = maker.short("EmbeddedCatalogEntryV2", number, cycle(entries, number))
        value = {"value_option": cycle(options, number)} if options and number % 2 else {"value_catalog_entry": entry}
    info = maker.short("CustomFieldTypeInfoV2", number, {**field, "options": options})
    return {"custom_field": info, "values": [] if number % 4 == 1 else [value]}


def _linked_incident(maker: Maker, number: int) -> Row:
    incidents = maker.rows("/v2/incidents")
    return {"id": cycle(incidents, number)["id"]} if incidents else {}


HINTS: Mapping[str, Hint] = {
    "AnnouncementRuleV2": _announcement_template,
    "CustomFieldEntryV2": _field_entry,
    "CallRouteTargetV2": _target(*PEOPLE),
    "EscalationPathTargetV2": _target(*PEOPLE, ("slack_channel", "")),
    "EscalationPathNodeEscalationPathV2": _next_path,
    "EscalationPathNodeLevelV2": _level,
    "EscalationPathV2": _path,
    "StatusPageLinkedResponseIncidentV1": _linked_incident,
}
RECIPES: Mapping[str, Recipe] = {
    "/v1/alert_notes": _notes,
    "/v2/alert_attachments": _notes,
    "/v1/incident_relationships": _relationships,
    "/v1/postmortem_documents": _documents,
    "/v2/incident_participant_workloads": _people("/v2/incident_participant_workloads"),
    "/v2/incident_participants": _people("/v2/incident_participants"),
    "/v2/schedule_overrides": _overrides,
    "/v2/workflow_runs": _newest_first(some(120)),
    "/v3/catalog_resources": _resources,
}
