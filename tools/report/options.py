"""What a reader can choose: the variables of `make report`, and the periods that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)


class BadOption(Exception):
    """An option that can't be used; the text says why."""


@dataclass(frozen=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Options:
    """The choices, with defaults."""

    database: str = ""
    period: str = "90d"
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"
    team: str = ""
    by: str = "team"
    names: bool = True
    night: tuple[int, int] = (22, 7)

    def periods(self, today: date) -> tuple[Period, Period]:
        """The period, which ends before `today` unless TO says something else, and the one that it is compared with."""
        last = self.last or today - DAY
        period = Period(self.first, last) if self.first else last_whole(self.period, last + DAY)
        if period.first > period.last:
            raise BadOption(f"FROM={self.first}: the period ends before that day, with {period.last}")
        if self.first:
            return period, Period(period.first - (period.last - period.first) - DAY, period.first - DAY)
        return period, last_whole(self.period, period.first)


def last_whole(name: str, today: date) -> Period:
    """The last period of a kind that was over when `today` began: a week from Monday on, a month, a quarter, days."""
    if name == "week":
        monday = today - today.weekday() * DAY
        return Period(monday - 7 * DAY, monday - DAY)
    if name in ("month", "quarter"):
        months = 1 if name == "month" else 3
        last = today.replace(month=(today.month - 1) // months * months + 1, day=1) - DAY
        return Period(last.replace(month=last.month - months + 1, day=1), last)
    return Period(today - int(name[:-1]) * DAY, today - DAY)


def options(environ: Mapping[str, str]) -> Options:
    """The options that are set in the environment, where make puts its variables. Raises BadOption."""
    period = _matched(
        "PERIOD", Options.period, r"week|month|quarter|[1-9]\d{0,3}d", "week, month, quarter or 90d", environ
    )
    night = _matched("NIGHT", "22-7", r"([01]?\d|2[0-3])-([01]?\d|2[0-3])", "two hours such as 22-7", environ)
    first, last = (_day(name, environ) for name in ("FROM", "TO"))
    zone = environ.get("TZ") or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadOption(f"TZ={zone}: a time zone such as Europe/London") from error
    names = _matched("NAMES", "yes", "yes|no", "yes or no", environ)[0] == "yes"
    text = {name: environ.get(name, "").strip() for name in ("DB", "TEAM", "BY")}
    hours = (int(night[1]), int(night[2]))
    return Options(text["DB"], period[0], first, last, zone, text["TEAM"], text["BY"] or Options.by, names, hours)


def _matched(name: str, default: str, pattern: str, accepts: str, environ: Mapping[str, str]) -> re.Match[str]:
    text = environ.get(name, "").strip() or default
    found = re.fullmatch(pattern, text)
    if not found:
        raise BadOption(f"{name}={text}: {accepts}")
    return found


def _day(name: str, environ: Mapping[str, str]) -> date | None:
    text = environ.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadOption(f"{name}={text}: a day such as 2026-03-31") from error
