"""The sample organisation, which looks real: its people, services and settings, and who is on call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from . import relations, sample_alerts, sample_incidents
from .cases import DATA, PEOPLE, TEAMS, WEEK, YEAR, members, on_call
from .making import ABSENT, DAY, Row
from .relations import Rows, in_lists, rotation_of
from .rows import Hint, Maker, Recipe

NOT_SET_UP = {
    "/v2/alert_sources": ("filter_condition_groups", "fixed_team_id", "rate_limit_sharding", "secret_token"),
    "/v2/custom_fields": ("filter_by", "fixed_filter"),
    "/v2/escalation_paths": ("working_hours", "template_id", "param_bindings"),
    "/v3/catalog_types": ("owning_team_ids",),
}
"""Properties that no row has."""


def settings(path: str, rows: Sequence[Row]) -> Recipe:
    """Rows that were made when the organisation began."""
    absent = dict.fromkeys(NOT_SET_UP.get(path, ()), ABSENT)
    return lambda maker: (
        (maker.world.now - 2 * YEAR + place * DAY, {**absent, **row}) for place, row in enumerate(rows)
    )


def _users() -> Iterator[Row]:
    for number, name in enumerate((*PEOPLE, *DATA["gone"])):
        email = f"{name.lower().replace(' ', '.')}@example.com"
        yield {"name": name, "email": email, "slack_user_id": f"U{number:08d}", "is_active": name in PEOPLE}


def _types(maker: Maker) -> Rows:
    attribute = maker.make("CatalogTypeAttributeV3", 1, name="Owner", type="String", mode="dashboard")
    rows = [
        {"name": name, "type_name": f'Custom["{name}"]', "schema": {"version": 1, "attributes": attributes}}
        for name, attributes in (("Service", [attribute]), ("Team", list[Row]()))
    ]
    return iter(settings("/v3/catalog_types", rows)(maker))


def _entries(maker: Maker) -> Rows:
    services, teams = maker.rows("/v3/catalog_types")
    owner = services["schema"]["attributes"][0]["id"]
    named = [
        (services, service, {owner: {"value": {"label": team, "literal": team}}})
        for team in TEAMS
        for service in DATA["services"][team]
    ]
    rows = [
        {"catalog_type_id": kind["id"], "name": name, "aliases": [], "attribute_values": values, "archived_at": ABSENT}
        for kind, name, values in [*named, *((teams, team, Row()) for team in TEAMS)]
    ]
    return iter(settings("/v3/catalog_entries", rows)(maker))


def _teams(maker: Maker) -> Rows:
    rows = [
        {
            "name": team,
            "members": [maker.named("UserV3", name) for name in members(team)],
            "catalog_entry": maker.named("CatalogEntrySlimV3V3", team),
        }
        for team in TEAMS
    ]
    return iter(settings("/v3/teams", rows)(maker))


def _options(maker: Maker) -> Rows:
    field = maker.rows("/v2/custom_fields")[1]["id"]
    return iter(settings("", [{"custom_field_id": field, "value": cause} for cause in DATA["causes"]])(maker))


def _schedules(maker: Maker) -> Rows:
    for team in TEAMS:
        weekly = [{"interval": 1, "interval_type": "weekly"}]
        given: Row = {"handovers": weekly, "working_intervals": [], "layers": [], "name": "Primary"}
        given |= {"users": [maker.named("UserV2", name) for name in members(team)]}
        rotation = maker.make("ScheduleRotationV2", 1, id=f"ROTATION{TEAMS.index(team):018d}", **given)
        shifts = [_shift(maker, team, step, rotation["id"]) for step in range(2)]
        yield (
            maker.world.now - 2 * YEAR,
            {
                "name": f"{team} on-call",
                "annotations": {},
                "timezone": "Europe/London",
                "config": {"rotations": [rotation]},
                "team_ids": [maker.named("TeamSlimV2", team)["id"]],
                "current_shifts": shifts[:1],
                "next_shifts": shifts[1:],
            },
        )


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


def _paths(maker: Maker) -> Rows:
    rows: list[Row] = []
    for team, schedule in zip(TEAMS, maker.rows("/v2/schedules"), strict=True):
        target = {"type": "schedule", "id": schedule["id"], "urgency": "high", "schedule_mode": "currently_on_call"}
        level = {"id": f"LEVEL{len(rows)}", "type": "level", "level": {"targets": [target], "time_to_ack_seconds": 300}}
        rows.append({"name": team, "path": [level], "team_ids": schedule["team_ids"], "kind": "standalone"})
    return iter(settings("/v2/escalation_paths", rows)(maker))


TEXT = {"literal": "{{ payload.title }}", "label": "Title"}
TEMPLATE = {"title": TEXT, "description": TEXT, "expressions": [], "attributes": [], "is_private": False}
ROWS: Mapping[str, Sequence[Row]] = {
    **DATA["rows"],
    "/v2/alert_sources": [
        {"name": name, "source_type": kind, "template": TEMPLATE} for name, kind in DATA["sources"].items()
    ],
    "/v2/users": [*_users()],
}
HINTS: Mapping[str, Hint] = relations.HINTS
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    **sample_alerts.RECIPES,
    **sample_incidents.RECIPES,
    **{path: settings(path, rows) for path, rows in ROWS.items()},
    "/v1/custom_field_options": _options,
    "/v2/escalation_paths": _paths,
    "/v2/schedule_entries": _shifts,
    "/v2/schedules": _schedules,
    "/v3/catalog_entries": _entries,
    "/v3/catalog_types": _types,
    "/v3/teams": _teams,
}
