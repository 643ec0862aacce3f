"""The organisation of the tests: rows of every kind there is, with values that a reader can stumble over."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import relations
from .making import ABSENT, DAY, EPOCH, HOUR, TEXTS, Row, cycle
from .relations import Rows, in_lists, of_each, rotation_of, some, with_values
from .rows import Hint, Maker, Recipe
from .shifts import LISTS
from .traps import CATEGORIES

MODES = ("standard",) * 3 + ("retrospective",) + ("standard",) * 2 + ("test", "retrospective", "standard", "tutorial")
SOURCES = (
    *("http_custom", "email", "heartbeat", "jira", "sns", "toaster", "azure_devops", "datadog", "http", "email"),
    *("grafana", "jira"),
)
FIELD_TYPES = ("single_select", "multi_select", "text", "link", "numeric")
TIMESTAMPS = ("Reported at", "Boiled at", "Skimmed at", "Resolved at", "Closed at")
WORK_STREAMS = 3
BETWEEN = 17 * HOUR
SHIFT = 5 * DAY


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
        yield (
            when,
            {
                "id": known,
                "created_at": created,
                "incident_status": world.surprise(dict(cycle(statuses, number)), number + 2),
                "incident_timestamp_values": [
                    _timestamp(maker, number + place, name) for place, name in enumerate(names)
                ],
                "mode": world.modes[known],
                "name": f"{cycle(TEXTS, number)} #{number}",
                "postmortem_document_ids": [] if number % 4 == 3 else [f"DOC{number:023d}"],
                "reference": f"INC-{number + 1}",
            },
        )


def _timestamp(maker: Maker, number: int, name: Row) -> Row:
    text = "" if number % 7 == 6 else maker.world.stamp(opened_at(number) + number % 5 * HOUR)
    stamped = {"value": {"value": text}}
    values: tuple[Row, ...] = (stamped, stamped, {"value": {}}, {"value": None}, {})
    return {"incident_timestamp": name, **cycle(values, number // 2)}


def _children(count: Callable[[int], int], more: Callable[[Maker, int], Row] = lambda maker, number: {}) -> Recipe:
    """For each incident as many rows as its number says; those of work streams come from `_with_streams`."""

    def recipe(maker: Maker) -> Rows:
        for number, incident in enumerate(maker.rows("/v2/incidents")):
            for step in range(count(number)):
                yield opened_at(number) + step * HOUR, {"incident_id": incident["id"], **more(maker, number + step)}

    return recipe


def _with_streams(recipe: Recipe) -> Recipe:
    def both(maker: Maker) -> Rows:
        yield from recipe(maker)
        known = streams(maker)
        yield from ((opened_at(number) + HOUR, {"incident_id": one}) for number, one in enumerate([*known, known[0]]))

    return both


def streams(maker: Maker) -> list[str]:
    """The ids of the work streams, which no list has."""
    found = [known for known, mode in maker.world.modes.items() if mode == "stream"]
    while len(found) < WORK_STREAMS:
        found.append(maker.world.id_at(maker.world.when(len(found))))
        maker.world.modes[found[-1]] = "stream"
    return found


def _of_streams_too(path: str) -> Recipe:
    def recipe(maker: Maker) -> Rows:
        for number, (when, given) in enumerate(maker.usual(path)):
            yield when, {**given, "incident_id": cycle(streams(maker), number)} if number % 7 == 3 else given

    return recipe


def _update(maker: Maker, number: int) -> Row:
    status = cycle(maker.rows("/v1/incident_statuses"), number)
    if status["category"] != "merged":
        return {"new_incident_status": status, "merged_into_incident_id": None if number % 5 == 0 else ABSENT}
    return {"new_incident_status": status}


def _alerts(maker: Maker) -> Rows:
    """Oldest first; some share a group, and one is in two."""
    for number in range(120):
        when = maker.world.when(number)
        shared, own = f"GROUP{number // 6:021d}", maker.world.id_at(when)
        groups: tuple[object, ...] = ([shared], [shared], [], [own], ABSENT, None)
        yield when, {"alert_group_ids": [f"GROUP{0:021d}", own] if number == 8 else cycle(groups, number)}


def _severities(maker: Maker) -> Rows:
    """The last one has an id longer than any other."""
    for number in range(4):
        when = maker.world.when(number)
        yield when, {"id": maker.world.id_at(when) + "LONGER0123456789" * (number == 3)}


def _shifts(maker: Maker) -> Rows:
    """Every third schedule's shifts of five days, forty days to either side of the present, in two lists or more."""
    for schedule in maker.rows("/v2/schedules")[::3]:
        for step in range(-8, 8):
            start = maker.world.now + step * SHIFT
            times = {"start_at": maker.world.stamp(start), "end_at": maker.world.stamp(start + SHIFT)}
            shift = maker.make("ScheduleEntryV2", step + 8, rotation_id=rotation_of(schedule), **times)
            # Old answers name the layer, new ones don't.
            layer = {"layer_id": "LAYER0"} if step % 2 else {}
            yield from in_lists(schedule, {**shift, **layer}, LISTS if step % 4 == 0 else ("scheduled", "final"))


def _source(maker: Maker, number: int) -> Row:
    return {"secret_token": ABSENT if number % 2 else f"do-not-leak-{number}"}


def _image(maker: Maker, number: int) -> Row:
    return {"url": f"https://storage.invalid/notes/{number}?signature=do-not-leak-{number}"}


def _delivery(maker: Maker, number: int) -> Row:
    return {"endpoint": f"https://cook:do-not-leak-{number}@hooks.invalid:8443/services/do-not-leak-{number}"}


def _caller(maker: Maker, number: int) -> Row:
    return {"phone_number": f"+44 do-not-leak-{number}"}


HINTS: Mapping[str, Hint] = {
    **relations.HINTS,
    "AlertSourceV2": _source,
    "CallRouteAllowedCallerV2": _caller,
    "ImageV1": _image,
    "WebhookDeliverySlimV2": _delivery,
}
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    "/v1/custom_field_options": of_each("/v2/custom_fields", "custom_field_id", (40, 3, 0, 0, 1)),
    "/v1/identity": with_values(
        "name",
        "Stand-in key",
        dashboard_url="https://app.incident.io/stand-in",
        roles=["viewer", "catalog_viewer"],
        team_roles=["catalog_editor"],
    ),
    "/v1/incident_attachments": _children(lambda number: (number + 1) % 3),
    "/v1/incident_statuses": with_values("category", *CATEGORIES),
    "/v1/incident_types": some(5),
    "/v1/severities": _severities,
    "/v2/alert_attributes": some(6),
    "/v2/alert_sources": with_values("source_type", *SOURCES),
    "/v2/alerts": _alerts,
    "/v2/custom_fields": with_values("field_type", *FIELD_TYPES),
    "/v2/escalations": some(60),
    "/v2/incident_activity_log_entries": _of_streams_too("/v2/incident_activity_log_entries"),
    "/v2/incident_timeline_items": _of_streams_too("/v2/incident_timeline_items"),
    "/v2/incident_alerts": lambda maker: some(65)(maker) if maker.world.incidents else iter(()),
    "/v2/incident_roles": some(4),
    "/v2/incident_timestamps": with_values("name", *TIMESTAMPS),
    "/v2/incident_updates": _children(lambda number: 1 + number % 4, _update),
    "/v2/incidents": _incidents,
    "/v2/schedule_entries": _shifts,
    "/v2/schedules": some(9),
    "/v2/status_page_incidents": of_each("/v2/status_pages", "status_page_id", (6, 0, 3)),
    "/v2/status_page_maintenances": of_each("/v2/status_pages", "status_page_id", (0, 4, 2)),
    "/v2/status_pages": some(3),
    "/v2/users": with_values("is_active", *(number % 7 != 6 for number in range(40))),
    "/v3/actions": _with_streams(_children(lambda number: (3 - number) % 4)),
    "/v3/catalog_entries": of_each("/v3/catalog_types", "catalog_type_id", (20, 0, 3, 30)),
    "/v3/catalog_types": with_values("type_name", *(f'Custom["Dish{number}"]' for number in range(4))),
    "/v3/follow_ups": _with_streams(_children(lambda number: (2 - number) % 3)),
    "/v3/teams": some(8),
}
