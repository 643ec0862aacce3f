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
SEVERITIES = ((6, 2.0), (16, 5.0), (38, 18.0), (40, 40.0))
"""Of each severity: how many of a hundred incidents have it, and in how many hours half of them are resolved."""
FALSE_ALARMS = (3, 5, 9, 1)
"""Of each source of alerts: how many come for each one that becomes an incident."""
ENDED = {"closed": 94, "declined": 3, "merged": 2, "canceled": 1}


@dataclass(frozen=True)
class Alarm:
    """An alert; `case` is the number of the incident that it became. All moments are in Unix seconds."""

    when: int
    source: int
    team: str
    service: str
    problem: str
    case: int | None


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

    @property
    def steps(self) -> tuple[int, ...]:
        """When it was reported, accepted, identified, fixed, resolved and closed."""
        length = self.resolved - self.opened
        parts = (0, min(7 * MINUTE, length // 8), length // 3, length * 4 // 5, length, length + 3 * DAY)
        return tuple(self.opened + part for part in parts)

    @property
    def lead(self) -> str:
        """Who takes care of it."""
        return on_call(self.team, self.opened)


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
            alarms.append(Alarm(when, source, case.team, case.service, case.problem, case.number))
            for _ in range(rng.randint(0, 2 * FALSE_ALARMS[source])):
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
    severity = rng.choices(range(4), [weight for weight, _ in SEVERITIES])[0]
    hours = SEVERITIES[severity][1] * rng.lognormvariate(0, 0.7)
    # The first one has none before it that it could be merged into.
    ended = rng.choices([*ENDED], [*ENDED.values()])[0] if number else "closed"
    return Case(number, opened, opened + int(hours * HOUR) + 10 * MINUTE, severity, *_what(rng), ended)


def members(team: str) -> list[str]:
    """Who is in a team."""
    return list(PEOPLE[TEAMS.index(team) :: len(TEAMS)])


def on_call(team: str, when: int) -> str:
    """Who of a team has the pager, a week each."""
    return cycle(members(team), when // WEEK)
