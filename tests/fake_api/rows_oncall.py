"""Rows of how people are reached: alert routes, maintenance windows, escalation paths."""

from __future__ import annotations

from .making import DAY, Row, World, cycle, dated
from .rows_people import WEEKDAYS, actor, slim_user
from .rows_templates import binding, condition_group

NODES = ("level", "notify_channel", "repeat", "delay", "escalation_path", "if_else", "voicemail")


def alert_routes(world: World) -> list[Row]:
    """Sixty routes."""
    return [
        world.surprise(
            {"id": world.id_at(world.when(number)), "name": f"Route {number}", "enabled": number % 3 > 0}, number
        )
        for number in range(60)
    ]


def maintenance_windows(world: World) -> list[Row]:
    """Fifty-five windows, from long past to weeks ahead."""
    return [_window(world, number) for number in range(55)]


def _window(world: World, number: int) -> Row:
    start = world.now + (number - 40) * DAY - DAY // 2
    row = dated(world, world.when(number))
    row |= {
        "name": f"Descaling {number}",
        "alert_condition_groups": [condition_group(world, number)] * (number % 3),
        "lead": actor(world, number),
        "start_at": world.stamp(start),
        "end_at": world.stamp(start + DAY),
        "reroute_on_end": number % 2 == 0,
        "resolve_on_end": number % 3 == 0,
        "show_in_sidebar": number % 5 == 0,
    }
    channel = {"channel_id": f"C{number:06d}", "channel_type": cycle(("public", "private"), number)}
    target = world.optional({}, number, escalation_paths=binding(world, number), users=binding(world, number))
    world.optional(
        row,
        number,
        archived_at="" if number % 5 == 4 else world.stamp(start),
        escalation_targets=[target] * (number % 3 != 2),
        incident_id=world.pick(world.rows["/v2/incidents"] or [{"id": "NONE"}])["id"],
        notification_message=world.text() or "hush",
        notify_channels=[world.optional(channel, number, channel_name="søppe", is_private=number % 2 == 1)],
        notify_end_minutes_before=number,
        notify_start_minutes_before=number * 5,
    )
    return world.surprise(row, number)


def escalation_paths(world: World) -> list[Row]:
    """Those that escalations name, and new ones: at least thirty."""
    named = dict.fromkeys(row.get("escalation_path_id") for row in world.rows["/v2/escalations"])
    ids = [path for path in named if path]
    ids += [world.id_at(world.when(number)) for number in range(30 - len(ids))]
    return [_path(world, number, path) for number, path in enumerate(ids)]


def _path(world: World, number: int, known: str) -> Row:
    row: Row = {
        "id": known,
        "name": f"Path {number}",
        "path": [_node(world, number + step, 0) for step in range(number % len(NODES) + (number == 0) * len(NODES))],
        "team_ids": [team["id"] for team in world.some(world.rows["/v3/teams"], number)],
    }
    days = [{"weekday": day, "start_time": "08:00", "end_time": "17:30"} for day in world.some(WEEKDAYS, number)]
    hours = {"id": f"HOURS{number}", "name": world.text(), "timezone": "Asia/Kathmandu", "weekday_intervals": days}
    world.optional(
        row,
        number,
        current_responders=[slim_user(world) for _ in range(number % 3)],
        repeat_config={"delay_repeat_on_activity": number % 2 == 0, "repeat_after_seconds": number * 60},
        working_hours=[hours] * (number % 3 != 2),
    )
    return world.surprise(row, number)


def _node(world: World, number: int, depth: int) -> Row:
    kind = cycle(NODES, number)
    acked = world.optional(
        {},
        number,
        time_to_ack_interval_condition="active",
        time_to_ack_seconds=number * 30,
        time_to_ack_weekday_interval_config_id=f"HOURS{number}",
    )
    inner = (
        [_node(world, number + step + depth, depth + 1) for step in range(3)] if depth < 3 and kind == "if_else" else []
    )
    shapes: dict[str, Row] = {
        "level": {"targets": [_target(world, number)], **acked, "ack_mode": "first"},
        "notify_channel": {"targets": [_target(world, number)], **acked},
        "repeat": {"repeat_times": number, "to_node": f"NODE{number}"},
        "delay": world.optional({}, number, delay_seconds=number * 60, delay_interval_condition="inactive"),
        "escalation_path": {"escalation_path_id": f"PATH{number}"},
        "if_else": {
            "conditions": condition_group(world, number)["conditions"],
            "then_path": inner,
            "else_path": inner[:1],
        },
    }
    if kind == "level" and number % 2:
        shapes["level"]["retry_config"] = {"attempts": 3, "interval_seconds": 60}
        shapes["level"]["round_robin_config"] = world.optional({"enabled": True}, number, rotate_after_seconds=120)
    row: Row = {"id": f"NODE{number}-{depth}", "type": kind} | {name: shapes[name] for name in shapes if name == kind}
    return world.surprise(row, number)


def _target(world: World, number: int) -> Row:
    kind, path = cycle((("schedule", "/v2/schedules"), ("user", "/v2/users"), ("slack_channel", "")), number)
    known = cycle(world.rows[path], number)["id"] if path else f"C{number:06d}"
    row: Row = {"id": known, "type": kind, "urgency": "high"}
    return world.optional(row, number, schedule_mode="currently_on_call", selected_rota_id=f"ROTA{number}")
