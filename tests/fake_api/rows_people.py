"""Rows about people: the key itself, users, teams, schedules; and the short forms that other rows embed."""

from __future__ import annotations

from .making import Row, World, cycle, dated, part

ROLES = ("owner", "administrator", "responder", "viewer", "unset")
SEATS = ("full_access", "viewer_only", "none")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ACTORS = ("user", "api_key", "workflow", "alert")
NAMES = ("Åsa Öberg", "Ngọc Trần", "O'Brien, Pat", 'Max "Pager" Roe', "李雷", "Zoë 🦊", "Abebe Bikila")


def slim_user(world: World) -> Row:
    """A user as other rows embed one."""
    return part(world.pick(world.rows["/v2/users"]), "email", "id", "name", "role", "slack_user_id")


def actor(world: World, number: int, kinds: tuple[str, ...] = ACTORS) -> Row:
    """Who did it: one of `kinds` by turns, the others absent or null."""
    kind = cycle(kinds, number)
    who: Row = {other: None for other in kinds if other != kind and number % 3 == 1}
    if kind == "user":
        who[kind] = slim_user(world)
    elif kind == "alert":
        alerts = world.rows.get("/v2/alerts") or [{"id": world.id_at(world.when(1)), "title": "early bird"}]
        who[kind] = part(world.pick(alerts), "id", "title")
    else:
        who[kind] = {"id": world.id_at(world.when(1)), "name": f"{kind} no. {number}"}
    return who


def identity(world: World) -> list[Row]:
    """The one object of /v1/identity."""
    team = {"id": world.id_at(world.when(0)), "name": "Kitchen"}
    return [
        {
            "name": "Stand-in key",
            "dashboard_url": "https://dashboard.invalid/kitchen",
            "roles": ["viewer", "catalog_viewer"],
            "team_roles": ["catalog_editor"],
            "teams": [team],
        }
    ]


def users(world: World) -> list[Row]:
    """Forty users, every seventh deactivated."""
    return [_user(world, number) for number in range(40)]


def _user(world: World, number: int) -> Row:
    row: Row = {
        "id": world.id_at(world.when(number)),
        "name": f"{cycle(NAMES, number)} {number}",
        "role": "astronaut" if number == 17 else cycle(ROLES, number),
        "is_active": number % 7 != 6,
        "base_role": _rbac_role(world, number, "standard"),
        "custom_roles": [_rbac_role(world, number + step, f"extra-{step}") for step in range(2 - number % 3)],
        "seats": world.surprise({"on_call": cycle(SEATS, number), "response": cycle(SEATS, number + 1)}, number + 1),
    }
    world.optional(row, number, email=f"user{number}@kitchen.invalid", slack_user_id=f"U{number:06d}")
    return world.surprise(row, number)


def _rbac_role(world: World, number: int, slug: str) -> Row:
    row: Row = {"id": f"ROLE{slug.upper():0>22}", "name": slug.title(), "slug": slug}
    return world.optional(row, number, description=f"What {slug} may do")


def teams(world: World) -> list[Row]:
    """Eight teams with zero to three members."""
    return [_team(world, number) for number in range(8)]


def _team(world: World, number: int) -> Row:
    members = world.some(world.rows["/v2/users"], number)
    entry: Row = {"id": world.id_at(world.when(2)), "name": f"Team entry {number}"}
    world.optional(entry, number, external_id=f"team/{number}")
    row: Row = {
        "id": world.id_at(world.when(number)),
        "name": f"Brigade {number} 🍲",
        "catalog_entry": entry,
        "members": [part(user, "email", "id", "name", "slack_user_id") for user in members],
    }
    return world.surprise(row, number)


def schedules(world: World) -> list[Row]:
    """Thirty schedules, each with `next_shifts`, which the server hides when the page is too large."""
    return [_schedule(world, number) for number in range(30)]


def _schedule(world: World, number: int) -> Row:
    row = dated(world, world.when(number))
    row |= {
        "name": f"Rota {number}",
        "permalink": f"https://dashboard.invalid/rota/{number}",
        "timezone": cycle(("Europe/Oslo", "Asia/Kathmandu", "America/St_Johns"), number),
        "team_ids": [team["id"] for team in world.some(world.rows["/v3/teams"], number)],
        "annotations": {}
        if number % 4 == 1
        else {"kitchen/owner": "chef", "odd key.with-dots $": world.text(), "": "no name"},
    }
    world.optional(
        row,
        number,
        config={"rotations": [_rotation(world, number + step) for step in range(number % 3 or 1)]},
        current_shifts=[_shift(world, number + step) for step in range(number % 4 + (number == 0))],
        next_shifts=[_shift(world, number)],
        holidays_public_config={"country_codes": ["NO", "NP"][: number % 3 or 2]},
    )
    return world.surprise(row, number)


def _rotation(world: World, number: int) -> Row:
    hours = [{"weekday": day, "start_time": "08:00", "end_time": "17:30"} for day in world.some(WEEKDAYS, number)]
    row: Row = {
        "id": world.id_at(world.when(number)),
        "name": f"Rotation {number}",
        "handover_start_at": world.stamp(world.when(number)),
        "handovers": [{"interval": number + 1, "interval_type": cycle(("weekly", "daily", "hourly"), number)}],
        "layers": [world.optional({}, number, id=f"LAYER{number}", name=world.text() or "layer")],
        "users": [slim_user(world) for _ in range(number % 3 + (number == 0))],
        "working_intervals": hours,
    }
    return world.optional(
        row,
        number,
        effective_from="" if number % 6 == 5 else world.stamp(world.when(number)),
        scheduling_mode=cycle(("fair", "sequential", "chaotic"), number),
        working_interval=hours,
    )


def _shift(world: World, number: int) -> Row:
    start = world.when(number)
    row: Row = {"start_at": world.stamp(start), "end_at": world.stamp(start + 28_800)}
    return world.optional(
        row,
        number,
        entry_id=world.id_at(start),
        fingerprint=f"{number:016x}",
        layer_id=f"LAYER{number}",
        rotation_id=world.id_at(start),
        user=slim_user(world),
    )
