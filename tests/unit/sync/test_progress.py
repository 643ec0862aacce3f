"""Progress lines of a long walk: when they are logged, and what they contain."""

from __future__ import annotations

import logging

import pytest

from tap_incident.sync.progress import SECONDS_BETWEEN_LINES, Progress


class Clock:
    """A time that the test moves, with 20 requests per second."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

    def requests(self) -> int:
        """Requests so far."""
        return int(self.now * 20)


def lines(caplog: pytest.LogCaptureFixture, progress: Progress, clock: Clock, rows: int, seconds: float) -> list[str]:
    """The lines that are logged while `rows` rows arrive evenly over `seconds` seconds."""
    with caplog.at_level(logging.INFO):
        for _ in range(rows):
            clock.now += seconds / rows
            progress.row()
    return [record.getMessage() for record in caplog.records]


def test_progress_line_has_rows_percentage_speed_and_time_left(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = Progress("incidents", clock.requests, clock=clock, total=2000)
    logged = lines(caplog, progress, clock, rows=80, seconds=SECONDS_BETWEEN_LINES)
    assert logged == ["incidents: 80 of 2,000 rows (4 %), 20.0 requests per second, about 4 min left"]


def test_progress_is_logged_at_most_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    logged = lines(caplog, Progress("x", clock.requests, clock=clock), clock, rows=10_000, seconds=65)
    assert len(logged) == 6


def test_progress_is_not_logged_for_a_short_walk(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    assert lines(caplog, Progress("x", clock.requests, clock=clock), clock, rows=500, seconds=9) == []


def test_progress_without_a_total_has_no_percentage(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    logged = lines(caplog, Progress("alerts", clock.requests, clock=clock), clock, rows=11, seconds=11)
    assert logged == ["alerts: 10 rows, 20.0 requests per second"]


def test_progress_after_a_resume_has_no_percentage(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = Progress("incidents", clock.requests, resumed=True, clock=clock, total=2000)
    logged = lines(caplog, progress, clock, rows=11, seconds=11)
    assert logged == ["incidents: 10 rows since the resume, 20.0 requests per second"]


def test_progress_time_left_is_never_negative(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    logged = lines(caplog, Progress("x", clock.requests, clock=clock, total=5), clock, rows=11, seconds=11)
    assert logged == ["x: 10 of 5 rows (200 %), 20.0 requests per second"]
