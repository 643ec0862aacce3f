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


def seconds_for(requests: float) -> float:
    """The seconds that so many requests take at 20 a second."""
    return requests / 20


def progress_of(clock: Clock) -> Progress:
    """The progress of a run that has just begun, by this clock."""
    return Progress(clock.requests, seconds_for, clock)


def lines(caplog: pytest.LogCaptureFixture, progress: Progress, clock: Clock, rows: int, seconds: float) -> list[str]:
    """The lines that are logged while `rows` rows arrive evenly over `seconds` seconds."""
    with caplog.at_level(logging.INFO):
        for _ in range(rows):
            clock.now += seconds / rows
            progress.row("incidents")
    return [record.getMessage() for record in caplog.records]


def test_progress_line_has_rows_percentage_speed_and_time_left(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = progress_of(clock)
    progress.expect("incidents", rows=2000, requests=8000)
    sent = clock.requests()
    logged = lines(caplog, progress, clock, rows=80, seconds=SECONDS_BETWEEN_LINES)
    left = 8000 * 1920 / 2000
    share = 100 * (sent + 200) / (sent + 200 + left)
    assert logged == [
        f"80 rows, {share:.0f} % of about {sent + 200 + left:,.0f} requests, 20.0 requests per second, about 6 min left"
    ]


def test_progress_counts_on_the_rate_limit_once_the_burst_is_over(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = Progress(lambda: int(clock.now * 100), lambda requests: (requests - 200) / 20, clock)
    progress.expect("incidents", rows=1000, requests=4000)
    (line,) = lines(caplog, progress, clock, rows=250, seconds=SECONDS_BETWEEN_LINES)
    # 3,000 requests are left. At the speed so far, that would be 30 seconds.
    assert line.endswith("100.0 requests per second, about 2 min left")


def test_progress_adds_up_what_is_known_of_all_lists(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = progress_of(clock)
    progress.expect("incidents", rows=100, requests=400)
    progress.expect("schedules", rows=50, requests=100)
    progress.expect("incidents", rows=7, requests=7)  # Another list of the same step: the first one counts.
    for _ in range(25):
        progress.row("schedules")
    (line,) = lines(caplog, progress, clock, rows=50, seconds=SECONDS_BETWEEN_LINES)
    assert f"of about {clock.requests() + 200 + 50:,} requests" in line
    assert line.startswith("75 rows, ")


def test_progress_is_logged_every_ten_seconds_and_later_every_thirty(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = progress_of(clock)
    assert len(lines(caplog, progress, clock, rows=1_000, seconds=62)) == 6
    assert len(lines(caplog, progress, clock, rows=1_000, seconds=62)) == 6 + 2


def test_progress_of_a_terminal_is_drawn_twice_a_second(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = Progress(clock.requests, seconds_for, clock, rewritten=True)
    progress.expect("incidents", rows=100, requests=100)
    drawn = lines(caplog, progress, clock, rows=50, seconds=5.01)
    assert 9 <= len(drawn) <= 10
    shares = [record.__dict__["progress"] for record in caplog.records]
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] < 1


def test_progress_is_logged_at_most_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    assert len(lines(caplog, progress_of(clock), clock, rows=10_000, seconds=65)) == 6


def test_progress_is_not_logged_for_a_short_walk(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    assert lines(caplog, progress_of(clock), clock, rows=500, seconds=9) == []


def test_progress_without_a_total_has_no_percentage(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    logged = lines(caplog, progress_of(clock), clock, rows=11, seconds=11)
    assert logged == ["10 rows, 20.0 requests per second"]


def test_progress_time_left_is_never_negative(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    progress = progress_of(clock)
    progress.expect("incidents", rows=5, requests=5)
    logged = lines(caplog, progress, clock, rows=11, seconds=11)
    assert logged == ["10 rows, 20.0 requests per second"]
