"""What a run says of itself: whose key it has, the plan, progress, metrics, the summary."""

from __future__ import annotations

import logging
from typing import cast

import pytest

from tap_incident.api.answers import Page
from tap_incident.api.client import Client
from tap_incident.api.identity import check_key, described, organisation
from tap_incident.errors import BadKey, NoConnection, Rejected, SlowAnswer, Stopped, TapError
from tap_incident.protocol.state import fingerprint
from tap_incident.sync.progress import Progress
from tests.support.logs import infos, warnings
from tests.support.runs import Json
from tests.unit.sync.hand_made import ORGANISATION, FakeClient, node


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


@pytest.mark.parametrize(
    ("listed", "limit", "share", "left"),
    [
        (None, 20, "", ""),
        # 1,040 requests for 1,000 rows, of which 5 % are out.
        (1_000, 20, ", 17 % of about 1,188 requests", ", about 49 s left"),
        # The rate limit decides once the burst is over.
        (1_000, 2, ", 17 % of about 1,188 requests", ", about 8 min left"),
        # More rows than the API said.
        (5, 20, "", ""),
    ],
)
def test_progress_has_rows_share_speed_and_time_left_every_ten_seconds(
    listed: int | None, limit: float, share: str, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    # 20 requests per second were sent.
    progress = Progress(lambda: round((now[0] - 100) * 20), lambda number: number / limit, lambda: now[0])
    for _ in range(50):
        now[0] += 10.001 / 50
        progress.page_out(("schedules", "list"), 1, listed, node("schedules", node("schedule_overrides")))
    assert infos(caplog) == [f"50 rows{share}, 20.0 requests per second{left}"]
