"""The sample organisation's alerts: which ones became incidents, and who was paged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .cases import MINUTE, Alarm, members, on_call, story
from .making import ABSENT, FULL, Row, cycle
from .relations import Rows
from .rows import Maker, Recipe

SHORT_CATEGORIES = {"live": "active", "learning": "post-incident"}


def _alerts(maker: Maker) -> Rows:
    cases, alarms = story(maker.world.incidents, maker.world.now)
    for number, alarm in enumerate(alarms):
        end = alarm.when + (number % 9 + 1) * 20 * MINUTE if alarm.case is None else cases[alarm.case].resolved
        texts = {"Service": alarm.service, "Team": alarm.team, "Environment": "production"}
        is_over = end <= maker.world.now
        yield (
            alarm.when,
            {
                "alert_group_ids": ABSENT,
                "alert_source_id": maker.rows("/v2/alert_sources")[alarm.source]["id"],
                "attributes": [
                    {"attribute": maker.named("AlertAttributeV2", name), "value": {"literal": text, "label": text}}
                    for name, text in texts.items()
                ],
                "description": f"{alarm.problem} in {alarm.service}",
                "resolved_at": maker.world.stamp(end) if is_over else ABSENT,
                "status": "resolved" if is_over else "firing",
                "title": f"{alarm.service}: {alarm.problem}",
                "updated_at": maker.world.stamp(end if is_over else alarm.when),
            },
        )


def _with_alerts(maker: Maker) -> Iterator[tuple[Alarm, Row, list[Row]]]:
    """Each alarm with its alert and its incident, if there is one, as other rows embed them."""
    alarms = story(maker.world.incidents, maker.world.now)[1]
    for alarm, alert in zip(alarms, maker.rows("/v2/alerts"), strict=True):
        incidents = [] if alarm.case is None else [_short(maker, alarm.case)]
        yield alarm, maker.short("AlertSlimV2", FULL, alert), incidents


def _short(maker: Maker, number: int) -> Row:
    incident = maker.rows("/v2/incidents")[number]
    category = incident["incident_status"]["category"]
    own = {"external_id": number + 1, "status_category": SHORT_CATEGORIES.get(category, category)}
    return maker.short("IncidentSlimV2", FULL, {**incident, **own})


def _incident_alerts(maker: Maker) -> Rows:
    for alarm, alert, incidents in _with_alerts(maker):
        yield from ((alarm.when, {"alert": alert, "incident": incident}) for incident in incidents)


def _escalations(maker: Maker) -> Rows:
    """Whoever is on call is paged for each alert that becomes an incident, and for every fourth of the others."""
    paths = {row["name"]: row["id"] for row in maker.rows("/v2/escalation_paths")}
    for number, (alarm, alert, incidents) in enumerate(_with_alerts(maker)):
        events = _events(maker, number, alarm)
        if incidents or number % 4 == 0:
            yield (
                alarm.when,
                {
                    "creator": {"alert": maker.short("AlertActorV2", FULL, alert)},
                    "description": alert["description"],
                    "escalation_path_id": paths[alarm.team],
                    "events": events,
                    "priority": {"name": "P1" if incidents else "P2"},
                    "related_alerts": [alert],
                    "related_incidents": incidents,
                    "status": events[-1]["event"].replace("notified_users", "triggered"),
                    "title": alert["title"],
                    "updated_at": events[-1]["occurred_at"],
                },
            )


def _events(maker: Maker, number: int, alarm: Alarm) -> list[Row]:
    """What happened of: whoever is on call is paged, at times somebody else too, then it is acked and resolved."""
    second = [("notified_users", 5, cycle(members(alarm.team), number))] * (number % 5 == 0)
    pages = [("notified_users", 0, on_call(alarm.team, alarm.when)), *second]
    after, last = pages[-1][1:]
    steps = [*pages, ("acked", after + 2 + number % 4, last), ("resolved", after + 40, last)]
    moments = [(event, alarm.when + minutes * MINUTE, name) for event, minutes, name in steps]
    return [
        {
            "id": maker.world.id_at(when),
            "event": event,
            "occurred_at": maker.world.stamp(when),
            "urgency": "high",
            "users": [maker.named("UserV2", name)],
        }
        for event, when, name in moments
        if when <= maker.world.now
    ]


RECIPES: Mapping[str, Recipe] = {
    "/v2/alerts": _alerts,
    "/v2/escalations": _escalations,
    "/v2/incident_alerts": _incident_alerts,
}
