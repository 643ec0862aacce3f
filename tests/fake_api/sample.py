"""The sample organisation, which looks real. sample.json has its people, its settings, and a template for each list of
what happened; here is the story of its year, and the facts that go into the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import cache

from . import relations
from .making import DAY, FULL, HOUR, Row, cycle, read
from .relations import filled_row, in_lists, rotation_of
from .rows import Maker, Recipe, Rows

DATA = read("sample.json")
MINUTE, WEEK, YEAR = 60, 7 * DAY, 365 * DAY
STEPS = tuple(DATA["status_after"])
LAST_DAY = datetime(2026, 11, 1, tzinfo=timezone.utc)
"""When the story ends. A Sunday: the weeks of the rotas begin on Thursdays, so a shift of today doesn't end today."""
END = int(LAST_DAY.timestamp())
# In: the maker. Out: for each row its moment (Unix seconds), and what its template leaves open.
Facts = Callable[[Maker], Iterator[tuple[int, Row]]]


@cache
def story(incidents: int) -> tuple[list[Row], list[Row]]:
    """The incidents and the alerts of a year, oldest first: facts about each, `when` it began in Unix seconds.

    The cases of sample.json happen by turns, evenly spread, many of them at hours when people change things. `steps`
    are those so far; `resolved` may lie ahead. Some began with an alert, whose source sent others in vain.
    """
    begun = []
    for number in range(incidents):
        case = cycle(DATA["cases"], number)
        when = END - YEAR + int((number + case["at"]) * YEAR / incidents)
        begun.append(min(when + (case["hour"] - when % DAY // HOUR) * HOUR if "hour" in case else when, END - HOUR))
    cases, alarms = [], []
    for number, when in enumerate(sorted(begun)):
        case = cycle(DATA["cases"], number)
        steps = {step: when + after for step, after in case["steps"].items() if when + after <= END}
        facts = {"number": number, "place": number + 1, "when": when, "resolved": when + case["took"], "steps": steps}
        cases.append({**case, **facts, "lead": on_call(case["team"], when)})
        if "source" in case:
            alarms.append({**cases[-1], "when": when - case["before"]})
        for step in range(case.get("noise", 0)):
            other = cycle(DATA["cases"], number * 7 + step)
            what = {name: other[name] for name in ("team", "service", "problem")}
            ago = max(3 * HOUR, (END - when + (step + 1) * 37 * HOUR) % YEAR)
            alarms.append({**what, "source": case["source"], "when": END - ago})
    return cases, sorted(alarms, key=lambda alarm: int(alarm["when"]))


def on_call(team: str, when: int) -> str:
    """Who of a team has the pager, a week each."""
    return str(cycle(DATA["teams"][team], when // WEEK))


def _incidents(maker: Maker) -> Rows:
    options = maker.rows("/v1/custom_field_options")
    for case in story(maker.world.incidents)[0]:
        steps, is_over = case["steps"], "resolved" in case["steps"]
        facts = {
            **{step: maker.world.stamp(steps[step]) if step in steps else None for step in STEPS},
            **{f"{step}_in": steps[step] - case["when"] if step in steps else None for step in STEPS},
            **{f"{step}_known": "success" if step in steps else "timestamps_missing" for step in STEPS},
            "cause": options[case["cause"]] if is_over else None,
            "customers": case["customers"] if is_over else None,
            "document": f"DOC{case['number']:023d}" if is_over and case["severe"] else None,
            "options": options,
            "status": case["ended"] or DATA["status_after"][[*steps][-1]],
            "updated": maker.world.stamp([*steps.values()][-1]),
        }
        yield case["when"], {**case, **facts}


def _with_incidents(maker: Maker) -> Iterator[Row]:
    rows = zip(story(maker.world.incidents)[0], maker.rows("/v2/incidents"), strict=True)
    return ({**case, "incident": row["id"]} for case, row in rows)


def _updates(maker: Maker) -> Rows:
    before = None
    for case in _with_incidents(maker):
        for step, when in case["steps"].items():
            first, merged = case["sev"] if step == STEPS[0] else None, before if case["ended"] == "Merged" else None
            of_step = {
                "step": step.title(),
                "status": case["ended"] or DATA["status_after"][step],
                "merged": merged,
                "first": first,
            }
            yield when, {**case, **of_step}
        before = case["incident"]


def _tasks(kind: str) -> Facts:
    """Actions begin with their incident; follow-ups begin when it is resolved, and many stay open for long."""

    def facts_of(maker: Maker) -> Rows:
        for case in _with_incidents(maker):
            for task in case.get(kind, ()):
                when = case["when" if kind == "actions" else "resolved"] + task["after"]
                done, stamp = when + task["took"], maker.world.stamp
                facts = {"completed": stamp(done) if task["status"] == "completed" else None, "updated": stamp(done)}
                if done > END:
                    facts = {"status": "outstanding", "completed": None, "updated": stamp(when)}
                if when <= END:
                    yield when, {**case, **task, **facts}

    return facts_of


def _alerts(maker: Maker) -> Rows:
    for number, alarm in enumerate(story(maker.world.incidents)[1]):
        end = alarm.get("resolved") or alarm["when"] + (number % 9 + 1) * 20 * MINUTE
        source, stamp = maker.rows("/v2/alert_sources")[alarm["source"]], maker.world.stamp(alarm["when"])
        facts = {"source": source["id"], "status": "firing", "resolved": None, "updated": stamp}
        if end <= END:
            facts |= {"status": "resolved"} | dict.fromkeys(("resolved", "updated"), maker.world.stamp(end))
        yield alarm["when"], {**alarm, **facts}


def _with_alerts(maker: Maker) -> Iterator[Row]:
    """Each alarm with its alert and its incident, if there is one, as other rows embed them."""
    incidents, categories = maker.rows("/v2/incidents"), DATA["short_categories"]
    for alarm, alert in zip(story(maker.world.incidents)[1], maker.rows("/v2/alerts"), strict=True):
        facts = {"title": alert["title"], "description": alert["description"], "incident": None, **alarm}
        if "number" in alarm:
            incident = incidents[alarm["number"]]
            category = incident["incident_status"]["category"]
            own = {"external_id": alarm["place"], "status_category": categories.get(category, category)}
            facts["incident"] = maker.short("IncidentSlimV2", FULL, {**incident, **own})
        slim, actor = (maker.short(component, FULL, alert) for component in ("AlertSlimV2", "AlertActorV2"))
        yield {**facts, "alert": slim, "actor": actor}


def _escalations(maker: Maker) -> Rows:
    """Whoever is on call is paged for each alert that becomes an incident, and for every fourth of the others."""
    for number, alarm in enumerate(_with_alerts(maker)):
        if alarm["incident"] or number % 4 == 0:
            priority, pager = "P1" if alarm["incident"] else "P2", on_call(alarm["team"], alarm["when"])
            moments = zip(("paged", "acked", "settled"), (0, 2 + number % 4, 40), strict=True)
            stamps = {name: maker.world.stamp(alarm["when"] + minutes * MINUTE) for name, minutes in moments}
            yield alarm["when"], {**alarm, **stamps, "page": number, "pager": pager, "priority": priority}


def _settings(path: str) -> Recipe:
    """The rows of a list, made when the organisation began."""
    rows = DATA["rows"][path]
    return lambda maker: ((END - 2 * YEAR + place * DAY, filled_row(maker, row, {})) for place, row in enumerate(rows))


def _templated(path: str, facts_of: Facts) -> Recipe:
    """A row of a list's template for each of the facts."""
    template = DATA["templates"][path]
    return lambda maker: ((when, filled_row(maker, template, facts)) for when, facts in facts_of(maker))


def _shifts(maker: Maker) -> Rows:
    """Those of some weeks around the last day."""
    for schedule in maker.rows("/v2/schedules"):
        rotation, team, this_week = rotation_of(schedule), schedule["name"].split()[0], END // WEEK * WEEK
        for start in range(this_week - 6 * WEEK, this_week + 6 * WEEK, WEEK):
            known, user = f"{rotation}-{start // WEEK}", maker.named("UserV2", on_call(team, start))
            shift = {"entry_id": known, "fingerprint": known, "rotation_id": rotation, "user": user}
            times = {"start_at": maker.world.stamp(start), "end_at": maker.world.stamp(start + WEEK)}
            yield from in_lists(schedule, {**shift, **times}, ("scheduled", "final"))


FACTS: Mapping[str, Facts] = {
    "/v1/incident_attachments": lambda maker: ((case["when"], case) for case in list(_with_incidents(maker))[::3]),
    "/v2/alerts": _alerts,
    "/v2/escalations": _escalations,
    "/v2/incident_alerts": lambda maker: ((alarm["when"], alarm) for alarm in _with_alerts(maker) if alarm["incident"]),
    "/v2/incident_updates": _updates,
    "/v2/incidents": _incidents,
    "/v3/actions": _tasks("actions"),
    "/v3/follow_ups": _tasks("follow_ups"),
}
RECIPES: Mapping[str, Recipe] = {
    **relations.RECIPES,
    **{path: _settings(path) for path in DATA["rows"]},
    **{path: _templated(path, facts_of) for path, facts_of in FACTS.items()},
    "/v2/schedule_entries": _shifts,
}
