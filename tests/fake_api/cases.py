"""What happened in the sample organisation: a year of incidents and alerts, and who had the pager."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from .making import DAY, HOUR, cycle

DATA: dict[str, Any] = json.loads(Path(__file__).with_name("sample.json").read_text("utf-8"))
PEOPLE, TEAMS = DATA["people"], tuple(DATA["services"])
MINUTE, WEEK, YEAR = 60, 7 * DAY, 365 * DAY
STEPS = ("reported", "accepted", "identified", "fixed", "resolved", "closed")


@dataclass(frozen=True)
class Alarm:
    """An alert; `case` is the incident that it became. All moments are in Unix seconds."""

    when: int
    source: int
    team: str
    service: str
    problem: str
    case: Case | None


@dataclass(frozen=True)
class Case:
    """An incident as it went, and as it will go on: `resolved` may lie ahead."""

    number: int
    opened: int
    resolved: int
    severity: int
    team: str
    service: str
    problem: str
    ended: str

    def reached(self, now: int) -> dict[str, int]:
        """The steps so far, each with its moment; a case that was declined, merged or canceled has only the first."""
        length = self.resolved - self.opened
        parts = (0, min(7 * MINUTE, length // 8), length // 3, length * 4 // 5, length, length + 3 * DAY)
        moments = zip(STEPS[: None if self.ended == "closed" else 1], parts, strict=False)
        return {step: self.opened + part for step, part in moments if self.opened + part <= now}


@cache
def story(incidents: int, now: int) -> tuple[tuple[Case, ...], tuple[Alarm, ...]]:
    """The incidents and the alerts of the year before `now`, oldest first; the same ones for the same arguments."""
    rng = Random(incidents)
    cases = tuple(_case(rng, number, opened) for number, opened in enumerate(_moments(rng, incidents, now)))
    alarms = []
    for case in cases:
        source = rng.choices((0, 1, 2, 3, None), (30, 20, 10, 10, 30))[0]
        if source is not None:
            when = case.opened - rng.randint(1, 5) * MINUTE
            alarms.append(Alarm(when, source, case.team, case.service, case.problem, case))
            for _ in range(rng.randint(0, 2 * DATA["false_alarms"][source])):
                alarms.append(Alarm(now - rng.randint(3 * HOUR, YEAR), source, *_what(rng), None))
    return cases, tuple(sorted(alarms, key=lambda alarm: alarm.when))


def _moments(rng: Random, count: int, now: int) -> list[int]:
    """Moments of the year before `now`, evenly spread; three of five at times when people change things."""
    moments = []
    for number in range(count):
        when = now - YEAR + int((number + rng.random()) * YEAR / count)
        if rng.random() < 0.6:
            when += (rng.randint(8, 17) - when % DAY // HOUR) * HOUR
        moments.append(min(when, now - rng.randint(10, 600)))
    return sorted(moments)


def _what(rng: Random) -> tuple[str, str, str]:
    team = rng.choice(TEAMS)
    return team, rng.choice(DATA["services"][team]), rng.choice(DATA["problems"])


def _case(rng: Random, number: int, opened: int) -> Case:
    (severity,) = rng.choices(range(4), DATA["severities"]["of_a_hundred"])
    hours = DATA["severities"]["usual_hours"][severity] * rng.lognormvariate(0, 0.7)
    # The first one has none before it that it could be merged into.
    ended = rng.choices([*DATA["ended"]], [*DATA["ended"].values()])[0] if number else "closed"
    return Case(number, opened, opened + int(hours * HOUR) + 10 * MINUTE, severity, *_what(rng), ended)


def members(team: str) -> list[str]:
    """Who is in a team."""
    return list(PEOPLE[TEAMS.index(team) :: len(TEAMS)])


def on_call(team: str, when: int) -> str:
    """Who of a team has the pager, a week each."""
    return cycle(members(team), when // WEEK)
