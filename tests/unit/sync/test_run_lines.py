"""What a run says of itself: whose key it has, the plan, progress, metrics, the summary; and where its steps begin."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import pytest

from tap_incident.api.answers import Page
from tap_incident.api.client import Client, Timing
from tap_incident.errors import BadKey, MissingPermission, NoConnection, Rejected, SlowAnswer, Stopped, TapError
from tap_incident.protocol.selection import select
from tap_incident.protocol.state import State, fingerprint
from tap_incident.sync.identity import check_key, described, organisation
from tap_incident.sync.metrics import log_metrics
from tap_incident.sync.problems import Problems
from tap_incident.sync.progress import Progress
from tap_incident.sync.run import planned
from tap_incident.sync.summary import log_summary
from tests.support.logs import infos, warnings
from tests.support.runs import Json, only
from tests.unit.sync.hand_made import ORGANISATION, FakeClient, begun, config, node, step


@pytest.fixture(autouse=True)
def at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def whose(error: TapError | None = None) -> Client:
    """A client with the answer, or the error, for the question whose key it is."""
    return cast(Client, FakeClient(lambda *_: Page([]), error))


def test_organisation_is_known_by_its_address(caplog: pytest.LogCaptureFixture) -> None:
    assert organisation(whose()) == fingerprint(ORGANISATION)
    identity: Json = {"name": "K", "roles": ["viewer"], "team_roles": ["editor"]}
    assert described(identity) == 'API key "K", roles: viewer, editor (in its teams)'
    assert infos(caplog) == ['API key "key", roles: none']


@pytest.mark.parametrize(
    ("error", "ends_run", "ends_check"),
    [
        (Rejected("404"), False, False),
        (SlowAnswer("503"), False, False),
        (NoConnection("no"), True, False),
        (BadKey("401"), True, True),
        (Stopped("x"), True, True),
    ],
)
def test_key_is_asked_for_first(
    error: TapError, ends_run: bool, ends_check: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for ask, ends in ((organisation, ends_run), (check_key, ends_check)):
        try:
            assert ask(whose(error)) is None
        except TapError as raised:
            assert (raised, ends) == (error, True)
        else:
            assert not ends
    assert bool(warnings(caplog)) is not ends_check


class Clock:
    """A time that the test moves, with 20 requests per second."""

    now, speed = 100.0, 20.0

    def __call__(self) -> float:
        return self.now

    def requests(self) -> int:
        """Requests so far."""
        return round((self.now - 100) * self.speed)


def progress_lines(
    caplog: pytest.LogCaptureFixture,
    rows: int,
    seconds: float,
    *expected: tuple[str, int, Any],
    clock: Clock | None = None,
    limit: float = 20,
) -> list[str]:
    """The lines while `rows` rows of schedules arrive evenly, of lists with so many rows each."""
    clock = clock or Clock()
    progress = Progress(clock.requests, lambda number: number / limit, clock)
    for name, count, of in expected:
        progress.expect(name, "list", count, of)
    for _ in range(rows):
        clock.now += seconds / rows
        progress.rows_out("schedules", "list", 1)
    return infos(caplog)


SCHEDULES = node("schedules", node("schedule_overrides"))
LISTED = ("schedules", 1_000, SCHEDULES)


@pytest.mark.parametrize(
    ("expected", "limit", "share", "left"),
    [
        ([], 20, "", ""),
        # 1,040 requests for 1,000 rows, of which 5 % are out.
        ([LISTED], 20, ", 17 % of about 1,188 requests", ", about 49 s left"),
        ([LISTED, ("schedules", 5, SCHEDULES)], 20, ", 17 % of about 1,188 requests", ", about 49 s left"),
        ([LISTED, ("users", 9, node("users"))], 20, ", 17 % of about 1,189 requests", ", about 49 s left"),
        # The rate limit decides once the burst is over.
        ([LISTED], 2, ", 17 % of about 1,188 requests", ", about 8 min left"),
        # More rows than the API said.
        ([("schedules", 5, SCHEDULES)], 20, "", ""),
    ],
)
def test_progress_has_rows_share_speed_and_time_left(
    expected: Any, limit: float, share: str, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = progress_lines(caplog, 50, 10.001, *expected, limit=limit)
    assert lines == [f"50 rows{share}, 20.0 requests per second{left}"]


@pytest.mark.parametrize(("seconds", "lines"), [(9, 0), (62, 6), (124, 8)])
def test_progress_is_a_line_every_ten_seconds_and_later_every_thirty(
    seconds: float, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(progress_lines(caplog, 2_000, seconds)) == lines


def test_metrics_are_of_lists_that_took_more_than_a_request(caplog: pytest.LogCaptureFixture) -> None:
    timings = {
        "/one": Timing(1, 0.5),
        "/many": Timing(3, 1.23456, failed={503: 1}),
        "/bad": Timing(1, 1, failed={500: 1}),
    }
    log_metrics({"users": 99, "alerts": 100}, timings)
    found = [json.loads(line.removeprefix("METRIC: ")) for line in infos(caplog)]
    assert [(each["value"], each["tags"]) for each in found] == [
        (1.235, {"endpoint": "/many", "status": "succeeded", "requests": 3, "failed": {"503": 1}}),
        (1, {"endpoint": "/bad", "status": "failed", "requests": 1, "failed": {"500": 1}}),
        (100, {"endpoint": "alerts"}),
    ]


@pytest.mark.parametrize(
    ("finished", "text"),
    [(True, "Finished: 1,202 rows of 2 of 5 streams"), (False, "Ended early: 1,202 rows of 3 streams so far")],
)
def test_summary_has_figures_and_what_is_lacking(finished: bool, text: str, caplog: pytest.LogCaptureFixture) -> None:
    problems = Problems()
    problems.list_failed(node("teams"), MissingPermission("403", ""))
    problems.list_failed(node("severities"), Rejected("409"))
    problems.parent_failed(node("custom_field_options"), "P1", Rejected("409"))
    records = {"users": 1_200, "severities": 1, "custom_field_options": 1}
    selected = ["users", "teams", "severities", "custom_fields", "custom_field_options"]
    log_summary(records, problems, selected, requests=1, seconds=1, finished=finished)
    lacking = "skipped: teams; failed: severities; incomplete: custom_field_options"
    assert infos(caplog) == [f"{text} in 1 request, 1.0 s; {lacking}"]


AT = "2026-01-31T10:00:00Z"


@pytest.mark.parametrize(
    ("bookmarks", "settings", "expected"),
    [
        # Without a bookmark, all children are read with the incidents.
        ({}, {}, ["incidents", "actions"]),
        ({"incidents": {"updated_at": AT}}, {}, ["incidents", "incident_attachments", "actions"]),
        ({}, {"start_date": AT}, ["incidents", "incident_attachments", "actions"]),
        # A bookmark that no longer fits is none.
        ({"incidents": {"updated_at": AT, "scope": "other"}}, {}, ["incidents", "actions"]),
        ({"incidents": {"updated_at": AT}}, {"sample": True}, ["incidents", "actions"]),
    ],
)
def test_plan_fits_the_bookmarks(bookmarks: Json, settings: Json, expected: list[str]) -> None:
    sample = settings.pop("sample", False)
    selection = select(only("incidents", "incident_attachments", "actions"), replication_method="INCREMENTAL")
    state: State = {"bookmarks": bookmarks}
    found = planned(selection, config(child_strategy="list", **settings), state, None, whose(), sample=sample)
    assert [start.step.name for start in found] == (expected if not sample else ["incidents", "actions"])
    assert bool(found[0].since) is (len(expected) == 3)


@pytest.mark.parametrize(
    ("error", "since"),
    [
        (None, None),
        (Rejected("409"), None),
        (MissingPermission("403", ""), "2026-01-31T09:55:00Z"),
    ],
)
def test_plan_asks_once_whether_a_part_that_was_refused_can_be_read_by_now(error: Any, since: str | None) -> None:
    def answers(name: str, params: Any, after: str | None) -> Page:
        assert (name, params["incident_id"]) == ("incident_attachments", "I1")
        if error:
            raise error
        return Page([])

    mark: Json = {"updated_at": AT, "scope": begun(step("incidents", method="INCREMENTAL")).scope}
    mark |= {"parts": ["updates"], "denied": {"attachments": "I1"}}
    selection = select(only("incidents"), replication_method="INCREMENTAL")
    client = FakeClient(answers)
    (found,) = planned(
        selection, config(), {"bookmarks": {"incidents": mark}}, None, cast(Client, client), sample=False
    )
    assert (found.since, client.sent) == (since, 1)
