"""The sample organisation, which looks real. sample.json has its people, its settings, and a template for each list of
what happened; here are the facts that go into the templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from . import relations
from .cases import DATA, MINUTE, STEPS, TEAMS, WEEK, YEAR, Alarm, Case, members, on_call, story
from .making import ABSENT, DAY, FULL, HOUR, Row, cycle
from .relations import Rows, in_lists, rotation_of
from .rows import Hint, Maker, Recipe, without_absent

FACT = re.compile(r"{(\w+)}")
# In: the maker. Out: for each row its moment (Unix seconds), and what its template leaves open.
Facts = Callable[[Maker], Iterator[tuple[int, Row]]]


def filled(maker: Maker, value: Any, facts: Row | None = None) -> Any:
    """A value of sample.json without gaps: `{name}` is a fact; `$row` and `$id` name another row, of which the
    properties beside them are changed. What is null, or an object of nothing else, is left out."""
    if isinstance(value, str) and facts:
        fact = FACT.fullmatch(value)
        value = facts[fact[1]] if fact else value.format_map(facts)
        return ABSENT if value is None else value
    if isinstance(value, list):
        return [part for part in (filled(maker, part, facts) for part in value) if part is not ABSENT]
    if not isinstance(value, dict):
        return ABSENT if value is None else value
    parts = without_absent({key: filled(maker, part, facts) for key, part in value.items()})
    if "$id" in value:
        return maker.named(*parts["$id"])["id"]
    if "$row" in value:
        component, *name = parts.pop("$row")
        parts = {**maker.named(component, *name), **parts} if name else {}
    return parts if parts or not value else ABSENT


def _settings(path: str) -> Recipe:
    """The rows of a list, made when the organisation began."""
    return lambda maker: (
        (maker.world.now - 2 * YEAR + place * DAY, {key: filled(maker, part) for key, part in row.items()})
        for place, row in enumerate(DATA["rows"][path])
    )


def _templated(path: str, facts_of: Facts) -> Recipe:
    """A row of a list's template for each of the facts."""
    return lambda maker: (
        (when, {key: filled(maker, part, facts) for key, part in DATA["templates"][path].items()})
        for when, facts in facts_of(maker)
    )


def _of_case(maker: Maker, case: Case) -> Row:
    """The facts about an incident."""
    stamp, dice, over = maker.world.stamp, Random(case.number), case.reached(maker.world.now)
    private, minor, team = case.number % 17 == 16, case.severity > 1, members(case.team)
    options = maker.rows("/v1/custom_field_options")
    customers, cause = str(dice.randint(0, 4000) // (1 + case.severity) ** 2), dice.choice(options)
    took = {f"{step}_in": over[step] - case.opened if step in over else None for step in STEPS}
    known = {f"{step}_known": "success" if step in over else "timestamps_missing" for step in STEPS}
    lasts = "resolved" not in over
    return {
        **vars(case),
        **{step: stamp(over[step]) if step in over else None for step in STEPS},
        **took,
        **known,
        "cause": None if lasts else cause,
        "customers": None if lasts else customers,
        "document": None if lasts or minor else f"DOC{case.number:023d}",
        "lead": on_call(case.team, case.opened),
        "options": options,
        "place": case.number + 1,
        "reporter": cycle(team, case.number),
        "sev": f"SEV{case.severity + 1}",
        "speaker": None if minor else cycle(team, case.number + 1),
        "status": _status(case, [*over][-1]),
        "type": "Security" if private else "Default",
        "updated": stamp([*over.values()][-1]),
        "visibility": "private" if private else "public",
    }


def _status(case: Case, step: str) -> str:
    return str(DATA["status_after"][step]) if case.ended == "closed" else case.ended.title()


def _incidents(maker: Maker) -> Rows:
    yield from ((case.opened, _of_case(maker, case)) for case in story(maker.world.incidents, maker.world.now)[0])


def _with_incidents(maker: Maker) -> Iterator[tuple[Case, Row]]:
    cases = story(maker.world.incidents, maker.world.now)[0]
    for case, row in zip(cases, maker.rows("/v2/incidents"), strict=True):
        yield case, {**_of_case(maker, case), "incident": row["id"]}


def _updates(maker: Maker) -> Rows:
    incidents = maker.rows("/v2/incidents")
    for case, facts in _with_incidents(maker):
        merged = incidents[case.number - 1]["id"] if case.ended == "merged" else None
        for step, when in case.reached(maker.world.now).items():
            of_step = {"step": step.title(), "status": _status(case, step), "merged": merged}
            yield when, {**facts, **of_step, "first": facts["sev"] if step == STEPS[0] else None}


def _attachments(maker: Maker) -> Rows:
    """The change that mended every third incident."""
    for case, facts in list(_with_incidents(maker))[::3]:
        yield case.opened, {**facts, "change": f"acme/{case.service}/pull/{case.number + 100}"}


def _tasks(kind: str, hours: int) -> Facts:
    """Actions begin with their incident; follow-ups begin when it is resolved, and many stay open for long."""

    def facts_of(maker: Maker) -> Rows:
        for case, facts in _with_incidents(maker):
            dice, begin = Random(case.number), case.opened if kind == "actions" else case.resolved
            rank = min(case.severity, 2)
            for place in range(dice.randint(0, (3, 2, 2, 1)[case.severity]) if case.ended == "closed" else 0):
                when = begin + dice.randint(5, 50) * MINUTE
                done = when + int(dice.expovariate(1 / (hours * HOUR)))
                is_open = done > maker.world.now
                status = "outstanding" if is_open else dice.choices(("completed", "not_doing"), (93, 7))[0]
                of_task = {
                    "assignee": dice.choice(members(case.team)),
                    "completed": maker.world.stamp(done) if status == "completed" else None,
                    "priority": DATA["priorities"][rank],
                    "rank": rank,
                    "status": status,
                    "text": cycle(DATA[kind], case.number + place).format_map(facts),
                    "updated": maker.world.stamp(when if is_open else done),
                }
                if when <= maker.world.now:
                    yield when, {**facts, **of_task}

    return facts_of


def _alerts(maker: Maker) -> Rows:
    for number, alarm in enumerate(story(maker.world.incidents, maker.world.now)[1]):
        end = alarm.case.resolved if alarm.case else alarm.when + (number % 9 + 1) * 20 * MINUTE
        over = end <= maker.world.now
        source = maker.rows("/v2/alert_sources")[alarm.source]["id"]
        stamp = maker.world.stamp(end if over else alarm.when)
        of_end = {"status": "resolved" if over else "firing", "resolved": stamp if over else None, "updated": stamp}
        yield alarm.when, {**vars(alarm), "source": source, **of_end}


def _with_alerts(maker: Maker) -> Iterator[tuple[Alarm, Row]]:
    """Each alarm with its alert and its incident, if there is one, as other rows embed them."""
    incidents, categories = maker.rows("/v2/incidents"), DATA["short_categories"]
    for alarm, alert in zip(story(maker.world.incidents, maker.world.now)[1], maker.rows("/v2/alerts"), strict=True):
        facts = {"title": alert["title"], "description": alert["description"], "incident": None}
        if alarm.case:
            incident, number = incidents[alarm.case.number], alarm.case.number
            category = incident["incident_status"]["category"]
            own = {"external_id": number + 1, "status_category": categories.get(category, category)}
            facts["incident"] = maker.short("IncidentSlimV2", FULL, {**incident, **own})
        slim, actor = (maker.short(component, FULL, alert) for component in ("AlertSlimV2", "AlertActorV2"))
        yield alarm, {**facts, "alert": slim, "actor": actor}


def _incident_alerts(maker: Maker) -> Rows:
    yield from ((alarm.when, facts) for alarm, facts in _with_alerts(maker) if alarm.case)


def _escalations(maker: Maker) -> Rows:
    """Whoever is on call is paged for each alert that becomes an incident, and for every fourth of the others."""
    for number, (alarm, facts) in enumerate(_with_alerts(maker)):
        events = _events(maker, number, alarm)
        if alarm.case or number % 4 == 0:
            status, priority = (
                str(events[-1]["event"]).replace("notified_users", "triggered"),
                "P1" if alarm.case else "P2",
            )
            updated = events[-1]["occurred_at"]
            of_events = {"events": events, "status": status, "updated": updated, "priority": priority}
            yield alarm.when, {**facts, **of_events, "team": alarm.team}


def _events(maker: Maker, number: int, alarm: Alarm) -> list[Row]:
    """What happened of: whoever is on call is paged, at times somebody else too, then it is acked and resolved."""
    second = [("notified_users", 5, cycle(members(alarm.team), number))] * (number % 5 == 0)
    pages = [("notified_users", 0, on_call(alarm.team, alarm.when)), *second]
    after, last = pages[-1][1:]
    steps = [*pages, ("acked", after + 2 + number % 4, last), ("resolved", after + 40, last)]
    moments = [(event, alarm.when + minutes * MINUTE, name) for event, minutes, name in steps]
    return [
        filled(
            maker,
            DATA["event"],
            {"id": maker.world.id_at(when), "event": event, "at": maker.world.stamp(when), "name": name},
        )
        for event, when, name in moments
        if when <= maker.world.now
    ]


def _schedules(maker: Maker) -> Rows:
    for team, (when, given) in zip(TEAMS, _settings("/v2/schedules")(maker), strict=True):
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


FACTS: Mapping[str, Facts] = {
    "/v1/incident_attachments": _attachments,
    "/v2/alerts": _alerts,
    "/v2/escalations": _escalations,
    "/v2/incident_alerts": _incident_alerts,
    "/v2/incident_updates": _updates,
    "/v2/incidents": _incidents,
    "/v3/actions": _tasks("actions", 1),
    "/v3/follow_ups": _tasks("follow_ups", 60 * 24),
}
HINTS: Mapping[str, Hint] = relations.HINTS
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    **{path: _settings(path) for path in DATA["rows"]},
    **{path: _templated(path, facts_of) for path, facts_of in FACTS.items()},
    "/v2/schedule_entries": _shifts,
    "/v2/schedules": _schedules,
}
